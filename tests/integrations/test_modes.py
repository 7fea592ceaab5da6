"""The mode in effect, and changing it, against a sandbox over HTTP."""

from urllib.parse import urlsplit

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from flowzz.core.db.jobs import JobState
from flowzz.core.models import Setting
from flowzz.core.runtime_settings.cache import SAVED_VALUES
from integrations import connection, modes
from integrations.inbox import drain
from integrations.models import (
    Alert,
    AlertKind,
    Integration,
    IntegrationMode,
    IntegrationStatus,
    SyncRun,
    Trigger,
)
from integrations.providers.coinzz import COINZZ
from integrations.sync import runs, schedule
from integrations.webhooks.tokens import webhook_url
from sales.models import Sale
from tests import payloads
from tests.factories import IntegrationFactory, UserFactory
from tests.integrations.sellers import post
from tests.sandbox.client import SandboxClient

pytestmark = pytest.mark.django_db
API, WEBHOOK = IntegrationMode.API, IntegrationMode.WEBHOOK


@pytest.mark.parametrize(
    ("enabled", "mode", "effective"),
    [(True, API, API), (True, WEBHOOK, WEBHOOK), (False, API, WEBHOOK), (False, WEBHOOK, WEBHOOK)],
)
def test_mode_in_effect_follows_the_switch_of_the_provider(
    settings: Settings, enabled: bool, mode: IntegrationMode, effective: IntegrationMode
) -> None:
    settings.COINZZ_API_ENABLED = enabled
    integration = IntegrationFactory.create(mode=mode)

    assert modes.effective_mode(integration) == effective
    assert Integration.objects.filter(modes.in_api_mode()).exists() == (effective == API)
    integration.refresh_from_db()
    assert integration.mode == mode


def test_saved_setting_of_staff_replaces_the_environments(monkeypatch: pytest.MonkeyPatch) -> None:
    integration = IntegrationFactory.create()
    monkeypatch.setattr(SAVED_VALUES, "_values", {"COINZZ_API_ENABLED": "não"})

    assert modes.effective_mode(integration) == WEBHOOK
    assert not Setting.objects.exists()


@pytest.mark.parametrize("status", IntegrationStatus)
def test_refused_key_is_no_error_in_webhook_mode(status: IntegrationStatus) -> None:
    shown = IntegrationStatus.CONNECTED if status == IntegrationStatus.ERROR else status
    integration = IntegrationFactory.create(status=status, mode=WEBHOOK)
    assert modes.effective_status(integration) == shown
    annotated = Integration.objects.annotate(shown=modes.effective_status_field()).get()
    assert annotated.shown == shown

    Integration.objects.update(mode=API)
    integration.refresh_from_db()
    assert modes.effective_status(integration) == status
    annotated = Integration.objects.annotate(shown=modes.effective_status_field()).get()
    assert annotated.shown == status


def test_webhook_mode_stops_syncs_and_resolves_their_alerts(integration: Integration) -> None:
    run = runs.request_run(integration, Trigger.SCHEDULE)
    Integration.objects.update(status=IntegrationStatus.ERROR, next_sync_at=timezone.now())
    integration.refresh_from_db()
    for kind in (*connection.SYNC_ALERTS, AlertKind.DEAD_LETTERS):
        Alert.objects.create(integration=integration, kind=kind, message="Algo.")
    key = integration.api_key

    connection.stop_syncs(integration)

    integration.refresh_from_db()
    run.refresh_from_db()
    assert (integration.mode, integration.status) == (WEBHOOK, IntegrationStatus.CONNECTED)
    assert (integration.next_sync_at, integration.api_key) == (None, key)
    assert integration.mode_changed_at is not None
    assert run.state == JobState.CANCELLED
    assert Alert.objects.get(resolved_at=None).kind == AlertKind.DEAD_LETTERS
    with pytest.raises(runs.SyncNotAvailable):
        runs.request_run(integration, Trigger.STAFF)


def test_stopping_syncs_does_not_undo_a_disconnection_meanwhile(integration: Integration) -> None:
    read_before = Integration.objects.get(id=integration.id)
    connection.disconnect(integration)

    connection.stop_syncs(read_before)

    assert Integration.objects.get().status == IntegrationStatus.DISCONNECTED


def test_webhooks_are_applied_without_a_key(db: None) -> None:
    user = UserFactory.create()
    integration = connection.connect_by_webhooks(user_id=user.id, provider=COINZZ)
    path = urlsplit(webhook_url(integration)).path

    assert post(path, payloads.encode(payloads.order())).status_code == 200
    assert drain.drain_batch(integration.id).size

    assert Sale.objects.get(user=user).external_id == "ordzzzzz"


def test_webhook_mode_is_not_scheduled(integration: Integration) -> None:
    connection.stop_syncs(integration)

    assert schedule.schedule_all() == 0
    Integration.objects.update(next_sync_at=timezone.now())
    assert (schedule.start_due(), SyncRun.objects.count()) == (0, 0)


def test_syncing_again_goes_on_from_the_cursor(integration: Integration) -> None:
    Integration.objects.update(sync_cursor=timezone.now())
    connection.stop_syncs(integration)

    connection.sync_again(integration)

    integration.refresh_from_db()
    assert integration.mode == API
    run = SyncRun.objects.get()
    assert (run.trigger, run.state, run.sales_limit) == (Trigger.STAFF, JobState.QUEUED, None)


def test_resuming_in_webhook_mode_requests_no_sync(integration: Integration) -> None:
    connection.stop_syncs(integration)
    connection.pause(integration)

    connection.resume(integration)

    assert SyncRun.objects.count() == 0


def test_switching_the_api_off_ends_queued_and_scheduled_runs(
    integration: Integration, coinzz: SandboxClient, settings: Settings
) -> None:
    run = runs.request_run(integration, Trigger.SCHEDULE)
    Integration.objects.update(next_sync_at=timezone.now())
    settings.COINZZ_API_ENABLED = False

    runs.execute(run.id)

    run.refresh_from_db()
    assert (run.state, run.processed) == (JobState.CANCELLED, 0)
    assert (schedule.start_due(), schedule.schedule_all()) == (0, 0)
    assert coinzz.control("GET", "stats")["accounts"] == {}


def test_switching_the_api_on_again_syncs_at_the_next_schedule(
    integration: Integration, settings: Settings
) -> None:
    settings.COINZZ_API_ENABLED = False
    assert schedule.schedule_all() == 0
    settings.COINZZ_API_ENABLED = True
    assert schedule.schedule_all() == 1


def test_key_connected_while_the_api_is_off_is_stored_for_later(
    integration: Integration, coinzz: SandboxClient, settings: Settings
) -> None:
    settings.COINZZ_API_ENABLED = False

    connected = connection.connect(
        user_id=integration.user_id, provider=COINZZ, api_key=coinzz.sandbox.api_key("8704")
    )

    assert (connected.mode, connected.api_key_hint[:5]) == (API, "8704|")
    assert SyncRun.objects.count() == 0
