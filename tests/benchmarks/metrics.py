"""The dashboard of a user with a million sales: `python -m tests.benchmarks metrics`."""

import statistics
import time
from datetime import date, timedelta
from typing import Any

from django.db import connection
from django.db.models import Model
from django.utils import timezone

from clients.models import Client
from flowzz.accounts.models import User
from flowzz.core import redis
from flowzz.core.db.bulk_upsert import to_json
from sales.models import Sale
from sales.stats import daily_stats
from tests.api_client import Frontend

SALES, CLIENTS, DAYS = 1_000_000, 400_000, 730
READS = 20

STATES = ("SP", "RJ", "MG", "RS", "BA", "PR", "SC", "GO", "PE", "CE")
_MAKE_CLIENTS = """
    INSERT INTO clients_client
    SELECT client.* FROM generate_series(1, %s) AS n
    CROSS JOIN LATERAL jsonb_populate_record(NULL::clients_client, %s::jsonb || jsonb_build_object(
        'id', md5('client ' || n)::uuid, 'user_id', %s, 'name', 'Cliente ' || n,
        'state', (%s::text[])[1 + n %% 10], 'created_at', now(), 'updated_at', now())) AS client
"""
_MAKE_SALES = """
    INSERT INTO sales_sale
    SELECT sale.* FROM (SELECT n, now() - random() * %s * interval '1 day' AS at
        FROM generate_series(1, %s) AS n) AS made
    CROSS JOIN LATERAL jsonb_populate_record(NULL::sales_sale, %s::jsonb || jsonb_build_object(
        'id', gen_random_uuid(), 'user_id', %s,
        'client_id', md5('client ' || 1 + (random() * (%s - 1))::int)::uuid,
        'source', 'coinzz', 'external_id', 'bench' || n, 'product_name', 'Produto ' || n %% 40,
        'unit_price', 99.9, 'total_price', 99.9, 'fees', 7.31, 'partner_shares', 12.5,
        'commission', CASE WHEN n %% 3 = 0 THEN 61.4 END,
        'status', (ARRAY['PENDING', 'PAID', 'SHIPPED', 'DELIVERED', 'CANCELLED', 'REFUNDED'])
            [1 + n %% 6],
        'shipping_status', (ARRAY['PENDING', 'SHIPPED', 'DELIVERED'])[1 + n / 7 %% 3],
        'payment_code', (ARRAY['CASH_ON_DELIVERY', 'PIX', 'CARD', 'BOLETO'])[1 + n / 11 %% 4],
        'sale_date', at, 'delivered_at', at + n %% 9 * interval '1 day',
        'metadata', jsonb_build_object('utms',
            jsonb_build_object('campaign', 'campanha ' || n %% 25)),
        'observed_at', now(), 'created_at', now(), 'updated_at', now())) AS sale
"""


def measure() -> list[tuple[str, str]]:
    user = User.objects.create(email="milhao@flowzz.test")
    with connection.cursor() as cursor:
        clients, sales = _defaults(Client), _defaults(Sale)
        cursor.execute(_MAKE_CLIENTS, [CLIENTS, clients, user.id, list(STATES)])
        cursor.execute(_MAKE_SALES, [DAYS, SALES, sales, user.id, CLIENTS])
        cursor.execute("ANALYZE")
    seconds = _seconds(lambda: daily_stats.refresh(user.id))
    with connection.cursor() as cursor:
        tables = ("dailytotal", "dailystat", "dailyclientstat", "dirtyday")
        cursor.execute(f"VACUUM ANALYZE {', '.join(f'sales_{table}' for table in tables)}")
    frontend, today = Frontend(user), timezone.localdate()
    frontend.defaults["SERVER_NAME"] = "127.0.0.1"
    ranges = {
        "30 days": {},
        "a past year": {"dateFrom": today - timedelta(500), "dateTo": today - timedelta(136)},
        "all of it": {"dateFrom": today - timedelta(DAYS + 1)},
    }
    rows = [(f"all days of {SALES:,} sales counted, once", f"{seconds:,.1f} s")]
    for name, query in ranges.items():
        rows.append((f"metrics, {name}, not cached", _time_reads(frontend, query, cached=False)))
        rows.append((f"metrics, {name}, cached", _time_reads(frontend, query, cached=True)))
    today_only = {"dateFrom": today}
    return [
        *rows,
        ("metrics, today, not cached", _time_reads(frontend, today_only, cached=False)),
        ("metrics, 30 days, a sale of today changed", _time_reads_after_changes(frontend, user)),
    ]


def _defaults(model: type[Model]) -> str:
    """Return the defaults of columns as JSON, so that the rows survive new columns."""
    fields = [field for field in model._meta.concrete_fields if not field.null]
    return to_json([{field.attname: field.get_default() for field in fields}])[1:-1]


def _time_reads(frontend: Frontend, query: dict[str, date], *, cached: bool) -> str:
    times = []
    for _ in range(READS):
        if not cached:
            redis.client().flushdb()
        times.append(_seconds(lambda: _read(frontend, query)))
    return _median(times)


def _time_reads_after_changes(frontend: Frontend, user: User) -> str:
    times = []
    for number in range(READS):
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE sales_sale SET total_price = %s WHERE id = ("
                "SELECT id FROM sales_sale WHERE user_id = %s ORDER BY sale_date DESC LIMIT 1)",
                [number, user.id],
            )
        times.append(_seconds(lambda: _read(frontend, {})))
    return _median(times)


def _read(frontend: Frontend, query: dict[str, Any]) -> None:
    response = frontend.fetch("dashboard/metrics", **query)
    assert response.status_code == 200, response.content


def _seconds(call: Any) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def _median(times: list[float]) -> str:
    return f"{statistics.median(times) * 1000:,.0f} ms, slowest {max(times) * 1000:,.0f} ms"
