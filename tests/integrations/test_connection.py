"""Connect, replace the key, disconnect and pause, against a sandbox over HTTP."""

from datetime import timedelta

import pytest
from django.utils import timezone

from flowzz.accounts.models import User
from flowzz.core.db.jobs import JobState
from integrations import connection
from integrations.inbox import drain, queue_stats
from integrations.models import (
    Alert,
    AlertKind,
    Integration,
    IntegrationStatus,
    SyncRun,
    Trigger,
    WebhookEvent,
    WebhookToken,
)
from integrations.providers.coinzz import COINZZ
from integrations.providers.errors import KeyRefused
from integrations.secrets import field_encryption
from integrations.sync import runs, schedule
from integrations.webhooks import tokens
from tests import payloads
from tests.factories import SyncRunFactory
from tests.integrations.sellers import Seller
from tests.sandbox.client import SandboxClient

pytestmark = pytest.mark.django_db

LONG_AGO = timezone.now() - timedelta(hours=1)


@pytest.fixture
def user() -> User:
    return User.objects.create_user("outra@flowzz.test")


def connect(user: User, api_key: str, **details: str) -> Integration:
    return connection.connect(user_id=user.id, provider=COINZZ, api_key=api_key, **details)


def test_valid_key_is_stored_encrypted_and_starts_the_first_sync(
    user: User, coinzz: SandboxClient
) -> None:
    key = coinzz.sandbox.api_key()

    integration = connect(user, key)

    stored = Integration.objects.get()
    assert stored == integration
    assert stored.status == IntegrationStatus.CONNECTED
    assert key not in stored.api_key
    assert field_encryption.decrypt(stored, "api_key") == key
    assert stored.api_key_hint == f"8702|…{key[-3:]}"
    run = SyncRun.objects.get()
    assert (run.trigger, run.state, run.sales_limit) == (Trigger.INITIAL, JobState.QUEUED, 1000)


def test_refused_key_changes_nothing(user: User, coinzz: SandboxClient) -> None:
    with pytest.raises(KeyRefused):
        connect(user, coinzz.sandbox.api_key("4010"))
    assert not Integration.objects.exists()

    connect(user, coinzz.sandbox.api_key())
    before = Integration.objects.values().get()
    with pytest.raises(KeyRefused):
        connect(user, coinzz.sandbox.api_key("4010"))

    assert Integration.objects.values().get() == before


def test_new_key_keeps_the_urls_and_starts_a_first_sync(user: User, coinzz: SandboxClient) -> None:
    first = connect(user, coinzz.sandbox.api_key(), custom_webhook_url="https://proxy.example/x")
    url = tokens.webhook_url(first)
    Alert.objects.create(integration=first, kind=AlertKind.KEY_OLD, message="Antiga.")
    Integration.objects.update(sync_cursor=timezone.now())
    runs.execute(SyncRun.objects.get().id)
    runs.request_run(Integration.objects.get(), Trigger.SCHEDULE)

    second = connect(user, coinzz.sandbox.api_key("8703"))

    assert second.id == first.id
    assert tokens.webhook_url(second) == url
    assert second.custom_webhook_url == "https://proxy.example/x"
    assert field_encryption.decrypt(second, "api_key") == coinzz.sandbox.api_key("8703")
    assert Alert.objects.get().resolved_at is not None
    assert second.sync_cursor
    assert (timezone.now() - second.sync_cursor).days == 90
    assert list(SyncRun.objects.order_by("id").values_list("trigger", "state", "sales_limit")) == [
        (Trigger.INITIAL, JobState.SUCCEEDED, 1000),
        (Trigger.SCHEDULE, JobState.CANCELLED, None),  # it would have gone on with the new key
        (Trigger.INITIAL, JobState.QUEUED, None),  # the account may be the same: none is missed
    ]


def test_reconnection_after_a_long_time_fetches_from_the_cursor_on(
    user: User, coinzz: SandboxClient
) -> None:
    integration = connect(user, coinzz.sandbox.api_key())
    cursor = timezone.now() - timedelta(days=200)
    Integration.objects.update(sync_cursor=cursor)
    integration.refresh_from_db()
    connection.disconnect(integration)

    again = connect(user, coinzz.sandbox.api_key())

    run = SyncRun.objects.latest("id")
    assert (again.sync_cursor, run.trigger, run.sales_limit) == (cursor, Trigger.INITIAL, None)
    assert run.cursor_from == cursor - timedelta(hours=2)


def test_same_key_again_joins_the_run_under_way_and_keeps_the_cursor(
    user: User, coinzz: SandboxClient
) -> None:
    connect(user, coinzz.sandbox.api_key())
    Integration.objects.update(sync_cursor=(cursor := timezone.now()))

    again = connect(user, coinzz.sandbox.api_key())

    assert again.sync_cursor == cursor
    assert SyncRun.objects.get().state == JobState.QUEUED


def test_our_own_url_is_not_stored_as_a_custom_url(user: User, coinzz: SandboxClient) -> None:
    integration = connect(user, coinzz.sandbox.api_key())

    again = connect(
        user, coinzz.sandbox.api_key(), custom_webhook_url=tokens.webhook_url(integration)
    )

    assert again.custom_webhook_url == ""


def test_disconnect_deletes_the_key_and_cancels_the_run(user: User, coinzz: SandboxClient) -> None:
    integration = connect(user, coinzz.sandbox.api_key())

    connection.disconnect(integration)

    assert integration.status == IntegrationStatus.DISCONNECTED
    assert (integration.api_key, integration.api_key_hint) == ("", "")
    assert SyncRun.objects.get().state == JobState.CANCELLED
    assert WebhookToken.objects.count() == 1


@pytest.mark.parametrize(
    ("api_key", "masked"),
    [
        ("8702|ExampleTokenExampleTokenExampleTokenExampleTok01", "8702|…k01"),
        ("sk_coinzz_abc123_and_more", "…ore"),
        ("not-an-account-before-the|bar", "…bar"),
    ],
)
def test_masked_key_shows_the_account_and_three_letters(api_key: str, masked: str) -> None:
    assert connection.mask_api_key(api_key) == masked


def test_webhooks_are_stored_and_wait_until_resume() -> None:
    seller = Seller()
    connection.pause(seller.integration)

    assert seller.post(payloads.encode(payloads.order())).status_code == 200
    WebhookEvent.objects.update(received_at=LONG_AGO)
    seller.drain()

    assert seller.states == [("PENDING", "")]
    assert (drain.integrations_with_work(), queue_stats.due_since()) == ([], {})
    connection.resume(seller.integration)
    assert drain.integrations_with_work() == [seller.integration.id]
    seller.drain()
    assert seller.states == [("DONE", "created")]


def test_pause_cancels_the_run_without_moving_the_cursor() -> None:
    run = SyncRunFactory.create(state=JobState.RUNNING)
    integration = run.integration
    Integration.objects.update(next_sync_at=LONG_AGO)

    connection.pause(integration)

    run.refresh_from_db()
    assert (run.state, integration.sync_cursor) == (JobState.CANCELLED, None)
    assert (integration.next_sync_at, schedule.schedule_all(), schedule.start_due()) == (None, 0, 0)
    with pytest.raises(runs.Paused):
        runs.request_run(integration, Trigger.USER)


def test_resume_requests_a_sync() -> None:
    integration = SyncRunFactory.create(state=JobState.SUCCEEDED).integration
    connection.pause(integration)

    connection.resume(integration)

    assert integration.paused_at is None
    run = SyncRun.objects.get(state=JobState.QUEUED)
    assert (run.trigger, run.is_full) == (Trigger.INITIAL, False)


def test_resume_does_not_sync_with_a_refused_key() -> None:
    seller = Seller(status=IntegrationStatus.ERROR)
    connection.pause(seller.integration)

    connection.resume(seller.integration)

    assert (seller.integration.status, SyncRun.objects.count()) == (IntegrationStatus.ERROR, 0)


def test_webhooks_that_arrived_before_a_disconnection_are_applied() -> None:
    seller = Seller()
    seller.receive(payloads.order())

    connection.disconnect(seller.integration)
    seller.receive(payloads.order(order_status="Cancelado"))
    seller.drain()

    assert seller.states == [("DONE", "created"), ("IGNORED", "disconnected")]
