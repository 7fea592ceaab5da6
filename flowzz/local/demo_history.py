"""Eight weeks of history for the demo, made of the sales that its first sync brought.

Writes the webhooks and the hourly syncs by which these sales would have arrived, so that the
back-office's charts show something from the start.
"""

import os
import time
from datetime import timedelta

import django
from django.db import connection, transaction
from django.utils import timezone

from flowzz.local.demo import USER_EMAIL

WEEKS = 8
WAIT_SECONDS = 180.0
"""How long to wait for the first sync. Without it the demo starts without history."""

_INTEGRATION = """
    SELECT integration.id AS integration, user_id AS user, provider, EXISTS (
        SELECT FROM integrations_webhookevent AS event WHERE event.integration_id = integration.id
            AND received_at < now() - interval '1 day'
    ) AS has_history
    FROM integrations_integration AS integration JOIN accounts_user ON accounts_user.id = user_id
    WHERE email = %s
"""
_SYNCED = """
    SELECT count(*) FROM integrations_syncrun AS run
    JOIN integrations_integration AS integration ON integration.id = run.integration_id
    JOIN accounts_user ON accounts_user.id = integration.user_id
    WHERE email = %s AND state = 'SUCCEEDED'
"""
_SALES = """
    UPDATE sales_sale SET created_at = sale_date + interval '2 seconds'
    WHERE user_id = %(user)s AND sale_date < %(last)s
"""
_EVENTS = """
    INSERT INTO integrations_webhookevent (
        id, integration_id, provider, body_size, body_hash, received_at, kind, external_id, state,
        outcome, reason, error, attempts, is_replay, finished_at
    )
    SELECT uuidv7(at - now()), %(integration)s, %(provider)s, 1000 + floor(500 * random()),
        sha256(convert_to(external_id || step, 'UTF8')), at, 'order', external_id,
        CASE WHEN outcome IN ('duplicate', 'stale') THEN 'IGNORED' ELSE 'DONE' END, outcome, '', '',
        1, false, at + (0.08 + 1.5 * random() ^ 6) * interval '1 second'
    FROM (
        SELECT external_id, step, CASE step WHEN 0 THEN 'created' ELSE (ARRAY['updated',
                'updated', 'updated', 'updated', 'unchanged', 'duplicate', 'stale']
            )[1 + floor(7 * random())] END AS outcome,
            sale_date + interval '2 seconds' + step * random() * interval '30 hours' AS at
        FROM sales_sale CROSS JOIN generate_series(0, 3) AS step
        WHERE user_id = %(user)s AND sale_date >= %(first)s AND external_id <> ''
    ) AS history
    WHERE at < %(last)s
"""
_COUNTS = """
    INSERT INTO integrations_hourlywebhookcount (integration_id, hour, count)
    SELECT integration_id, date_trunc('hour', received_at), count(*)
    FROM integrations_webhookevent
    WHERE integration_id = %(integration)s AND received_at < %(last)s
    GROUP BY 1, 2
    ON CONFLICT (integration_id, hour) DO UPDATE SET count = excluded.count
"""
_RUNS = """
    INSERT INTO integrations_syncrun (
        id, integration_id, trigger, is_full, state, attempts, processed, error, error_code,
        created_at, started_at, finished_at, next_page, pages, created, updated, unchanged, errors,
        missed
    )
    SELECT uuidv7(at - now()), %(integration)s, 'schedule', false,
        CASE WHEN has_failed THEN 'FAILED' ELSE 'SUCCEEDED' END, 1, read, '',
        CASE WHEN has_failed THEN 'PROVIDER_UNAVAILABLE' ELSE '' END,
        at, at, at + interval '4 seconds', 1, 1, 0, 0, read, 0, 0
    FROM (
        SELECT at, random() < 0.015 AS has_failed, floor(60 * random()) AS read
        FROM generate_series(%(first)s, %(last)s, interval '1 hour') AS at
    ) AS hours
"""


def create(email: str) -> int:
    """Write the history of a seller, unless there is one; return the number of its webhooks."""
    from integrations.monitoring import hourly_stats  # noqa: PLC0415 - models need settings

    now = timezone.now()
    times = {"first": now - timedelta(weeks=WEEKS), "last": now - timedelta(hours=1)}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_INTEGRATION, [email])
        names = [column.name for column in cursor.description]
        values = dict(zip(names, cursor.fetchone(), strict=True)) | times
        if values.pop("has_history"):
            return 0
        cursor.execute(_SALES, values)
        cursor.execute(_RUNS, values)
        cursor.execute(_EVENTS, values)
        count: int = cursor.rowcount
        cursor.execute(_COUNTS, values)
    hourly_stats.recount_hourly_stats(timedelta(weeks=WEEKS))
    return count


def has_synced(email: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(_SYNCED, [email])
        return bool(cursor.fetchone()[0])


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flowzz.settings")
    django.setup()
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        if has_synced(USER_EMAIL):
            create(USER_EMAIL)
            return
        time.sleep(1)


if __name__ == "__main__":
    main()
