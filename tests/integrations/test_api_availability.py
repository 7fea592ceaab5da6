"""Syncs stop where the API has no listing, and the owner is notified where it has one again."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.db.models import F
from django.utils import timezone
from pytest_django.fixtures import Settings

from flowzz.core.db.jobs import JobState
from integrations import api_availability, connection, tasks
from integrations.models import (
    Alert,
    AlertKind,
    Integration,
    IntegrationMode,
    IntegrationStatus,
    SyncRun,
    Trigger,
)
from integrations.monitoring import alert_mails, alert_rules
from integrations.providers.coinzz import COINZZ
from integrations.sync import runs
from integrations.sync.breaker import breaker_for
from tests.factories import SyncRunFactory
from tests.sandbox.client import SandboxClient

pytestmark = pytest.mark.django_db
SELLER, STAFF = "vendedora@flowzz.test", "equipe@flowzz.test"


def hours_pass(hours: float) -> None:
    """Move everything into the past: the database's clock, which decides, can't be moved."""
    span = timedelta(hours=hours)
    SyncRun.objects.update(created_at=F("created_at") - span, finished_at=F("finished_at") - span)
    Integration.objects.update(
        created_at=F("created_at") - span,
        connected_at=F("connected_at") - span,
        api_key_set_at=F("api_key_set_at") - span,
        mode_changed_at=F("mode_changed_at") - span,
        sync_cursor=F("sync_cursor") - span,
    )


def sync(integration: Integration) -> str:
    """Sync as a worker does; return the run's error code."""
    run = runs.request_run(Integration.objects.get(id=integration.id), Trigger.SCHEDULE)
    tasks.run_sync(str(run.id))
    alert_rules.evaluate_alert_rules()
    run.refresh_from_db()
    return run.error_code


def mode_of(integration: Integration) -> str:
    return Integration.objects.values_list("mode", flat=True).get(id=integration.id)


def mailed() -> list[tuple[list[str], str]]:
    alert_mails.send_pending()
    return [(message.to, str(message.subject)) for message in mail.outbox]


@pytest.fixture
def without_listing(coinzz: SandboxClient, integration: Integration) -> Integration:
    """An integration whose API accepts the key, and answers HTML to the listing."""
    coinzz.control("POST", "listing", listing="none")
    return integration


def test_syncs_stop_after_three_missing_answers_over_24_hours(without_listing: Integration) -> None:
    for hours in (1, 11, 11.9):
        assert sync(without_listing) == "ENDPOINT_MISSING"
        hours_pass(hours)
    assert sync(without_listing) == "ENDPOINT_MISSING"
    assert (mode_of(without_listing), mailed()) == ("api", [])

    hours_pass(0.2)
    sync(without_listing)

    integration = Integration.objects.get()
    assert (integration.mode, integration.status) == ("webhook", IntegrationStatus.CONNECTED)
    assert integration.api_key == without_listing.api_key
    subject = "[Flowzz] Aviso: Passou a receber só por webhooks (Coinzz)"
    assert mailed() == [([SELLER], subject), ([STAFF], subject)]
    hours_pass(24)
    tasks.try_apis()
    alert_rules.evaluate_alert_rules()
    assert len(mailed()) == 2
    assert "as vendas novas chegam pelos webhooks" in mail.outbox[0].body
    assert "embora aceite a chave" in mail.outbox[1].body


def test_sync_by_the_command_counts_as_well(without_listing: Integration) -> None:
    for hours in (20, 20, 0):
        with pytest.raises(CommandError):
            call_command("sync", user=SELLER, stdout=StringIO())
        hours_pass(hours)
    assert mode_of(without_listing) == IntegrationMode.WEBHOOK


def test_missing_answers_of_one_account_open_no_circuit_for_others(
    without_listing: Integration,
) -> None:
    for _ in range(6):
        assert sync(without_listing) == "ENDPOINT_MISSING"
    assert breaker_for(COINZZ).state().state == "closed"


def test_three_answers_are_needed(without_listing: Integration) -> None:
    sync(without_listing)
    hours_pass(25)
    sync(without_listing)
    assert mode_of(without_listing) == "api"
    sync(without_listing)
    assert mode_of(without_listing) == "webhook"


@pytest.mark.parametrize(
    ("fault", "mode"),
    [("status:404", "webhook"), ("html", "webhook"), ("redirect", "api"), ("wrong_shape", "api")],
)
def test_only_html_and_404_count(
    integration: Integration, coinzz: SandboxClient, fault: str, mode: str
) -> None:
    coinzz.control("POST", "faults", fault=fault, path="sales")
    for hours in (12, 12.1, 0):
        sync(integration)
        hours_pass(hours)
    assert mode_of(integration) == mode


def test_syncs_go_on_while_the_key_test_fails(
    without_listing: Integration, coinzz: SandboxClient
) -> None:
    coinzz.control("POST", "faults", fault="html", path="products")
    for hours in (12, 12.1, 0):
        sync(without_listing)
        hours_pass(hours)
    assert mode_of(without_listing) == "api"


def test_integration_that_has_synced_keeps_its_mode_and_gets_alerts(
    integration: Integration, coinzz: SandboxClient
) -> None:
    assert sync(integration) == ""
    coinzz.control("POST", "listing", listing="none")
    for hours in (12, 12.1, 1):
        hours_pass(hours)
        sync(integration)

    assert mode_of(integration) == "api"
    kinds = set(Alert.objects.filter(resolved_at=None).values_list("kind", flat=True))
    assert kinds == {AlertKind.SYNC_LATE, AlertKind.SYNC_FAILING}


def test_other_key_of_an_integration_that_has_synced_keeps_the_mode(
    integration: Integration, coinzz: SandboxClient
) -> None:
    sync(integration)
    connection.connect(
        user_id=integration.user_id, provider=COINZZ, api_key=coinzz.sandbox.api_key("8704")
    )
    SyncRun.objects.filter(state=JobState.QUEUED).delete()
    coinzz.control("POST", "listing", account="8704", listing="none")
    for hours in (12, 12.1, 1):
        assert sync(integration) == "ENDPOINT_MISSING"
        hours_pass(hours)
    assert mode_of(integration) == "api"


def test_answers_before_the_mode_was_changed_by_hand_do_not_count(
    without_listing: Integration,
) -> None:
    for hours in (12, 12.1, 0):
        sync(without_listing)
        hours_pass(hours)
    integration = Integration.objects.get()
    connection.sync_again(integration)
    SyncRun.objects.filter(state=JobState.QUEUED).delete()

    sync(integration)

    assert mode_of(integration) == "api"


def test_owner_is_notified_once_that_the_api_lists_sales(
    integration: Integration, coinzz: SandboxClient
) -> None:
    connection.stop_syncs(integration)
    coinzz.control("POST", "listing", listing="none")
    api_availability.try_api(integration.id)
    assert mailed() == []

    coinzz.control("POST", "listing", listing="laravel")
    for _ in range(2):
        api_availability.try_api(integration.id)

    assert mailed() == [([SELLER], "[Flowzz] Aviso: A API da plataforma respondeu (Coinzz)")]
    assert "conecte de novo com a sua chave de API" in mail.outbox[0].body
    assert (mode_of(integration), SyncRun.objects.count()) == ("webhook", 0)


def test_owner_is_notified_again_after_another_change_of_mode(integration: Integration) -> None:
    for times in (1, 2):
        connection.stop_syncs(integration)
        api_availability.try_api(integration.id)
        assert len(mailed()) == times
        connection.sync_again(integration)


def test_refused_key_is_tried_silently(integration: Integration, coinzz: SandboxClient) -> None:
    connection.stop_syncs(integration)
    coinzz.control("POST", "faults", fault="status:401")

    api_availability.try_api(integration.id)

    assert mailed() == []
    assert Integration.objects.get().status == IntegrationStatus.CONNECTED


@pytest.mark.parametrize(
    "change",
    [
        {"mode": IntegrationMode.API},
        {"api_key": ""},
        {"status": IntegrationStatus.DISCONNECTED},
        {"paused_at": timezone.now()},
    ],
)
def test_only_webhook_mode_with_a_key_is_tried(
    integration: Integration, change: dict[str, object]
) -> None:
    connection.stop_syncs(integration)
    assert api_availability.untried_integrations().get() == integration
    Integration.objects.update(**change)
    assert not api_availability.untried_integrations().exists()


def test_api_that_staff_switched_off_is_not_tried(
    integration: Integration, settings: Settings
) -> None:
    connection.stop_syncs(integration)
    settings.COINZZ_API_ENABLED = False
    assert not api_availability.untried_integrations().exists()


def test_run_that_succeeded_or_was_cancelled_changes_nothing(integration: Integration) -> None:
    for state in (JobState.SUCCEEDED, JobState.CANCELLED):
        run = SyncRunFactory.create(integration=integration, state=state)
        api_availability.stop_syncs_without_listing(run.id)
    assert mode_of(integration) == "api"
