"""What happens to a run that somebody connects or disconnects under."""

import time
from concurrent.futures import ThreadPoolExecutor
from unittest.mock import patch

import pytest
from django.db import connection, transaction

from integrations import sync
from integrations.models import Integration, IntegrationStatus, RunState, SyncRun, Trigger

pytestmark = pytest.mark.django_db


@pytest.mark.django_db(transaction=True)
def test_disconnecting_as_a_run_ends_blocks_neither(integration: Integration) -> None:
    run = sync.request_run(integration, Trigger.USER)

    def carry_out() -> None:
        try:
            sync.execute(run.id)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool, patch("integrations.sync._pull"):
        with transaction.atomic():
            Integration.objects.update(status=IntegrationStatus.DISCONNECTED)
            ended = pool.submit(carry_out)
            while not (ended.done() or _somebody_waits()):
                time.sleep(0.01)
            sync.cancel_runs(integration)
        ended.result()

    assert SyncRun.objects.get().state == RunState.CANCELLED


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM pg_locks WHERE NOT granted")
        return bool(cursor.rowcount)
