"""The inbox's part in hourly statistics: webhook counts, and hours that must be counted again.

`integrations.monitoring.hourly_stats` reads both.
"""

import contextlib
import uuid
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import cast

from django.db.models import QuerySet
from django.db.models.functions import TruncHour
from django.utils import timezone
from redis import RedisError

from flowzz.core import redis
from flowzz.core.db.backend.compiled_queries import execute
from integrations.models import WebhookEvent

HOUR = timedelta(hours=1)
DIRTY_HOURS_KEY = "flowzz:dirty-hours"

_INCREMENT = """
    INSERT INTO integrations_hourlywebhookcount (integration_id, hour, count)
    SELECT %s, hour, count FROM unnest(%s::timestamptz[], %s::int[]) AS counted (hour, count)
    ON CONFLICT (integration_id, hour) DO UPDATE
    SET count = integrations_hourlywebhookcount.count + excluded.count
"""


def hour_of(time: datetime) -> datetime:
    """Return the start of an aware time's hour, in UTC."""
    return time.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def increment(integration_id: uuid.UUID, arrivals: Sequence[datetime]) -> None:
    """Count an integration's webhooks by the hour of their arrival, in one statement."""
    hours = Counter(map(hour_of, arrivals))
    if hours:
        execute(_INCREMENT, [integration_id, list(hours), list(hours.values())])


def arrival_hours(events: "QuerySet[WebhookEvent]") -> list[datetime]:
    """Return the hours in which these events arrived."""
    return list(events.order_by().values_list(TruncHour("received_at"), flat=True).distinct())


def mark_dirty(times: Iterable[datetime]) -> None:
    """Mark the past hours of these times to be counted again; the current hour always is."""
    current = hour_of(timezone.now())
    past = {hour_of(time).isoformat() for time in times if time < current}
    if past:
        with contextlib.suppress(RedisError):  # the nightly recount covers every hour
            redis.client().sadd(DIRTY_HOURS_KEY, *past)


def pop_dirty() -> set[datetime]:
    """Return the dirty hours and clear them."""
    with contextlib.suppress(RedisError):
        pipeline = redis.client().pipeline()
        pipeline.smembers(DIRTY_HOURS_KEY)
        pipeline.delete(DIRTY_HOURS_KEY)
        members = cast(set[bytes], pipeline.execute()[0])
        return {datetime.fromisoformat(member.decode()) for member in members}
    return set()
