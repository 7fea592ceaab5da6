"""What happens to a run that somebody connects or disconnects under."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from unittest.mock import patch

import pytest
from django.db import connection, transaction

from flowzz.core.db.jobs import JobState
from integrations import connection as connections
from integrations.models import Alert, Integration, IntegrationStatus, SyncRun, Trigger
from integrations.providers.coinzz import COINZZ
from integrations.secrets import field_encryption, key_rotation
from integrations.sync import runs
from tests.sandbox.caller import Caller
from tests.waiting import wait_until_blocked

pytestmark = pytest.mark.django_db


def renew_key(integration: Integration, coinzz: Caller) -> None:
    connections.connect(
        user_id=integration.user_id, provider=COINZZ, api_key=coinzz.sandbox.api_key()
    )


def store_as_the_older_system(integration: Integration) -> None:
    integration.api_key = integration.api_key.rpartition(":")[0]
    integration.save()


def test_a_run_whose_old_key_is_refused_goes_on_with_the_renewed_one(
    integration: Integration, coinzz: Caller
) -> None:
    coinzz.control("POST", "faults", fault="status:401", path="sales", after=1, times=1)
    run = runs.request_run(integration, Trigger.USER)

    runs.execute(run.id, on_progress=lambda _: renew_key(integration, coinzz))

    run.refresh_from_db()
    integration.refresh_from_db()
    assert (run.state, run.attempts, run.processed) == (JobState.QUEUED, 0, 50)
    assert integration.status == IntegrationStatus.CONNECTED
    assert not Alert.objects.exists()
    runs.execute(run.id)
    run.refresh_from_db()
    assert (run.state, run.processed) == (JobState.SUCCEEDED, 120)


def test_a_run_rewrites_a_key_that_the_older_system_stored(integration: Integration) -> None:
    key = field_encryption.decrypt(integration, "api_key")
    store_as_the_older_system(integration)

    runs.execute(runs.request_run(integration, Trigger.USER).id)

    stored = Integration.objects.get()
    assert stored.api_key.count(":") == 2
    assert field_encryption.decrypt(stored, "api_key") == key


def test_a_run_leaves_a_key_that_was_renewed_after_it_was_read(integration: Integration) -> None:
    store_as_the_older_system(integration)
    run = runs.request_run(integration, Trigger.USER)

    def renewed_meanwhile(read: Integration) -> Iterator[key_rotation.Secret]:
        Integration.objects.update(api_key="the renewed one")
        return secrets_of(read)

    secrets_of = key_rotation.secrets_of
    with patch("integrations.secrets.key_rotation.secrets_of", renewed_meanwhile):
        runs.execute(run.id)

    assert Integration.objects.get().api_key == "the renewed one"


@pytest.mark.django_db(transaction=True)
def test_disconnecting_as_a_run_ends_blocks_neither(integration: Integration) -> None:
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
            runs.cancel_runs(integration)
        ended.result()

    assert SyncRun.objects.get().state == JobState.CANCELLED
