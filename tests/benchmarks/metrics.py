"""The dashboard of a user with a million sales: `python -m tests.benchmarks metrics`."""

import statistics
import time
from datetime import date, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from flowzz.accounts.models import User
from flowzz.core import redis
from sales.stats import daily_stats
from tests.api_client import Frontend

SALES, CLIENTS, DAYS = 1_000_000, 400_000, 730
READS = 20

_MAKE_CLIENTS = """
    INSERT INTO clients_client (id, user_id, name, phone, cpf, document_valid, document_identifies,
        address, address_number, district, complement, city, state, cep, country, status,
        created_at, updated_at)
    SELECT md5('client ' || n)::uuid, %s, 'Cliente ' || n, '', '', false, false,
        '', '', '', '', '', '', '', '', 'ACTIVE', now(), now()
    FROM generate_series(1, %s) AS n
"""
_MAKE_SALES = """
    INSERT INTO sales_sale (id, user_id, client_id, client_match, source, external_id,
        product_name, product_sku, quantity, unit_price, total_price, status, shipping_status,
        unknown_status, unknown_shipping_status, payment_method, payment_code, tracking_code,
        sale_date, metadata, observed_at, created_at, updated_at)
    SELECT gen_random_uuid(), %s, md5('client ' || 1 + (random() * (%s - 1))::int)::uuid, 'novo',
        'coinzz', 'bench' || n, 'Produto ' || n %% 40, '', 1, 99.9, 99.9,
        (ARRAY['PENDING', 'PAID', 'SHIPPED', 'DELIVERED', 'CANCELLED', 'REFUNDED'])[1 + n %% 6],
        (ARRAY['PENDING', 'SHIPPED', 'DELIVERED'])[1 + n %% 3], '', '', 'Venda pós-paga',
        'cash_on_delivery', '',
        now() - random() * %s * interval '1 day',
        jsonb_build_object('utms', jsonb_build_object('campaign', 'campanha ' || n %% 25)),
        now(), now(), now()
    FROM generate_series(1, %s) AS n
"""


def measure() -> list[tuple[str, str]]:
    user = User.objects.create(email="milhao@flowzz.test")
    with connection.cursor() as cursor:
        cursor.execute(_MAKE_CLIENTS, [user.id, CLIENTS])
        cursor.execute(_MAKE_SALES, [user.id, CLIENTS, DAYS, SALES])
        cursor.execute("ANALYZE")
    seconds = _seconds(lambda: daily_stats.refresh(user.id))
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE sales_dailystat, sales_dailyclientstat, sales_dirtyday")
    frontend, today = Frontend(user), timezone.localdate()
    frontend.defaults["SERVER_NAME"] = "127.0.0.1"
    ranges = {
        "30 days": {},
        "a past year": {"dateFrom": today - timedelta(500), "dateTo": today - timedelta(136)},
        "all of it": {"dateFrom": today - timedelta(DAYS + 1)},
    }
    rows = [("all days of 1,000,000 sales counted, once", f"{seconds:,.1f} s")]
    for name, query in ranges.items():
        rows.append((f"metrics, {name}, not cached", _time_reads(frontend, query, cached=False)))
        rows.append((f"metrics, {name}, cached", _time_reads(frontend, query, cached=True)))
    return [
        *rows,
        ("metrics, 30 days, a sale of today changed", _time_reads_after_changes(frontend, user)),
    ]


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
