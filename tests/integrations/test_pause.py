"""A paused integration stores webhooks, and neither drains nor syncs."""

from datetime import timedelta

import pytest
from django.utils import timezone

from flowzz.core.db.jobs import JobState
from integrations import connection
from integrations.inbox import drain, queue_stats
from integrations.models import Integration, IntegrationStatus, SyncRun, Trigger, WebhookEvent
from integrations.sync import runs, schedule
from tests import payloads
from tests.factories import SyncRunFactory
from tests.integrations.sellers import Seller

pytestmark = pytest.mark.django_db

LONG_AGO = timezone.now() - timedelta(hours=1)


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
