"""The intake: owners, signatures, rates and storing of a batch, with a few statements."""

from typing import Any, TypeVar
from unittest.mock import patch

import pytest
from django.conf import settings
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from redis import Redis, RedisError
from redis.exceptions import TimeoutError

from flowzz.core import rate_limits, redis
from flowzz.core.rate_limits import RateLimit
from flowzz.core.runtime_settings.cache import SAVED_VALUES, SettingsCache
from integrations.inbox.store import UNVERIFIABLE, InboundWebhook
from integrations.models import Integration, WebhookEvent, WebhookToken
from integrations.webhooks import fallback_buffer, known_tokens, signing_secrets, tokens
from integrations.webhooks import intake as intake_module
from integrations.webhooks.calls import BlockingCalls, blocking
from integrations.webhooks.intake import RATE, Intake
from integrations.webhooks.requests import WebhookRequest, parse_path
from tests.integrations.sellers import Seller

T = TypeVar("T")

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def seller() -> Seller:
    return Seller()


def webhook_to(seller: Seller, body: bytes = b"{}") -> InboundWebhook:
    token_hash = parse_path(seller.path).token_hash
    return InboundWebhook(provider="coinzz", token_hash=token_hash, body=body, headers={})


def accept(*webhooks: InboundWebhook, by: Intake | None = None) -> list[int]:
    """Accept webhooks as one batch, and return the statuses."""
    requests = [WebhookRequest(webhook) for webhook in webhooks]
    blocking((by or new_intake()).accept(requests))
    return [request.response.status if request.response else 0 for request in requests]


def new_intake() -> Intake:
    return Intake(BlockingCalls())


@pytest.mark.parametrize("count", [1, 50])
def test_batch_costs_two_statements(seller: Seller, count: int) -> None:
    webhooks = [webhook_to(seller, str(number).encode()) for number in range(count)]
    with CaptureQueriesContext(connection) as queries:
        assert accept(*webhooks) == [200] * count
    assert len(queries) == 2
    assert [bytes(event.body or b"") for event in seller.events] == [w.body for w in webhooks]


def test_known_token_costs_no_statement(seller: Seller) -> None:
    intake = new_intake()
    for statements in (2, 1):
        webhook = webhook_to(seller)
        with CaptureQueriesContext(connection) as queries:
            accept(webhook, by=intake)
        assert len(queries) == statements
    assert len(seller.events) == 2


def test_webhook_accepted_twice_is_stored_once(seller: Seller) -> None:
    webhook = webhook_to(seller)
    assert accept(webhook, webhook) == [200, 200]
    assert accept(webhook) == [200]
    assert [event.id for event in seller.events] == [webhook.id]


def test_known_token_that_was_expired_meanwhile_is_refused(seller: Seller) -> None:
    intake, webhook = new_intake(), webhook_to(seller)
    accept(webhook_to(seller), by=intake)
    WebhookToken.objects.update(expires_at=webhook.arrived_at)

    assert accept(webhook, by=intake) == [404]

    assert len(seller.events) == 1


def test_signing_secret_that_was_set_meanwhile_is_required(seller: Seller) -> None:
    intake = new_intake()
    accept(webhook_to(seller), by=intake)
    signing_secrets.set_signing_secret(seller.integration, "segredo", keep_previous=False)

    assert accept(webhook_to(seller), by=intake) == [401]


def test_signing_secret_that_became_readable_is_used(seller: Seller) -> None:
    intake = new_intake()
    Integration.objects.update(signing_secret="damaged")
    assert accept(webhook_to(seller), by=intake) == [200]
    assert WebhookEvent.objects.get().reason == UNVERIFIABLE

    signing_secrets.set_signing_secret(seller.integration, "segredo", keep_previous=False)

    assert accept(webhook_to(seller), by=intake) == [401]


def test_token_of_a_deleted_integration_is_unknown(seller: Seller) -> None:
    intake, webhook = new_intake(), webhook_to(seller)
    accept(webhook_to(seller), by=intake)
    seller.integration.delete()

    assert accept(webhook, by=intake) == [404]


def test_first_of_a_batch_pass_at_the_limit(
    seller: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake_module, "RATE", RateLimit("webhook-batch", lambda: "3/minute"))
    other = Seller(email="outra@flowzz.test")
    webhooks = [webhook_to(seller) for _ in range(5)]

    assert accept(*webhooks, webhook_to(other)) == [200, 200, 200, 429, 429, 200]

    assert [event.id for event in seller.events] == [webhook.id for webhook in webhooks[:3]]


def test_webhook_that_the_database_refuses_does_not_affect_others(seller: Seller) -> None:
    token_hash = parse_path(seller.path).token_hash
    # PostgreSQL's JSON has no NUL.
    bad = InboundWebhook(provider="coinzz", token_hash=token_hash, body=b"", headers={"X": "\0"})
    assert accept(webhook_to(seller), bad) == [200, 500]
    assert len(seller.events) == 1


def test_webhooks_that_pass_on_credit_are_counted_afterwards(seller: Seller) -> None:
    intake = new_intake()
    key = str(seller.integration.id)
    requests = [WebhookRequest(webhook_to(seller)) for _ in range(5)]
    blocking(intake.accept(requests[:1]))
    with patch.object(redis, "run", side_effect=AssertionError):
        blocking(intake.accept(requests[1:]))
    intake.follow_up(requests)

    assert [request.uncounted_key for request in requests] == ["", *[key] * 4]
    [taken] = redis.run([RATE.take_command({key: 1})])
    limit = int(settings.RATE_LIMIT_WEBHOOK.partition("/")[0])
    assert RATE.allowances([key], taken)[key].remaining == limit - 6


def test_webhook_that_the_database_fails_waits_for_no_settings(
    seller: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A frozen server would fail that, too, after two more seconds for the connection."""
    SAVED_VALUES.expire()
    reloads: list[None] = []
    monkeypatch.setattr(SettingsCache, "_reload", lambda _: reloads.append(None))
    with patch.object(BlockingCalls, "find_owners", side_effect=OperationalError):
        assert accept(webhook_to(seller)) == [200]

    assert reloads == []
    assert fallback_buffer.length() == 1
    fallback_buffer.flush_to_inbox()


def test_only_the_first_batch_waits_for_redis_that_fails(seller: Seller) -> None:
    intake = new_intake()
    with patch.object(redis, "run", side_effect=TimeoutError) as run:
        assert [accept(webhook_to(seller), by=intake) for _ in range(3)] == [[200]] * 3
    assert run.call_count == 1
    assert len(seller.events) == 3


def test_follow_ups_find_out_whether_redis_is_back(
    seller: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    intake, clock = new_intake(), [1_000.0]
    monkeypatch.setattr(rate_limits, "monotonic", lambda: clock[0])
    request = WebhookRequest(webhook_to(seller))
    with patch.object(redis, "run", side_effect=TimeoutError) as run:
        blocking(intake.accept([request]))
        for _ in range(3):
            clock[0] += rate_limits.AWAY_SECONDS - 1
            intake.follow_up([request])
        asked = run.call_count
        accept(webhook_to(seller), by=intake)
        assert run.call_count == asked
    intake.follow_up([request])
    with patch.object(redis, "run", side_effect=TimeoutError) as run:
        accept(webhook_to(seller), by=new_intake())
    assert run.call_count == 1


def test_probe_leaves_no_trace() -> None:
    intake_module.check_database()
    assert not WebhookEvent.objects.exists()


def test_rotated_token_is_known_at_once(seller: Seller) -> None:
    webhook_to(seller)
    tokens.rotate_token(seller.integration)
    assert redis.client().scard("flowzz:known-webhook-tokens") == 2


def test_token_that_redis_did_not_take_is_known_within_an_hour(seller: Seller) -> None:
    webhook_to(seller)
    known_tokens.restore()
    with patch.object(Redis, "execute_command", side_effect=RedisError):
        tokens.rotate_token(seller.integration)
    redis.client().delete(known_tokens.RESTORED_KEY)  # it expires

    known_tokens.restore()

    assert redis.client().scard(known_tokens.KEY) == 2


def test_lost_tokens_are_restored_beside_a_new_one(seller: Seller) -> None:
    webhook_to(seller)
    known_tokens.restore()
    redis.client().flushdb()
    tokens.rotate_token(seller.integration)

    known_tokens.restore()

    assert redis.client().scard(known_tokens.KEY) == 2


def test_unknown_tokens_get_a_small_share_of_the_buffer(seller: Seller, settings: Any) -> None:
    settings.FALLBACK_BUFFER_MAX_EVENTS = 40
    stranger = InboundWebhook(provider="coinzz", token_hash="f" * 64, body=b"{}", headers={})
    requests = [WebhookRequest(stranger) for _ in range(5)]
    requests += [WebhookRequest(webhook_to(seller)) for _ in range(5)]

    blocking(new_intake().buffer(requests))

    statuses = [request.response.status for request in requests if request.response]
    assert statuses == [200, 200, 503, 503, 503, *[200] * 5]
    assert fallback_buffer.flush_to_inbox() == 7
    assert len(seller.events) == 5
