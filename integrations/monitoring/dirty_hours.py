"""The hours whose sums are old: what came in them was finished, or put aside, after they ended."""

import contextlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import cast

from django.db.models import QuerySet
from django.db.models.functions import TruncHour
from django.utils import timezone
from redis import RedisError

from flowzz.core import redis
from integrations.models import WebhookEvent

HOUR = timedelta(hours=1)
CHANGED = "flowzz:activity:changed"


def hour_of(moment: datetime) -> datetime:
    """The beginning of its hour, in UTC."""
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def of(events: "QuerySet[WebhookEvent]") -> list[datetime]:
    """The hours in which these events came."""
    return list(events.order_by().values_list(TruncHour("received_at"), flat=True).distinct())


def mark_dirty(times: Iterable[datetime]) -> None:
    """Have the hours of these times counted again; the one that runs is anyway."""
    now = hour_of(timezone.now())
    past = {hour_of(time).isoformat() for time in times if time < now}
    if past:
        with contextlib.suppress(RedisError):  # the night's recount finds them
            redis.client().sadd(CHANGED, *past)


def pop_dirty() -> set[datetime]:
    """The hours to be counted again, which are then forgotten."""
    with contextlib.suppress(RedisError):
        pipeline = redis.client().pipeline()
        pipeline.smembers(CHANGED)
        pipeline.delete(CHANGED)
        members = cast(set[bytes], pipeline.execute()[0])
        return {datetime.fromisoformat(member.decode()) for member in members}
    return set()
