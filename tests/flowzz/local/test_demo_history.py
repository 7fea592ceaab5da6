"""The history that the demo starts with."""

from datetime import timedelta

import pytest
from django.utils import timezone

from flowzz.local import demo_history
from integrations.models import HourlyStats, HourlyWebhookCount, SyncRun, WebhookEvent
from sales.models import Sale
from tests.factories import IntegrationFactory, SaleFactory, SyncRunFactory

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def test_sales_get_the_webhooks_and_syncs_that_would_have_brought_them() -> None:
    integration = IntegrationFactory.create()
    email, now = integration.user.email, timezone.now()
    for days in (5, 30, 55, 70):
        SaleFactory.create(user=integration.user, sale_date=now - days * DAY)

    assert demo_history.create(email) == 12  # each of the last eight weeks' sales four times

    created = WebhookEvent.objects.filter(outcome="created").order_by("-received_at")
    assert [(now - event.received_at).days for event in created] == [4, 29, 54]
    waits = [event.finished_at and event.finished_at - event.received_at for event in created]
    assert [wait for wait in waits if not wait or wait > timedelta(seconds=2)] == []
    assert Sale.objects.filter(created_at__lt=now - DAY).count() == 4
    assert SyncRun.objects.count() == demo_history.WEEKS * 7 * 24
    hours = HourlyStats.objects.all()
    assert sum(hour.events.get("created", 0) for hour in hours) == 3
    assert sum(hour.sales_created for hour in hours) == 3
    assert sum(HourlyWebhookCount.objects.values_list("count", flat=True)) == 12
    assert sum(sum(hour.runs.values()) for hour in hours) == SyncRun.objects.count()
    assert demo_history.create(email) == 0


def test_history_waits_for_the_first_sync() -> None:
    integration = IntegrationFactory.create()
    assert not demo_history.has_synced(integration.user.email)
    SyncRunFactory.create(integration=integration, state="SUCCEEDED")
    assert demo_history.has_synced(integration.user.email)
