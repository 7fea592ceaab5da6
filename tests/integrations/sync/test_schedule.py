"""The schedule of syncs."""

from datetime import timedelta

import pytest
from django.utils import timezone

from integrations.models import Integration, SyncRun, Trigger
from integrations.sync import schedule

pytestmark = pytest.mark.django_db


def test_scheduled_integration_starts_once(integration: Integration) -> None:
    now = timezone.now()

    assert schedule.schedule_all() == 1
    assert schedule.schedule_all() == 0

    integration.refresh_from_db()
    assert integration.next_sync_at is not None
    assert now <= integration.next_sync_at <= now + timedelta(minutes=56)
    Integration.objects.update(next_sync_at=now)
    assert (schedule.start_due(), schedule.start_due()) == (1, 0)
    assert SyncRun.objects.get().trigger == Trigger.SCHEDULE


def test_integration_is_scheduled_after_the_databases_clock_was_set_back(
    integration: Integration,
) -> None:
    Integration.objects.update(next_sync_at=timezone.now() + timedelta(days=365))

    assert (schedule.schedule_all(), schedule.schedule_all()) == (1, 0)
    integration.refresh_from_db()
    assert integration.next_sync_at is not None
    assert integration.next_sync_at <= timezone.now() + timedelta(minutes=56)
