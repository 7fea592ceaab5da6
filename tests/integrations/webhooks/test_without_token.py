"""Webhook URLs without a token: disabled by default, limited, and forgotten after a week."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from flowzz.core.rate_limits import RateLimit
from integrations.checks import check_webhooks_without_token
from integrations.inbox import retention
from integrations.models import (
    EventState,
    Integration,
    IntegrationStatus,
    WebhookEvent,
    WebhookPayload,
)
from integrations.webhooks import intake, signing_secrets, without_token
from tests import payloads
from tests.integrations.admin.rows import make_event
from tests.integrations.sellers import Seller, post

pytestmark = pytest.mark.django_db
URL = "/webhooks/coinzz"


@pytest.fixture
def _enabled(settings: Settings) -> None:
    settings.WEBHOOK_WITHOUT_TOKEN = True


def send(number: int = 0, **environ: str) -> int:
    return post(URL, payloads.encode(payloads.order(f"ord{number:05}")), **environ).status_code


@pytest.mark.parametrize("path", [URL, f"{URL}/", f"{URL}/subscription", f"{URL}/affiliation/"])
def test_disabled_urls_answer_404_and_log_it(caplog: pytest.LogCaptureFixture, path: str) -> None:
    Seller()
    assert post(path, b"{}").status_code == 404
    assert not WebhookEvent.objects.exists()
    assert "without_token_disabled" in caplog.text


@pytest.mark.usefixtures("_enabled")
def test_sixty_a_minute_are_accepted_from_an_ip_address() -> None:
    Seller()
    statuses = [send(number) for number in range(61)]
    assert statuses == [*[200] * 60, 429]
    assert send(REMOTE_ADDR="198.51.100.9") == 200


@pytest.mark.usefixtures("_enabled")
def test_unrouted_events_are_limited_in_number_and_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(without_token, "MAX_EVENTS", 2)
    assert [send(number) for number in range(3)] == [200, 200, 429]
    monkeypatch.setattr(without_token, "MAX_EVENTS", 9)
    monkeypatch.setattr(without_token, "MAX_BYTES", 100)
    assert send(3) == 429
    seller = Seller()
    assert send(4) == 200  # routed
    assert post(seller.path, b"{}").status_code == 200


def test_unrouted_events_are_deleted_after_a_week() -> None:
    old, young = timezone.now() - timedelta(days=7.1), timezone.now() - timedelta(days=6.9)
    owner = Seller().integration
    kept = [
        make_event(owner, received_at=old),
        make_event(None, received_at=young, state=EventState.QUARANTINED),
    ]
    make_event(None, received_at=old, state=EventState.QUARANTINED)

    assert (retention.delete_unrouted(), retention.delete_unrouted()) == (1, 0)

    assert set(WebhookEvent.objects.all()) == set(kept)
    assert WebhookPayload.objects.count() == 2


@pytest.mark.usefixtures("_enabled")
def test_check_warns_of_enabled_urls(settings: Settings) -> None:
    assert [warning.id for warning in check_webhooks_without_token(None)] == ["integrations.W004"]
    settings.WEBHOOK_WITHOUT_TOKEN = False
    assert check_webhooks_without_token(None) == []


@pytest.mark.usefixtures("_enabled")
def test_strangers_do_not_use_up_the_rate_of_the_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "RATE", RateLimit("webhook-strangers", lambda: "2/minute"))
    seller = Seller()
    assert [send(number) for number in range(3)] == [200, 200, 429]
    assert [post(seller.path, b"{}").status_code for _ in range(2)] == [200, 200]


@pytest.mark.usefixtures("_enabled")
def test_nothing_unsigned_enters_an_integration_that_requires_signatures() -> None:
    seller = Seller()
    signing_secrets.set_signing_secret(
        seller.integration, "um segredo de assinatura", keep_previous=False
    )
    assert send() == 401
    assert not WebhookEvent.objects.exists()


@pytest.mark.usefixtures("_enabled")
def test_ipv6_networks_of_a_site_share_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(without_token, "RATE", "1/minute")
    statuses = [send(n, REMOTE_ADDR=f"2001:db8:9:{n:x}::1") for n in range(11)]
    assert statuses == [*[200] * 10, 429]


def test_webhook_whose_secret_is_unreadable_is_kept_until_staff_assign_it() -> None:
    seller = Seller()
    signing_secrets.set_signing_secret(seller.integration, "segredo", keep_previous=False)
    Integration.objects.update(signing_secret="cut off")
    assert seller.post(b"{}").status_code == 200
    (event,) = WebhookEvent.objects.all()
    assert (event.integration, event.state) == (None, EventState.QUARANTINED)
    assert event.cause == event.reason == "unverifiable"
    WebhookEvent.objects.update(received_at=timezone.now() - timedelta(days=8))

    assert retention.delete_unrouted() == 0


@pytest.mark.usefixtures("_enabled")
def test_refused_key_gives_no_webhooks_to_another_seller() -> None:
    refused = Seller(email="recusada@flowzz.test", status=IntegrationStatus.ERROR)
    send(1)
    other = Seller(email="outra@flowzz.test")

    send(2)

    events = WebhookEvent.objects.order_by("id").values_list("integration", flat=True)
    assert list(events) == [refused.integration.id, None]
    assert other.events == []
