"""Hourly statistics: a chart of a month reads 720 rows instead of a million events.

Every 15 s, beat has the current hour counted, and the hours in which something changed later.
All counts come from the rows themselves, so counting an hour again, or late, is harmless.
"""

import math
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Case, F, Value, When
from django.db.models.functions import Greatest
from django.utils import timezone

from flowzz.core.db.batched_deletes import delete_in_batches
from integrations.inbox import queue_stats
from integrations.inbox.hourly_counts import HOUR, hour_of, pop_dirty
from integrations.models import (
    Circuit,
    HourlyStats,
    HourlyWebhookCount,
    Integration,
    WebhookRefusal,
)
from integrations.providers.registry import provider_names
from integrations.sync.breaker import breaker_for

BACKFILL = timedelta(days=31)
"""How far back missing hours are counted."""
SETTLING_TIME = timedelta(minutes=5)
"""How long after its end an hour is still counted every time."""
WEBHOOK_COUNT_RETENTION = timedelta(days=35)
STEPS_PER_DOUBLING = 4
"""Latency classes in each doubling: class n has the events that took from 2^(n/4) ms on.

A percentile is off by less than 19 %, the width of a class.
"""
BATCH = 24
WORST_FIRST = [Circuit.OPEN, Circuit.HALF_OPEN, Circuit.CLOSED]

_COUNT = """
    INSERT INTO integrations_hourlystats (
        hour, events, quarantine_reasons, latencies, runs, run_errors, sales_created,
        sales_updated, circuit
    )
    SELECT hour, events.outcomes || refused.counts, events.reasons, latencies.classes,
        runs.states, runs.errors,
        (SELECT count(*) FROM sales_sale
            WHERE created_at >= hour AND created_at < hour + interval '1 hour'
                AND is_associated),
        events.updated + runs.updated, ''
    FROM unnest(%(hours)s::timestamptz[]) AS hour
    CROSS JOIN LATERAL (
        SELECT coalesce(jsonb_object_agg(key, number) FILTER (WHERE part = 1), '{}') AS outcomes,
            coalesce(jsonb_object_agg(key, number) FILTER (WHERE part = 2), '{}') AS reasons,
            coalesce(sum(number) FILTER (WHERE part = 3), 0) AS updated
        FROM (
            SELECT part, key, count(*) AS number
            FROM integrations_webhookevent AS event
            CROSS JOIN LATERAL (
                VALUES (1, coalesce(nullif(outcome, ''), state)),
                    (2, CASE WHEN state = 'QUARANTINED' THEN reason END),
                    (3, CASE WHEN outcome = 'updated' AND kind <> 'affiliation' THEN outcome END)
            ) AS counted (part, key)
            WHERE received_at >= hour AND received_at < hour + interval '1 hour'
                AND key IS NOT NULL
            GROUP BY part, key
        ) AS counts
    ) AS events
    CROSS JOIN LATERAL (
        SELECT jsonb_strip_nulls(jsonb_build_object('refused', sum(count))) AS counts
        FROM integrations_webhookrefusal
        WHERE minute >= hour AND minute < hour + interval '1 hour' AND reason <> 'observed'
    ) AS refused
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
        SELECT coalesce(jsonb_object_agg(key, number) FILTER (WHERE part = 1), '{}') AS states,
            coalesce(jsonb_object_agg(key, number) FILTER (WHERE part = 2), '{}') AS errors,
            coalesce(max(updated), 0) AS updated
        FROM (
            SELECT part, key, count(*) AS number, sum(updated) AS updated
            FROM integrations_syncrun
            CROSS JOIN LATERAL (
                VALUES (0, ''), (1, state),
                    (2, CASE WHEN state = 'FAILED' THEN error_code END)
            ) AS counted (part, key)
            WHERE finished_at >= hour AND finished_at < hour + interval '1 hour'
                AND state IN ('SUCCEEDED', 'FAILED') AND key IS NOT NULL
            GROUP BY part, key
        ) AS counts
    ) AS runs
    ON CONFLICT (hour) DO UPDATE SET events = excluded.events,
        quarantine_reasons = excluded.quarantine_reasons, latencies = excluded.latencies,
        runs = excluded.runs, run_errors = excluded.run_errors,
        sales_created = excluded.sales_created, sales_updated = excluded.sales_updated
"""


def update_hourly_stats() -> int:
    """Count the hours that may have changed and record the current state; return how many."""
    now = timezone.now()
    hours = {hour_of(now), hour_of(now - SETTLING_TIME), *_missing_hours(now), *pop_dirty()}
    _count(hours)
    _record_current_state(now)
    return len(hours)


def recount_hourly_stats(period: timedelta = BACKFILL) -> int:
    """Count every hour of the last 31 days, or of another period, again; return how many."""
    hours = list(_hours_since(timezone.now(), period))
    _count(hours)
    return len(hours)


def percentile(latencies: Mapping[str, int], share: float) -> float | None:
    """Return the seconds within which a share of the events was processed; None without events.

    `latencies` has the number of events by class (see STEPS_PER_DOUBLING).
    """
    rank = share * sum(latencies.values())
    for class_, count in sorted((int(class_), count) for class_, count in latencies.items()):
        if count >= rank:
            return math.pow(2, (class_ + rank / count) / STEPS_PER_DOUBLING) / 1000
        rank -= count
    return None


def hourly_webhook_counts(integration: Integration, hours: int) -> list[tuple[datetime, int]]:
    """Return the last hours with their webhook counts, oldest first, the current hour included."""
    first = hour_of(timezone.now()) - (hours - 1) * HOUR
    rows = HourlyWebhookCount.objects.filter(integration=integration, hour__gte=first)
    counts = dict(rows.values_list("hour", "count"))
    starts = (first + number * HOUR for number in range(hours))
    return [(start, counts.get(start, 0)) for start in starts]


def delete_old_webhook_counts() -> int:
    """Delete counts of webhooks and refusals that no page shows any more; return how many."""
    expired_before = timezone.now() - WEBHOOK_COUNT_RETENTION
    deleted, _ = HourlyWebhookCount.objects.filter(hour__lt=expired_before).delete()
    return deleted + delete_in_batches(WebhookRefusal.objects.filter(minute__lt=expired_before))


def _count(hours: Collection[datetime]) -> None:
    ordered = sorted(hours)
    for first in range(0, len(ordered), BATCH):
        with connection.cursor() as cursor:
            cursor.execute(
                _COUNT, {"hours": ordered[first : first + BATCH], "steps": STEPS_PER_DOUBLING}
            )


def _hours_since(now: datetime, period: timedelta) -> Iterator[datetime]:
    first = hour_of(now - period)
    return (first + HOUR * number for number in range(period // HOUR + 1))


def _missing_hours(now: datetime) -> set[datetime]:
    counted = HourlyStats.objects.filter(hour__gte=hour_of(now - BACKFILL))
    return set(_hours_since(now, BACKFILL)) - set(counted.values_list("hour", flat=True))


def _record_current_state(now: datetime) -> None:
    """Record the hour's longest wait and worst circuit, which no row shows later."""
    oldest = queue_stats.oldest_due()
    states = {breaker_for(name).state().state for name in provider_names()}
    worst = next(state for state in WORST_FIRST if state in states)
    changes: dict[str, Any] = {"circuit": _worse_of_recorded_and(worst)}
    if oldest:
        wait = (now - oldest).total_seconds()
        changes["longest_wait_seconds"] = Greatest("longest_wait_seconds", wait)
    HourlyStats.objects.filter(hour=hour_of(now)).update(**changes)


def _worse_of_recorded_and(state: Circuit) -> Case:
    """Keep a worse state recorded earlier in the hour. An empty state was never recorded."""
    worse = WORST_FIRST[: WORST_FIRST.index(state)]
    return Case(When(circuit__in=worse, then=F("circuit")), default=Value(state))
