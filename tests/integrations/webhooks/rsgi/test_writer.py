"""The writer of a web process, with its own loop and connection: one commit for many."""

import asyncio
import json
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar
from unittest.mock import patch

import pytest
from django.db import DatabaseError, OperationalError
from psycopg.errors import ReadOnlySqlTransaction, UndefinedTable

from integrations.webhooks import calls, fallback_buffer, known_tokens
from integrations.webhooks.intake import Intake
from integrations.webhooks.requests import WebhookRequest
from integrations.webhooks.rsgi import writer as writer_module
from integrations.webhooks.rsgi.writer import Exchange, Writer
from tests.integrations.sellers import Seller
from tests.integrations.webhooks.test_intake import webhook_to
from tests.waiting import wait_until

T = TypeVar("T")

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def seller() -> Seller:
    return Seller()


class Client:
    """The client of an exchange: Granian's protocol object for it."""

    def __init__(self, seller: Seller, body: bytes = b"{}") -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.body = b""
        self.path = seller.path
        self.webhook = webhook_to(seller, body)

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.status, self.headers, self.body = status, dict(headers), body

    def send(self, writer: Writer) -> "asyncio.Future[None]":
        """Send the webhook; the future ends with the response."""
        sent: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        writer.put(
            Exchange(
                self.webhook,
                proto=self,
                sent=sent,
                request_id="a" * 32,
                method="POST",
                path=self.path,
                started=time.perf_counter(),
            )
        )
        return sent


def answers_of(*clients: Client) -> list[int]:
    """Send the webhooks of clients to a new writer at the same time, and return the statuses."""
    return run(lambda writer: gather(writer, *clients))


async def gather(writer: Writer, *clients: Client) -> list[int]:
    await asyncio.gather(*(client.send(writer) for client in clients))
    return [client.status for client in clients]


def run(use: Callable[[Writer], Awaitable[T]]) -> T:
    """Run a writer in an event loop of its own."""

    async def start_and_stop() -> T:
        writer = Writer()
        writer.start(asyncio.get_running_loop())
        try:
            return await use(writer)
        finally:
            await writer.close()

    return asyncio.run(start_and_stop())


def test_batch_waits_for_clients_that_were_just_answered(
    seller: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer_module, "GATHER_SECONDS", 600.0)
    batches = spy_on_batches(monkeypatch)

    clients = [Client(seller) for _ in range(8)]

    async def send(writer: Writer) -> None:
        await gather(writer, clients[0])
        alone, *others = [client.send(writer) for client in clients[1:4]]
        await alone
        await asyncio.sleep(0.05)
        assert not any(other.done() for other in others)
        await asyncio.gather(clients[4].send(writer), *others)
        await gather(writer, *clients[5:8])

    run(send)
    assert batches == [1, 1, 3, 3]


def test_threads_that_hang_in_a_frozen_database_share_the_time_of_a_stop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    frozen = threading.Event()
    monkeypatch.setattr(known_tokens, "restore", frozen.wait)
    monkeypatch.setattr(writer_module, "check_database", frozen.wait)
    monkeypatch.setattr(writer_module, "PROBE_SECONDS", 0.01)
    monkeypatch.setattr(writer_module, "STOP_SECONDS", 2.0)

    async def start_an_outage(writer: Writer) -> float:
        writer._outage.start()
        await asyncio.sleep(0.1)
        return time.monotonic()

    try:
        stopped_at = run(start_an_outage)
        assert time.monotonic() - stopped_at < 2 * writer_module.STOP_SECONDS
    finally:
        frozen.set()


def test_full_batch_waits_for_nobody(seller: Seller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "GATHER_SECONDS", 600.0)
    monkeypatch.setattr(writer_module, "MAX_REQUESTS", 3)
    batches = spy_on_batches(monkeypatch)

    clients = [Client(seller) for _ in range(7)]

    async def send(writer: Writer) -> None:
        await gather(writer, *clients)

    run(send)
    assert batches == [1, 3, 3]


def test_batch_does_not_wait_for_longer_than_a_moment(
    seller: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches = spy_on_batches(monkeypatch)

    clients = [Client(seller) for _ in range(4)]

    async def send(writer: Writer) -> None:
        writer._expected = 3
        for client in clients:
            await gather(writer, client)
        assert writer._expected == 1

    run(send)
    assert batches == [1, 1, 1, 1]


def test_requests_that_arrive_during_a_commit_share_the_next(
    seller: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches = spy_on_batches(monkeypatch)
    clients = [Client(seller, str(number).encode()) for number in range(6)]
    assert answers_of(*clients) == [200] * 6
    assert batches == [1, 5]
    assert [bytes(event.body or b"") for event in seller.events] == [b"%d" % n for n in range(6)]


def spy_on_batches(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the sizes of the batches to come."""
    sizes: list[int] = []
    accept_batch = Intake.accept

    async def accept(intake: Intake, requests: Sequence[WebhookRequest]) -> bool:
        sizes.append(len(requests))
        return await accept_batch(intake, requests)

    monkeypatch.setattr(Intake, "accept", accept)
    return sizes


def test_batch_is_bounded(seller: Seller, monkeypatch: pytest.MonkeyPatch) -> None:
    batches = spy_on_batches(monkeypatch)
    monkeypatch.setattr(writer_module, "MAX_REQUESTS", 3)
    assert answers_of(*(Client(seller) for _ in range(8))) == [200] * 8
    assert batches == [1, 3, 3, 1]

    monkeypatch.setattr(writer_module, "MAX_BYTES", 1_000)
    batches.clear()
    assert answers_of(*(Client(seller, b" " * 900) for _ in range(4))) == [200] * 4
    assert batches == [1, 2, 1]


def test_responses_have_the_headers_of_djangos(seller: Seller) -> None:
    client = Client(seller)
    assert answers_of(client) == [200]

    response = seller.post(b"{}", HTTP_X_REQUEST_ID="a" * 32, HTTP_X_FORWARDED_PROTO="https")

    assert client.headers == {k: v for k, v in response.items() if k != "Content-Length"}


def test_close_answers_all_that_wait(seller: Seller) -> None:
    clients = [Client(seller) for _ in range(30)]

    async def send_and_leave(writer: Writer) -> None:
        writer._expected = 1_000
        for client in clients:
            client.send(writer)

    run(send_and_leave)
    assert [client.status for client in clients] == [200] * 30
    assert len(seller.events) == 30


def test_client_that_left_does_not_affect_others(seller: Seller) -> None:
    stays, leaves, comes = Client(seller), Client(seller), Client(seller)

    async def send(writer: Writer) -> list[int]:
        waiting = [stays.send(writer), leaves.send(writer)]
        waiting[1].cancel()
        await waiting[0]
        return await gather(writer, comes)

    assert run(send) == [200]
    assert len(seller.events) == 3


def test_unexpected_error_affects_its_own_request_alone(
    seller: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    accept_batch = Intake.accept

    async def fail(intake: Intake, requests: Sequence[WebhookRequest]) -> bool:
        if any(request.webhook and request.webhook.body == b"bad" for request in requests):
            raise RuntimeError
        return await accept_batch(intake, requests)

    monkeypatch.setattr(Intake, "accept", fail)
    clients = [Client(seller), Client(seller), Client(seller, b"bad"), Client(seller)]
    assert answers_of(*clients) == [200, 200, 500, 200]
    assert json.loads(clients[2].body)["requestId"] == clients[2].headers["X-Request-ID"]


def test_after_a_failure_webhooks_are_buffered_until_a_probe_succeeds(seller: Seller) -> None:
    clients = [Client(seller) for _ in range(4)]

    async def send(writer: Writer) -> None:
        with (
            patch.object(calls, "find_owners", side_effect=OperationalError) as find,
            patch.object(writer_module, "check_database", side_effect=OperationalError) as probe,
        ):
            for client in clients[:3]:
                assert await gather(writer, client) == [200]
            assert find.call_count == 1
            await asyncio.to_thread(wait_until, lambda: probe.call_count >= 2, 30)
        await asyncio.to_thread(wait_until, lambda: not writer._outage.is_active, 30)
        assert await gather(writer, clients[3]) == [200]

    run(send)
    assert (fallback_buffer.length(), len(seller.events)) == (3, 1)


@pytest.mark.parametrize(
    ("cause", "logged"),
    [
        (UndefinedTable, ("INFO", "database_not_migrated")),
        (ReadOnlySqlTransaction, ("ERROR", "database_failed")),
    ],
)
def test_start_before_the_migrations_is_no_failure(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    cause: type[Exception],
    logged: tuple[str, str],
) -> None:
    def fail() -> None:
        raise DatabaseError from cause()

    caplog.set_level("INFO", writer_module.__name__)
    monkeypatch.setattr(known_tokens, "restore", fail)

    async def outage(writer: Writer) -> None:
        await asyncio.to_thread(writer._restoring.join)
        assert writer._outage.is_active

    run(outage)
    assert [(line.levelname, vars(line)["msg"]["event"]) for line in caplog.records] == [logged]


def test_no_thread_outlives_the_writer(seller: Seller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_tokens, "restore", lambda: time.sleep(0.2))
    before, client = set(threading.enumerate()), Client(seller)

    def started() -> set[str]:
        threads = set(threading.enumerate()) - before
        return {thread.name for thread in threads if thread.name.startswith("webhook-")}

    async def send(writer: Writer) -> None:
        with patch.object(calls, "find_owners", side_effect=OperationalError):
            assert await gather(writer, client) == [200]
        assert started() >= {"webhook-follower", "webhook-tokens", "webhook-probe"}

    run(send)
    assert started() == set()
