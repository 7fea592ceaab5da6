"""The writer of a web process, with its own thread and connection: many webhooks, one commit."""

import asyncio
import json
import time
from collections.abc import Iterator
from threading import Event
from typing import Any
from unittest.mock import patch

import pytest
from django.conf import settings
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext

from flowzz.core import redis
from flowzz.core.rate_limits import Credit, RateLimit
from integrations import connection as connections
from integrations.inbox.store import InboundWebhook
from integrations.models import WebhookEvent, WebhookToken
from integrations.webhooks import fallback_buffer, intake, tokens
from integrations.webhooks.requests import WebhookRequest, parse_path
from integrations.webhooks.routing import Tokens
from integrations.webhooks.writer import Exchange, Writer
from tests.integrations.sellers import Seller
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def seller() -> Seller:
    return Seller()


class Client:
    """The client of an exchange: Granian's protocol object and event loop for it."""

    def __init__(self, seller: Seller, body: bytes = b"{}") -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.body = b""
        self._answered = Event()
        future: Any = self
        self.exchange = Exchange(
            webhook_to(seller, body),
            proto=self,
            sent=future,
            request_id="a" * 32,
            method="POST",
            path=seller.path,
            started=time.perf_counter(),
        )

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.status, self.headers, self.body = status, dict(headers), body
        self._answered.set()

    def wait(self) -> int:
        assert self._answered.wait(30)
        return self.status


def webhook_to(seller: Seller, body: bytes = b"{}") -> InboundWebhook:
    token_hash = parse_path(seller.path).token_hash
    return InboundWebhook(provider="coinzz", token_hash=token_hash, body=body, headers={})


@pytest.fixture
def writer() -> Iterator[Writer]:
    """A writer whose event loop does nothing."""

    class Loop:
        def call_soon_threadsafe(self, *call: Any) -> None:
            pass

    writer = Writer()
    loop: Any = Loop()
    writer.start(loop)
    yield writer
    writer.stop()
    writer._thread.join()


def accept(*webhooks: InboundWebhook) -> list[int]:
    """Accept webhooks as one batch, and return the statuses."""
    requests = [WebhookRequest(webhook) for webhook in webhooks]
    intake.accept(requests, Tokens(), Credit())
    return [request.answer.status if request.answer else 0 for request in requests]


@pytest.mark.parametrize("count", [1, 50])
def test_batch_costs_two_statements(seller: Seller, count: int) -> None:
    webhooks = [webhook_to(seller, str(number).encode()) for number in range(count)]
    with CaptureQueriesContext(connection) as queries:
        assert accept(*webhooks) == [200] * count
    assert len(queries) == 2
    assert [bytes(event.body or b"") for event in seller.events] == [w.body for w in webhooks]


def test_batch_waits_for_as_many_as_were_answered_last(
    seller: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer, first, second = Writer(), Client(seller).exchange, Client(seller).exchange
    monkeypatch.setattr(time, "sleep", lambda _: writer.put(second))
    writer._last_size = 2
    writer.put(first)
    assert writer._take() == [first, second]

    writer._last_size = 1
    writer.put(first)
    assert writer._take() == [first]


def test_known_token_costs_no_statement(seller: Seller) -> None:
    known = Tokens()
    for statements in (2, 1):
        request = WebhookRequest(webhook_to(seller))
        with CaptureQueriesContext(connection) as queries:
            intake.accept([request], known, Credit())
        assert len(queries) == statements
    assert len(seller.events) == 2


def test_webhook_accepted_twice_is_stored_once(seller: Seller) -> None:
    webhook = webhook_to(seller)
    assert accept(webhook, webhook) == [200, 200]
    assert accept(webhook) == [200]
    assert [event.id for event in seller.events] == [webhook.id]


def test_known_token_that_was_expired_meanwhile_is_refused(seller: Seller) -> None:
    known, webhook = Tokens(), webhook_to(seller)
    intake.accept([WebhookRequest(webhook_to(seller))], known, Credit())
    WebhookToken.objects.update(expires_at=webhook.arrived_at)

    request = WebhookRequest(webhook)
    intake.accept([request], known, Credit())

    assert request.answer
    assert request.answer.status == 404
    assert len(seller.events) == 1


def test_signing_secret_that_was_set_meanwhile_is_required(seller: Seller) -> None:
    known = Tokens()
    intake.accept([WebhookRequest(webhook_to(seller))], known, Credit())
    connections.set_signing_secret(seller.integration, "segredo", keep_previous=False)

    request = WebhookRequest(webhook_to(seller))
    intake.accept([request], known, Credit())

    assert request.answer
    assert request.answer.status == 401


def test_token_of_a_deleted_integration_is_unknown(seller: Seller) -> None:
    known, webhook = Tokens(), webhook_to(seller)
    intake.accept([WebhookRequest(webhook_to(seller))], known, Credit())
    seller.integration.delete()

    request = WebhookRequest(webhook)
    intake.accept([request], known, Credit())

    assert request.answer
    assert request.answer.status == 404


def test_first_of_a_batch_pass_at_the_limit(
    seller: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "RATE", RateLimit("webhook-batch", lambda: "3/minute"))
    other = Seller(email="outra@flowzz.test")
    webhooks = [webhook_to(seller) for _ in range(5)]

    assert accept(*webhooks, webhook_to(other)) == [200, 200, 200, 429, 429, 200]

    assert [event.id for event in seller.events] == [webhook.id for webhook in webhooks[:3]]


def test_webhook_that_the_database_refuses_does_not_affect_others(seller: Seller) -> None:
    token_hash = parse_path(seller.path).token_hash
    # PostgreSQL's JSON has no NUL.
    bad = InboundWebhook(provider="coinzz", token_hash=token_hash, body=b"", headers={"X": "\0"})
    requests = [WebhookRequest(webhook_to(seller)), WebhookRequest(bad)]

    intake.accept(requests, Tokens(), Credit())

    assert [request.answer.status for request in requests if request.answer] == [200, 500]
    assert len(seller.events) == 1


def test_requests_that_arrive_during_a_commit_share_the_next(
    seller: Seller, writer: Writer
) -> None:
    batches, accept_batch = [], intake.accept
    started, released = Event(), Event()

    def accept_slowly(requests: Any, *arguments: Any) -> bool:
        batches.append(len(requests))
        started.set()
        released.wait(30)
        return accept_batch(requests, *arguments)

    with patch.object(intake, "accept", accept_slowly):
        clients = [Client(seller, str(number).encode()) for number in range(6)]
        writer.put(clients[0].exchange)
        started.wait(30)
        for client in clients[1:]:
            writer.put(client.exchange)
        released.set()
        assert [client.wait() for client in clients] == [200] * 6
    assert batches == [1, 5]
    assert [bytes(event.body or b"") for event in seller.events] == [b"%d" % n for n in range(6)]


def test_responses_have_the_headers_of_djangos(seller: Seller, writer: Writer) -> None:
    client = Client(seller)
    writer.put(client.exchange)
    assert client.wait() == 200

    response = seller.post(b"{}", HTTP_X_REQUEST_ID="a" * 32, HTTP_X_FORWARDED_PROTO="https")

    assert client.headers == {k: v for k, v in response.items() if k != "Content-Length"}


def test_webhooks_that_pass_on_credit_are_counted_afterwards(seller: Seller) -> None:
    credit, known = Credit(), Tokens()
    key = str(seller.integration.id)
    requests = [WebhookRequest(webhook_to(seller)) for _ in range(5)]
    intake.accept(requests[:1], known, credit)
    with patch.object(redis, "run", side_effect=AssertionError):
        intake.accept(requests[1:], known, credit)
    intake.follow_up(requests, credit)

    assert [request.uncounted_key for request in requests] == ["", *[key] * 4]
    [taken] = redis.run([intake.RATE.take_command({key: 1})])
    limit = int(settings.RATE_LIMIT_WEBHOOK.partition("/")[0])
    assert intake.RATE.allowances([key], taken)[key].remaining == limit - 6


def test_stop_answers_all_that_wait(seller: Seller, writer: Writer) -> None:
    clients = [Client(seller) for _ in range(30)]
    for client in clients:
        writer.put(client.exchange)
    writer.stop()

    assert [client.status for client in clients] == [200] * 30
    assert len(seller.events) == 30


def test_unexpected_error_affects_its_own_request_alone(seller: Seller, writer: Writer) -> None:
    accept_batch = intake.accept

    def fail(requests: Any, *arguments: Any) -> bool:
        if any(request.webhook.body == b"bad" for request in requests):
            raise RuntimeError
        return accept_batch(requests, *arguments)

    clients = [Client(seller), Client(seller, b"bad"), Client(seller)]
    with patch.object(intake, "accept", fail):
        for client in clients:
            writer.put(client.exchange)
        assert [client.wait() for client in clients] == [200, 500, 200]
    assert json.loads(clients[1].body)["requestId"] == clients[1].headers["X-Request-ID"]


def test_after_a_failure_webhooks_are_buffered_until_a_probe_succeeds(
    seller: Seller, writer: Writer
) -> None:
    with (
        patch.object(intake, "resolve", side_effect=OperationalError) as resolve,
        patch.object(intake, "check_database", side_effect=OperationalError) as probe,
    ):
        for _ in range(3):
            client = Client(seller)
            writer.put(client.exchange)
            assert client.wait() == 200
        assert resolve.call_count == 1
        wait_until(lambda: probe.call_count >= 2, 30)
    assert fallback_buffer.length() == 3

    wait_until(lambda: not writer._outage.is_active, 30)
    client = Client(seller)
    writer.put(client.exchange)
    assert client.wait() == 200
    assert (fallback_buffer.length(), len(seller.events)) == (3, 1)


def test_probe_leaves_no_trace() -> None:
    intake.check_database()
    assert not WebhookEvent.objects.exists()


def test_rotated_token_is_known_at_once(seller: Seller) -> None:
    webhook_to(seller)
    tokens.rotate_token(seller.integration)
    assert redis.client().scard("flowzz:known-webhook-tokens") == 2


def test_unknown_tokens_get_a_small_share_of_the_buffer(seller: Seller, settings: Any) -> None:
    settings.FALLBACK_BUFFER_MAX_EVENTS = 40
    stranger = InboundWebhook(provider="coinzz", token_hash="f" * 64, body=b"{}", headers={})
    requests = [WebhookRequest(stranger) for _ in range(5)]
    requests += [WebhookRequest(webhook_to(seller)) for _ in range(5)]

    intake.buffer(requests, Credit())

    statuses = [request.answer.status for request in requests if request.answer]
    assert statuses == [200, 200, 503, 503, 503, *[200] * 5]
    assert fallback_buffer.flush_to_inbox() == 7
    assert len(seller.events) == 5


def test_event_loop_releases_all_requests_of_a_batch(seller: Seller) -> None:
    clients = [Client(seller) for _ in range(3)]

    async def post() -> list[int]:
        loop = asyncio.get_running_loop()
        writer = Writer()
        writer.start(loop)
        for client in clients:
            client.exchange.sent = loop.create_future()
            writer.put(client.exchange)
        await asyncio.gather(*(client.exchange.sent for client in clients))
        writer.stop()
        writer._thread.join()
        return [client.status for client in clients]

    assert asyncio.run(post()) == [200, 200, 200]
