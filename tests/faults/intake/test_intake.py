"""The intake while PostgreSQL is locked, frozen or read-only, and while its process ends.

A lock is held until all responses have arrived: they can't have waited for it.
"""

import os
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
import requests

from flowzz.core.runtime_settings.cache import MAX_AGE_SECONDS
from tests.faults.audit import check_logs
from tests.faults.intake.server_faults import frozen, frozen_redis, locked, read_only
from tests.faults.load.process import buffered, create_sellers
from tests.faults.stack import Stack, is_up, kill_process
from tests.waiting import wait_until

pytestmark = pytest.mark.faults

SECONDS = 60.0
_STORED = """
    SELECT payload.body FROM integrations_webhookpayload AS payload
    JOIN integrations_webhookevent AS event ON event.id = payload.event_id
"""
_WAITING_FOR_LOCK = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
_FLUSH = "from integrations.webhooks import fallback_buffer; fallback_buffer.flush_to_inbox()"


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Start a web server without workers: events stay as they are stored."""
    with Stack(tmp_path_factory.mktemp("web"), webs=1, hosts=0) as stack:
        yield stack


class Senders:
    """Sends webhooks with bodies of their own from eight connections."""

    def __init__(self, stack: Stack) -> None:
        [self.seller] = create_sellers(stack, 1)
        self._stack = stack
        self._url = stack.web_urls[0] + self.seller.path
        self._threads = ThreadPoolExecutor(8)
        self._local = threading.local()
        self._prefix = os.urandom(4).hex()
        self._count = 0
        self.responses: dict[str, Future[int | None]] = {}

    def start(self, count: int) -> None:
        """Send webhooks without waiting for the responses."""
        for _ in range(count):
            self._count += 1
            body = f"{self._prefix}-{self._count}"
            self.responses[body] = self._threads.submit(self._post, body)

    def statuses(self) -> set[int | None]:
        return {response.result() for response in self.responses.values()}

    def send(self, count: int) -> set[int | None]:
        self.start(count)
        return self.statuses()

    def stored(self) -> Counter[str]:
        """Return how often each body of this test is in the inbox, once the buffer is flushed."""
        self._stack.run_code(_FLUSH)
        assert buffered(self._stack) == 0
        assert check_logs(self._stack, []) == []
        with self._stack.database() as database:
            bodies = [bytes(body).decode("latin-1") for (body,) in database.execute(_STORED)]
        return Counter(body for body in bodies if body.startswith(self._prefix))

    def _post(self, body: str) -> int | None:
        if not hasattr(self._local, "session"):
            self._local.session = requests.Session()
            self._local.session.trust_env = False
        try:
            return int(self._local.session.post(self._url, data=body, timeout=SECONDS).status_code)
        except requests.RequestException:
            return None


@pytest.fixture
def senders(web: Stack) -> Senders:
    web.wait_until_ready()
    senders = Senders(web)
    wait_until(lambda: not is_buffering(web, senders), SECONDS)
    return senders


def is_buffering(stack: Stack, senders: Senders) -> bool:
    """Send a webhook, and return whether it was buffered."""
    assert senders.send(1) == {200}
    return bool(buffered(stack)) and bool(stack.run_code(_FLUSH) or True)


def wait_for_blocked_statement(stack: Stack) -> None:
    def is_blocked() -> bool:
        with stack.database() as database:
            row = database.execute(_WAITING_FOR_LOCK).fetchone()
        return bool(row and row[0])

    wait_until(is_blocked, SECONDS)


@pytest.mark.parametrize(
    "table",
    ["integrations_webhookevent", "integrations_webhookpayload", "integrations_integration"],
)
def test_webhooks_are_buffered_while_a_table_is_locked(
    web: Stack, senders: Senders, table: str
) -> None:
    with locked(web, table):
        assert senders.send(100) == {200}
        assert buffered(web) == 100
    assert senders.stored() == dict.fromkeys(senders.responses, 1)


def test_webhooks_are_buffered_while_the_server_is_frozen(web: Stack, senders: Senders) -> None:
    time.sleep(MAX_AGE_SECONDS)  # the settings would be read again with the first webhook
    with frozen(web):
        assert senders.send(100) == {200}
        assert buffered(web) == 100
        assert is_up(f"{web.web_urls[0]}/health/live")
    assert senders.stored() == dict.fromkeys(senders.responses, 1)


def test_webhooks_are_stored_while_redis_is_frozen(web: Stack, senders: Senders) -> None:
    with frozen_redis(web):
        assert senders.send(100) == {200}
    assert senders.stored() == dict.fromkeys(senders.responses, 1)


def test_webhooks_are_buffered_while_the_server_is_read_only(web: Stack, senders: Senders) -> None:
    with read_only(web):
        assert senders.send(100) == {200}
        assert buffered(web) > 0
        assert not is_up(f"{web.web_urls[0]}/health/ready")
    wait_until(lambda: is_up(f"{web.web_urls[0]}/health/ready"), SECONDS)
    wait_until(lambda: not is_buffering(web, senders), SECONDS)
    assert senders.stored() == dict.fromkeys(senders.responses, 1)


def test_webhooks_are_buffered_while_a_column_is_missing(web: Stack, senders: Senders) -> None:
    rename = "ALTER TABLE integrations_webhookevent RENAME COLUMN {} TO {}"
    with web.database() as database:
        database.execute(rename.format("is_replay", "later").encode())
        try:
            assert senders.send(50) == {200}
        finally:
            database.execute(rename.format("later", "is_replay").encode())
    assert senders.stored() == dict.fromkeys(senders.responses, 1)


@pytest.mark.parametrize("end", [b"", b"50\r\nhel"], ids=["between chunks", "in a chunk"])
def test_cut_body_in_chunks_is_refused(web: Stack, senders: Senders, end: bytes) -> None:
    marker = os.urandom(4).hex()
    with connect(web) as connection:
        head = f"POST {senders.seller.path} HTTP/1.1\r\nHost: 127.0.0.1\r\n".encode()
        body = b"8\r\n" + marker.encode() + b"\r\n" + end
        connection.sendall(head + b"Transfer-Encoding: chunked\r\n\r\n" + body)
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(12) == b"HTTP/1.1 400"
    with web.database() as database:
        assert not [row for row in database.execute(_STORED) if marker.encode() in bytes(row[0])]


def test_token_is_checked_before_a_large_body_is_read(web: Stack, senders: Senders) -> None:
    for path, is_known in ((senders.seller.path, True), ("/webhooks/coinzz/unknown", False)):
        with connect(web) as connection:
            head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 200000\r\n\r\n"
            connection.sendall(head.encode())
            if is_known:
                connection.sendall(b" " * 200_000)
            assert connection.recv(12) == (b"HTTP/1.1 200" if is_known else b"HTTP/1.1 404")


def connect(stack: Stack) -> socket.socket:
    url = urlsplit(stack.web_urls[0])
    return socket.create_connection((url.hostname, url.port), timeout=SECONDS)


def test_web_process_killed_within_a_batch(web: Stack, senders: Senders) -> None:
    with locked(web, "integrations_webhookpayload"):
        senders.start(8)
        wait_for_blocked_statement(web)
        for pid in web.webs[0].children():
            kill_process(pid)
        senders.statuses()
    web.wait_until_ready()
    senders.send(20)

    stored, answers = senders.stored(), senders.responses
    acknowledged = {body for body, response in answers.items() if response.result() == 200}
    assert acknowledged <= stored.keys()
    assert set(stored.values()) == {1}


def test_client_that_disconnects_does_not_affect_its_batch(web: Stack, senders: Senders) -> None:
    with locked(web, "integrations_webhookpayload"):
        gone = [connect(web) for _ in range(4)]
        head = (
            f"POST {senders.seller.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 4\r\n\r\n"
        )
        for connection in gone:
            connection.sendall(head.encode() + b"gone")
        senders.start(8)
        wait_for_blocked_statement(web)
        for connection in gone:
            connection.close()
    assert senders.statuses() == {200}
    assert senders.stored() == dict.fromkeys(senders.responses, 1)


def test_shutdown_answers_what_waits(web: Stack, senders: Senders) -> None:
    with locked(web, "integrations_webhookpayload"):
        senders.start(8)
        wait_for_blocked_statement(web)
        os.kill(web.webs[0].pid, signal.SIGTERM)
    assert senders.statuses() == {200}
    wait_until(lambda: web.webs[0].has_ended, SECONDS)
    web.wait_until_ready()
    assert senders.stored() == dict.fromkeys(senders.responses, 1)


def test_strangers_can_use_a_small_share_of_the_buffer(web: Stack, senders: Senders) -> None:
    url = f"{web.web_urls[0]}/webhooks/coinzz/{'a' * 43}"
    with locked(web, "integrations_integration"):
        statuses = [requests.post(url, data="x", timeout=SECONDS).status_code for _ in range(520)]
        assert Counter(statuses) == {200: 500, 503: 20}
        assert senders.send(20) == {200}
    assert senders.stored() == dict.fromkeys(senders.responses, 1)
