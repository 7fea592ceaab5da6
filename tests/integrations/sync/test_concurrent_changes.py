"""Runs whose integration is connected or disconnected while they run."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from unittest.mock import patch

import pytest
from django.db import connection, transaction

from flowzz.core.db.jobs import JobState
from integrations import connection as connections
from integrations.models import Alert, Integration, IntegrationStatus, SyncRun, Trigger
from integrations.providers.coinzz import COINZZ
from integrations.secrets import key_rotation
from integrations.sync import runs
from tests.sandbox.client import SandboxClient
from tests.waiting import wait_until_blocked

pytestmark = pytest.mark.django_db


def replace_key(integration: Integration, coinzz: SandboxClient) -> None:
    connections.connect(
        user_id=integration.user_id, provider=COINZZ, api_key=coinzz.sandbox.api_key()
    )


def store_key_in_older_format(integration: Integration) -> None:
    integration.api_key = integration.api_key.rpartition(":")[0]
    integration.save()


@pytest.mark.usefixtures("pages_alone")
def test_run_resumes_if_its_refused_key_was_replaced(
    integration: Integration, coinzz: SandboxClient
) -> None:
    coinzz.control("POST", "faults", fault="status:401", path="sales", after=1, times=1)
    run = runs.request_run(integration, Trigger.USER)

    runs.execute(run.id, on_progress=lambda _: replace_key(integration, coinzz))

    run.refresh_from_db()
    integration.refresh_from_db()
    assert (run.state, run.attempts, run.processed) == (JobState.QUEUED, 0, 50)
    assert integration.status == IntegrationStatus.CONNECTED
    assert not Alert.objects.exists()
    runs.execute(run.id)
    run.refresh_from_db()
    assert (run.state, run.processed) == (JobState.SUCCEEDED, 120)


def test_run_does_not_bind_a_key_in_the_older_format_to_its_row(integration: Integration) -> None:
    """Anybody who can write to the database could have put another row's key there."""
    store_key_in_older_format(integration)
    before = Integration.objects.get().api_key

    runs.execute(runs.request_run(integration, Trigger.USER).id)

    assert SyncRun.objects.latest("id").state == JobState.SUCCEEDED
    assert Integration.objects.get().api_key == before


def test_run_does_not_overwrite_a_key_that_was_replaced_meanwhile(integration: Integration) -> None:
    store_key_in_older_format(integration)
    run = runs.request_run(integration, Trigger.USER)

    def replace_meanwhile(read: Integration) -> Iterator[key_rotation.Secret]:
        Integration.objects.update(api_key="the new key")
        return secrets_of(read)

    secrets_of = key_rotation.secrets_of
    with patch("integrations.secrets.key_rotation.secrets_of", replace_meanwhile):
        runs.execute(run.id)

    assert Integration.objects.get().api_key == "the new key"


@pytest.mark.django_db(transaction=True)
def test_disconnecting_while_a_run_ends_does_not_deadlock(integration: Integration) -> None:
    run = runs.request_run(integration, Trigger.USER)

    def carry_out() -> None:
        try:
            runs.execute(run.id)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool, patch("integrations.sync.runs._sync_pages"):
        with transaction.atomic():
            Integration.objects.update(status=IntegrationStatus.DISCONNECTED)
            ended = pool.submit(carry_out)
            wait_until_blocked(ended)
            runs.cancel(integration.runs.all())
        ended.result()

    assert SyncRun.objects.get().state == JobState.CANCELLED


@pytest.mark.parametrize("stop", [connections.disconnect, connections.pause])
def test_run_requested_while_its_integration_is_stopped_is_cancelled(
    integration: Integration, stop: Callable[[Integration], None]
) -> None:
    read_before = Integration.objects.get()
    stop(integration)
    run = runs.request_run(read_before, Trigger.USER)

    runs.execute(run.id)

    run.refresh_from_db()
    assert (run.state, run.processed) == (JobState.CANCELLED, 0)
    before = (integration.status, integration.last_sync_status)
    integration.refresh_from_db()
    assert (integration.status, integration.last_sync_status) == before
