"""Sums of what went on, an hour a row, so that a month's charts read 720 rows, not a million.

Events cost nothing more for it: beat asks every 15 s for the hour that runs, and for those in
which something changed later. Every sum is counted anew from the rows themselves, so that doing
it twice, or late, changes nothing.
"""

import math
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Case, F, Value, When
from django.db.models.functions import Greatest
from django.utils import timezone

from integrations.inbox import queue_stats
from integrations.models import Circuit, HourlyStats
from integrations.monitoring import dirty_hours
from integrations.monitoring.dirty_hours import HOUR, hour_of
from integrations.providers.registry import provider_names
from integrations.sync.breaker import breaker_for

KEPT_BACK = timedelta(days=31)
"""How far back hours are filled in where they are missing."""
SETTLED = timedelta(minutes=5)
"""After the turn of an hour, how long the one before is still counted anew every time."""
STEPS = 4
"""Classes of latency in each doubling: a percentile is off by 9 % at most."""
AT_ONCE = 24
WORST = [Circuit.OPEN, Circuit.HALF_OPEN, Circuit.CLOSED]

_COUNT = """
    INSERT INTO integrations_hourlystats (
        hour, events, reasons, latencies, runs, run_errors, sales_created, sales_updated, circuit
    )
    SELECT hour, events.outcomes, events.reasons, latencies.classes, runs.states, runs.errors,
        (SELECT count(*) FROM sales_sale
            WHERE created_at >= hour AND created_at < hour + interval '1 hour'),
        events.updated + runs.updated, ''
    FROM unnest(%(hours)s::timestamptz[]) AS hour
    CROSS JOIN LATERAL (
        SELECT coalesce(jsonb_object_agg(key, number) FILTER (WHERE axis = 1), '{}') AS outcomes,
            coalesce(jsonb_object_agg(key, number) FILTER (WHERE axis = 2), '{}') AS reasons,
            coalesce(sum(number) FILTER (WHERE axis = 3), 0) AS updated
        FROM (
            SELECT axis, key, count(*) AS number
            FROM integrations_webhookevent AS event
            CROSS JOIN LATERAL (
                VALUES (1, coalesce(nullif(outcome, ''), state)),
                    (2, CASE WHEN state = 'QUARANTINED' THEN reason END),
                    (3, CASE WHEN outcome = 'updated' AND kind <> 'affiliation' THEN outcome END)
            ) AS counted (axis, key)
            WHERE received_at >= hour AND received_at < hour + interval '1 hour'
                AND key IS NOT NULL
            GROUP BY axis, key
        ) AS counts
    ) AS events
    CROSS JOIN LATERAL (
        SELECT coalesce(jsonb_object_agg(class, number), '{}') AS classes
        FROM (
            SELECT count(*) AS number,
                floor(%(steps)s / ln(2::float8) * ln(greatest(1,
                    extract(epoch FROM finished_at - received_at)::float8 * 1000)))::int AS class
            FROM integrations_webhookevent
            WHERE received_at >= hour AND received_at < hour + interval '1 hour'
                AND finished_at IS NOT NULL AND NOT is_replay AND outcome <> 'discarded'
            GROUP BY 2
        ) AS counts
    ) AS latencies
    CROSS JOIN LATERAL (
        SELECT coalesce(jsonb_object_agg(key, number) FILTER (WHERE axis = 1), '{}') AS states,
            coalesce(jsonb_object_agg(key, number) FILTER (WHERE axis = 2), '{}') AS errors,
            coalesce(max(updated), 0) AS updated
        FROM (
            SELECT axis, key, count(*) AS number, sum(updated) AS updated
            FROM integrations_syncrun
            CROSS JOIN LATERAL (
                VALUES (0, ''), (1, state),
                    (2, CASE WHEN state = 'FAILED' THEN error_code END)
            ) AS counted (axis, key)
            WHERE finished_at >= hour AND finished_at < hour + interval '1 hour'
                AND state IN ('SUCCEEDED', 'FAILED') AND key IS NOT NULL
            GROUP BY axis, key
        ) AS counts
    ) AS runs
    ON CONFLICT (hour) DO UPDATE SET events = excluded.events, reasons = excluded.reasons,
        latencies = excluded.latencies, runs = excluded.runs, run_errors = excluded.run_errors,
        sales_created = excluded.sales_created, sales_updated = excluded.sales_updated
"""


def measure() -> int:
    """Count the hours that may have changed, and note the state of the moment; return how many."""
    now = timezone.now()
    due = {hour_of(now), hour_of(now - SETTLED), *_missing(now), *dirty_hours.pop_dirty()}
    count(due)
    _note(now)
    return len(due)


def recount() -> int:
    """Count every hour kept anew, against whatever was missed; return how many."""
    kept = list(_kept(timezone.now()))
    count(kept)
    return len(kept)


def count(due: Collection[datetime]) -> None:
    """Count these hours from the rows themselves."""
    ordered = sorted(due)
    for first in range(0, len(ordered), AT_ONCE):
        with connection.cursor() as cursor:
            cursor.execute(_COUNT, {"hours": ordered[first : first + AT_ONCE], "steps": STEPS})


def percentile(latencies: Mapping[str, int], share: float) -> float | None:
    """The time in seconds that a share of the events took at most; None where there is none."""
    wanted = share * sum(latencies.values())
    for class_, number in sorted((int(class_), number) for class_, number in latencies.items()):
        if number >= wanted:
            return math.pow(2, (class_ + wanted / number) / STEPS) / 1000
        wanted -= number
    return None


def _kept(now: datetime) -> Iterator[datetime]:
    first = hour_of(now - KEPT_BACK)
    return (first + HOUR * number for number in range(KEPT_BACK // HOUR + 1))


def _missing(now: datetime) -> set[datetime]:
    counted = HourlyStats.objects.filter(hour__gte=hour_of(now - KEPT_BACK))
    return set(_kept(now)) - set(counted.values_list("hour", flat=True))


def _note(now: datetime) -> None:
    """Keep the worst of what only shows at the moment: the longest wait, the circuit."""
    oldest = queue_stats.oldest_due()
    states = {breaker_for(name).state().state for name in provider_names()}
    notes: dict[str, Any] = {"circuit": _worst(next(state for state in WORST if state in states))}
    if oldest:
        notes["oldest_seconds"] = Greatest("oldest_seconds", (now - oldest).total_seconds())
    HourlyStats.objects.filter(hour=hour_of(now)).update(**notes)


def _worst(state: Circuit) -> Case:
    """This state, or a worse one that was seen in the hour; nobody has looked where it is empty."""
    worse = WORST[: WORST.index(state)]
    return Case(When(circuit__in=worse, then=F("circuit")), default=Value(state))
