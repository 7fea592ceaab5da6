"""Refused webhooks are counted by integration, minute and reason."""

from datetime import timedelta
from unittest.mock import patch

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from flowzz.core import redis
from flowzz.core.rate_limits import RateLimit
from integrations.inbox.store import InboundWebhook
from integrations.models import RefusalReason, WebhookRefusal, WebhookToken
from integrations.providers.coinzz.signature import sign
from integrations.webhooks import fallback_buffer, refusals, signing_secrets, tokens
from integrations.webhooks import intake as intake_module
from integrations.webhooks.calls import BlockingCalls, blocking
from integrations.webhooks.intake import Intake
from integrations.webhooks.requests import WebhookRequest, parse_path
from tests.integrations.sellers import Seller, post

pytestmark = pytest.mark.django_db

LIMIT = 256 * 1024


@pytest.fixture
def seller() -> Seller:
    return Seller()


def stored(seller: Seller) -> list[tuple[str, int, int]]:
    refusals.store_counts()
    rows = seller.integration.webhook_refusals.order_by("reason")
    return list(rows.values_list("reason", "count", "bytes"))


def expire_first_url(seller: Seller) -> str:
    path = seller.path
    tokens.rotate_token(seller.integration)
    past = timezone.now() - timedelta(hours=1)
    WebhookToken.objects.exclude(expires_at=None).update(expires_at=past)
    return path


def test_each_refusal_is_counted_with_its_reason_and_size(
    seller: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    expired = expire_first_url(seller)
    post(expired, b"{}")
    seller.post(b" " * (LIMIT + 1))
    signing_secrets.set_signing_secret(seller.integration, "segredo")
    seller.post(b"{ }")
    seller.post(b"{  }")
    monkeypatch.setattr(intake_module, "RATE", RateLimit("webhook-few", lambda: "1/minute"))
    seller.post(b"{ }", HTTP_X_COINZZ_SIGNATURE=sign("segredo", b"{ }"))
    seller.post(b"{ }", HTTP_X_COINZZ_SIGNATURE=sign("segredo", b"{ }"))

    assert stored(seller) == [
        (RefusalReason.EXPIRED_URL, 1, 2),
        (RefusalReason.RATE, 1, 3),
        (RefusalReason.SIGNATURE, 2, 7),
        (RefusalReason.TOO_LARGE, 1, LIMIT + 1),
    ]
    [minute] = WebhookRefusal.objects.values_list("minute", flat=True).distinct()
    assert (minute.second, minute.microsecond) == (0, 0)
    assert timezone.now() - minute < timedelta(minutes=2)
    assert len(seller.events) == 1


def test_observed_signature_is_accepted_and_counted(seller: Seller) -> None:
    signing_secrets.set_signing_secret(seller.integration, "segredo", is_observed=True)
    assert seller.post(b"{}").status_code == 200
    assert seller.post(b"{}", HTTP_X_COINZZ_SIGNATURE=sign("segredo", b"{}")).status_code == 200
    assert stored(seller) == [(RefusalReason.OBSERVED, 1, 2)]

    signing_secrets.enforce_signatures(seller.integration)

    assert seller.post(b"{}").status_code == 401
    assert len(seller.events) == 2


def test_writer_that_knows_the_token_sees_that_observation_has_ended(seller: Seller) -> None:
    signing_secrets.set_signing_secret(seller.integration, "segredo", is_observed=True)
    hash_ = parse_path(seller.path).token_hash
    intake = Intake(BlockingCalls())
    assert accept(hash_, intake) == 200
    signing_secrets.enforce_signatures(seller.integration)

    assert accept(hash_, intake) == 401


def accept(token_hash: str, intake: Intake) -> int:
    """Accept an unsigned webhook, and return the status of the response."""
    webhook = InboundWebhook(provider="coinzz", token_hash=token_hash, body=b"{}", headers={})
    request = WebhookRequest(webhook)
    blocking(intake.accept([request]))
    assert request.response
    return request.response.status


def test_counts_of_a_minute_are_added_up_in_one_statement(
    seller: Seller, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    expired = expire_first_url(seller)
    for _ in range(3):
        post(expired, b"{}")
    with django_assert_num_queries(1):
        assert refusals.store_counts() == 1
    with patch("time.time", return_value=WebhookRefusal.objects.get().minute.timestamp() + 59):
        post(expired, b"{}")

    assert stored(seller) == [(RefusalReason.EXPIRED_URL, 4, 8)]
    with django_assert_num_queries(0):
        assert refusals.store_counts() == 0


def test_unknown_token_is_nobodys_and_is_not_counted(seller: Seller) -> None:
    post("/webhooks/coinzz/unknown", b"{}")
    post("/webhooks/coinzz/unknown", b" " * (LIMIT + 1))
    post("/webhooks/coinzz", b"{}")

    assert redis.client().exists(refusals.KEY) == 0


def test_counts_in_redis_are_bounded(seller: Seller) -> None:
    expired = expire_first_url(seller)
    with patch.object(refusals, "MAX_FIELDS", 2):
        post(expired, b"{}")
        seller.post(b" " * (LIMIT + 1))
        post(expired, b"{}")

    assert stored(seller) == [(RefusalReason.EXPIRED_URL, 2, 4)]


def test_refusals_take_no_round_trip_of_their_own(seller: Seller) -> None:
    """They are counted with the metrics of the answers."""
    signing_secrets.set_signing_secret(seller.integration, "segredo")
    path = seller.path
    with patch.object(redis, "run", wraps=redis.run) as run:
        post(path, b"{}")

    assert len(run.mock_calls) == 2  # the rate; the follow-up


def test_webhook_refused_when_the_buffer_is_flushed_is_counted(seller: Seller) -> None:
    signing_secrets.set_signing_secret(seller.integration, "segredo")
    hash_ = tokens.hash_token(seller.path.rpartition("/")[2])
    webhook = InboundWebhook(provider="coinzz", token_hash=hash_, body=b"{}", headers={})
    fallback_buffer.push([webhook])

    fallback_buffer.flush_to_inbox()

    assert stored(seller) == [(RefusalReason.SIGNATURE, 1, 2)]
    assert seller.events == []
