"""Totals of each local day, updated when they are read, and therefore exact.

Triggers write a `DirtyDay` in the transaction of every change. A reader deletes the dirty days and
counts those days again; a change that commits meanwhile leaves a dirty day of its own. Counting a
day takes milliseconds, so that the totals of a million sales are a sum over their days.
"""

import uuid
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from sales.models.daily_stats import Dimension, DirtyDay
from sales.money import PaymentCode
from sales.statuses import REVENUE_STATUSES

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('daily stats ' || %s, 0))"
# A change also touches the client's next day with sales, which stores the day before it.
_CLAIM_DIRTY_DAYS = """
    WITH dirty AS (DELETE FROM sales_dirtyday WHERE user_id = %s RETURNING client_id, day),
    touched AS (
        SELECT day FROM dirty
        UNION
        SELECT local_day(next_sale.sale_date)
        FROM (SELECT DISTINCT client_id, day FROM dirty WHERE client_id IS NOT NULL) AS client_day
        CROSS JOIN LATERAL (
            SELECT sale_date FROM sales_sale
            WHERE client_id = client_day.client_id AND deleted_at IS NULL AND is_associated
                AND sale_date >= local_midnight(client_day.day + 1)
            ORDER BY sale_date LIMIT 1
        ) AS next_sale
    )
    SELECT array_agg(day::text) FROM touched
"""
_DELETE_STATS = (
    "DELETE FROM sales_dailystat WHERE user_id = %(user)s AND day = ANY(%(days)s::date[])"
)
_DELETE_CLIENT_STATS = """
    DELETE FROM sales_dailyclientstat WHERE user_id = %(user)s AND day = ANY(%(days)s::date[])
"""
_SALES_OF_DAYS = """
    FROM unnest(%(days)s::date[]) AS day
    JOIN sales_sale AS sale ON sale.user_id = %(user)s AND sale.deleted_at IS NULL
        AND sale.is_associated
        AND sale.sale_date >= local_midnight(day) AND sale.sale_date < local_midnight(day + 1)
"""
_INSERT_STATS = f"""
    INSERT INTO sales_dailystat (user_id, day, dimension, name, sales, quantity, value)
    SELECT %(user)s, day, dimension, name, count(*), sum(quantity), sum(total_price)
    {_SALES_OF_DAYS}
    CROSS JOIN LATERAL (VALUES
        ('status', status),
        ('shipping', shipping_status),
        ('product', CASE WHEN status = ANY(%(revenue)s) THEN product_name END),
        ('campaign', CASE WHEN status = ANY(%(revenue)s)
            THEN left(nullif(metadata #>> '{{utms,campaign}}', ''), 500) END),
        ('scheduled', CASE WHEN payment_code = %(cash)s
            AND status <> ALL('{{DELIVERED,CANCELLED,REFUNDED}}')
            AND shipping_status IN ('PENDING', 'SHIPPED', 'FAILED') THEN '' END)
    ) AS breakdown (dimension, name)
    WHERE name IS NOT NULL
    GROUP BY day, dimension, name
"""
_INSERT_CLIENT_STATS = f"""
    INSERT INTO sales_dailyclientstat (user_id, day, previous_day, clients)
    SELECT %(user)s, day, previous_day, count(*)
    FROM (SELECT DISTINCT day, client_id {_SALES_OF_DAYS} WHERE client_id IS NOT NULL) AS client_day
    LEFT JOIN LATERAL (
        SELECT local_day(sale_date) AS previous_day FROM sales_sale
        WHERE client_id = client_day.client_id AND deleted_at IS NULL AND is_associated
            AND sale_date < local_midnight(client_day.day)
        ORDER BY sale_date DESC LIMIT 1
    ) AS previous_sale ON true
    GROUP BY day, previous_day
"""  # noqa: S608 - constants of this module
_RECOUNT = (_DELETE_STATS, _DELETE_CLIENT_STATS, _INSERT_STATS, _INSERT_CLIENT_STATS)
_DAY, _CLIENTS = "day", "clients"
# One statement, so that all parts are read from one snapshot.
_SELECT = f"""
    SELECT dimension, name, NULL::date AS day,
        sum(sales)::bigint, sum(quantity)::bigint, sum(value)
    FROM sales_dailystat WHERE user_id = %(user)s AND day BETWEEN %(first)s AND %(last)s
    GROUP BY dimension, name
    UNION ALL
    SELECT '{_DAY}', '', day, sum(sales)::bigint, 0, sum(value)
    FROM sales_dailystat WHERE user_id = %(user)s AND day BETWEEN %(first)s AND %(last)s
        AND dimension = 'status' AND name = ANY(%(revenue)s)
    GROUP BY day
    UNION ALL
    SELECT '{_CLIENTS}', CASE WHEN previous_day IS NULL THEN 'new' ELSE 'returning' END, NULL,
        sum(clients)::bigint, 0, 0
    FROM sales_dailyclientstat WHERE user_id = %(user)s AND day BETWEEN %(first)s AND %(last)s
        AND (previous_day IS NULL OR previous_day < %(first)s)
    GROUP BY previous_day IS NULL
"""  # noqa: S608 - constants of this module


@dataclass(frozen=True, slots=True)
class Total:
    """The sales that share a name in one dimension, such as a status; `value` is in BRL."""

    dimension: str
    name: str
    sales: int
    quantity: int
    value: Decimal


@dataclass(frozen=True, slots=True)
class DayRevenue:
    day: date
    sales: int
    revenue: Decimal


@dataclass(frozen=True, slots=True)
class RangeTotals:
    totals: list[Total]
    revenue_by_day: list[DayRevenue]
    """Unordered, without the days that have no revenue."""
    new_clients: int
    returning_clients: int


def users_with_dirty_days() -> list[uuid.UUID]:
    return list(DirtyDay.objects.order_by().values_list("user_id", flat=True).distinct())


def refresh(user_id: uuid.UUID) -> None:
    """Recount the user's dirty days."""
    if not DirtyDay.objects.filter(user_id=user_id).exists():
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_LOCK, [str(user_id)])
        cursor.execute(_CLAIM_DIRTY_DAYS, [user_id])
        days = cursor.fetchone()[0]
        if days is None:  # another transaction recounted them while this one waited for the lock
            return
        values: dict[str, Any] = {
            "user": user_id,
            "days": days,
            "revenue": list(REVENUE_STATUSES),
            "cash": PaymentCode.CASH_ON_DELIVERY,
        }
        for statement in _RECOUNT:
            cursor.execute(statement, values)


def fetch_totals(user_id: uuid.UUID, first: date, last: date) -> RangeTotals:
    """Add up the local days from `first` to `last`, both included. Call `refresh` before."""
    values: dict[str, Any] = {
        "user": user_id,
        "first": first,
        "last": last,
        "revenue": list(REVENUE_STATUSES),
    }
    with connection.cursor() as cursor:
        cursor.execute(_SELECT, values)
        rows = cursor.fetchall()
    clients = {name: count for kind, name, _, count, *_ in rows if kind == _CLIENTS}
    return RangeTotals(
        totals=[Total(kind, name, *sums) for kind, name, _, *sums in rows if kind in Dimension],
        revenue_by_day=[
            DayRevenue(day, sales, value) for kind, _, day, sales, _, value in rows if kind == _DAY
        ],
        new_clients=clients.get("new", 0),
        returning_clients=clients.get("returning", 0),
    )
