"""Learning the rhythm of every integration's webhooks, once a night, in one statement."""

from datetime import timedelta

from django.db import connection
from django.utils import timezone

from integrations.models import AlertKind
from integrations.monitoring.silence import ZONE

WINDOW = timedelta(weeks=4)

# Who is silent at the moment keeps the habit it has: silence must not become one.
_LEARN = """
    WITH hourly AS (
        SELECT integration_id,
            date_trunc('hour', received_at AT TIME ZONE %(zone)s) AS hour,
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
    INSERT INTO integrations_webhookbaseline (integration_id, rates, learned_at)
    SELECT integration_id, array_agg(coalesce(rate, 0)::float8 ORDER BY hour_of_week), %(now)s
    FROM (SELECT DISTINCT integration_id FROM weekly) AS integration
        CROSS JOIN generate_series(0, 167) AS hour_of_week
        LEFT JOIN weekly USING (integration_id, hour_of_week)
    GROUP BY integration_id
    ON CONFLICT (integration_id) DO UPDATE
    SET rates = excluded.rates, learned_at = excluded.learned_at
"""


def update_baselines() -> int:
    """Learn from the last four weeks; return of how many integrations."""
    now = timezone.now()
    until = now.replace(minute=0, second=0, microsecond=0)
    with connection.cursor() as cursor:
        cursor.execute(
            _LEARN,
            {
                "zone": ZONE.key,
                "since": until - WINDOW,
                "until": until,
                "now": now,
                "silence": AlertKind.SILENCE,
            },
        )
        learned: int = cursor.rowcount
    return learned
