"""Counting webhooks by the hour, so that a chart of a week reads 168 rows however many came."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

from integrations.models import HourlyWebhookCount, Integration
from integrations.monitoring.dirty_hours import HOUR, hour_of

KEPT = timedelta(days=35)

_ADD = """
    INSERT INTO integrations_hourlywebhookcount (integration_id, hour, events)
    SELECT %s, hour, events FROM unnest(%s::timestamptz[], %s::int[]) AS noted (hour, events)
    ON CONFLICT (integration_id, hour) DO UPDATE
    SET events = integrations_hourlywebhookcount.events + excluded.events
"""


def increment(integration: Integration, arrivals: Sequence[datetime]) -> None:
    """Count what came at these (aware) times, in one statement; only its drain calls this."""
    hours = Counter(map(hour_of, arrivals))
    if hours:
        with connection.cursor() as cursor:
            cursor.execute(_ADD, [integration.id, list(hours), list(hours.values())])


def last_hours(integration: Integration, hours: int) -> list[tuple[datetime, int]]:
    """The last so many hours, the one under way included, each with its count; oldest first."""
    first = hour_of(timezone.now()) - (hours - 1) * HOUR
    rows = HourlyWebhookCount.objects.filter(integration=integration, hour__gte=first)
    counts = dict(rows.values_list("hour", "events"))
    at = [first + number * HOUR for number in range(hours)]
    return [(hour, counts.get(hour, 0)) for hour in at]


def forget() -> int:
    """Remove what no chart shows any more; return how many hours."""
    deleted, _ = HourlyWebhookCount.objects.filter(hour__lt=timezone.now() - KEPT).delete()
    return deleted
