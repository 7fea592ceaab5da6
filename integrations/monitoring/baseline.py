"""How often webhooks usually arrive, and whether a silence is longer than that explains.

A baseline is a rate for each of the 168 hours of a week, computed from the last four weeks. An
arrival is a minute in which at least one webhook came, so that a burst counts once. The highest
of an hour's four values is left out: a single launch, or arrivals in one week only, do not raise
the baseline. Arrivals at these rates are a Poisson process: a gap in which `n` arrivals were
expected stays empty with a probability of e^-n.
"""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import connection
from django.utils import timezone

from integrations.models import AlertKind

TIME_ZONE = ZoneInfo("America/Sao_Paulo")
HOUR, WEEK = timedelta(hours=1), timedelta(weeks=1)
WINDOW = 4 * WEEK

# Every arrival starts a gap: a thousand integrations with fifty arrivals a day have 50,000 gaps a
# day. At one in a million, that is one false alarm in three weeks.
FALSE_ALARM_PROBABILITY = 1e-6
EXPECTED_ARRIVALS = -math.log(FALSE_ALARM_PROBABILITY)
SHORTEST_SILENCE = timedelta(minutes=30)
# Fewer than five arrivals a day are too few for a baseline.
MINIMUM_A_WEEK = 35.0

# An integration with an open silence alert is left out: the silence must not become its baseline.
_UPDATE = """
    WITH hourly AS (
        SELECT integration_id,
            date_trunc('hour', received_at AT TIME ZONE %(time_zone)s) AS hour,
            count(DISTINCT date_trunc('minute', received_at)) AS arrivals
        FROM integrations_webhookevent AS event
        WHERE received_at >= %(since)s AND received_at < %(until)s
            AND integration_id IS NOT NULL
            AND NOT EXISTS (
                SELECT FROM integrations_alert AS alert
                WHERE alert.integration_id = event.integration_id
                    AND alert.kind = %(silence)s AND alert.resolved_at IS NULL
            )
        GROUP BY 1, 2
    ), weekly AS (
        SELECT integration_id,
            (extract(isodow FROM hour) - 1) * 24 + extract(hour FROM hour) AS hour_of_week,
            (sum(arrivals) - max(arrivals)) / 3.0 AS rate
        FROM hourly
        GROUP BY 1, 2
    )
    INSERT INTO integrations_webhookbaseline (integration_id, hourly_rates, updated_at)
    SELECT integration_id, array_agg(coalesce(rate, 0)::float8 ORDER BY hour_of_week), %(now)s
    FROM (SELECT DISTINCT integration_id FROM weekly) AS integration
        CROSS JOIN generate_series(0, 167) AS hour_of_week
        LEFT JOIN weekly USING (integration_id, hour_of_week)
    GROUP BY integration_id
    ON CONFLICT (integration_id) DO UPDATE
    SET hourly_rates = excluded.hourly_rates, updated_at = excluded.updated_at
"""


def update_baselines() -> int:
    """Compute all baselines in one statement; return the number of integrations."""
    now = timezone.now()
    until = now.replace(minute=0, second=0, microsecond=0)
    with connection.cursor() as cursor:
        cursor.execute(
            _UPDATE,
            {
                "time_zone": TIME_ZONE.key,
                "since": until - WINDOW,
                "until": until,
                "now": now,
                "silence": AlertKind.SILENCE,
            },
        )
        updated: int = cursor.rowcount
    return updated


def is_unusual_silence(hourly_rates: Sequence[float], since: datetime, until: datetime) -> bool:
    """Return whether no arrival between two aware times is too unlikely to be chance."""
    if sum(hourly_rates) < MINIMUM_A_WEEK or until - since < SHORTEST_SILENCE:
        return False
    return expected_arrivals(hourly_rates, since, until) > EXPECTED_ARRIVALS


def expected_arrivals(hourly_rates: Sequence[float], since: datetime, until: datetime) -> float:
    """Return how many arrivals the baseline expects between two aware times."""
    weeks, rest = divmod(until - since, WEEK)
    total = weeks * sum(hourly_rates)
    start = until - rest
    while start < until:
        local = start.astimezone(TIME_ZONE)
        past_the_hour = timedelta(
            minutes=local.minute, seconds=local.second, microseconds=local.microsecond
        )
        end = min(start - past_the_hour + HOUR, until)
        total += hourly_rates[hour_of_week(local)] * ((end - start) / HOUR)
        start = end
    return total


def hour_of_week(local: datetime) -> int:
    """Return 0 for the first hour of Monday to 167 for the last hour of Sunday."""
    return local.weekday() * 24 + local.hour
