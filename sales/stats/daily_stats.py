"""Each local day's figures, brought up to date when they are asked for, and exact.

Triggers mark the days that a change touches, in its own transaction. A reader takes the marks
and counts those days anew: what commits meanwhile leaves marks of its own. A day with many
sales costs milliseconds; a range of a million sales is then a sum over its days.
"""

import uuid
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from sales.models.daily_stats import DirtyDay, StatField
from sales.statuses import REVENUE

CASH_ON_DELIVERY = "p[óo]s.?paga|afterpay|na entrega"
"""The payment methods, in any case, that are paid for at the door."""

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('figures ' || %s, 0))"
# The day after next of a client is touched, too: it says which day was the one before.
_TAKE = """
    WITH taken AS (DELETE FROM sales_dirtyday WHERE user_id = %s RETURNING client_id, day),
    touched AS (
        SELECT day FROM taken
        UNION
        SELECT local_day(following.sale_date)
        FROM (SELECT DISTINCT client_id, day FROM taken WHERE client_id IS NOT NULL) AS mark
        CROSS JOIN LATERAL (
            SELECT sale_date FROM sales_sale
            WHERE client_id = mark.client_id AND deleted_at IS NULL
                AND sale_date >= local_midnight(mark.day + 1)
            ORDER BY sale_date LIMIT 1
        ) AS following
    )
    SELECT array_agg(day::text) FROM touched
"""
_FORGET = """
    DELETE FROM sales_dailystat WHERE user_id = %(user)s AND day = ANY(%(days)s::date[]);
    DELETE FROM sales_dailyclientstat WHERE user_id = %(user)s AND day = ANY(%(days)s::date[]);
"""
_SALES = """
    FROM unnest(%(days)s::date[]) AS day
    JOIN sales_sale AS sale ON sale.user_id = %(user)s AND sale.deleted_at IS NULL
        AND sale.sale_date >= local_midnight(day) AND sale.sale_date < local_midnight(day + 1)
"""
_COUNT = f"""
    INSERT INTO sales_dailystat (user_id, day, axis, name, sales, quantity, value)
    SELECT %(user)s, day, axis, name, count(*), sum(quantity), sum(total_price)
    {_SALES}
    CROSS JOIN LATERAL (VALUES
        ('status', status),
        ('shipping', shipping_status),
        ('product', CASE WHEN status = ANY(%(revenue)s) THEN product_name END),
        ('campaign', CASE WHEN status = ANY(%(revenue)s)
            THEN left(nullif(metadata #>> '{{utms,campaign}}', ''), 500) END),
        ('scheduled', CASE WHEN payment_method ~* %(cash)s
            AND status <> ALL('{{DELIVERED,CANCELLED,REFUNDED}}')
            AND shipping_status IN ('PENDING', 'SHIPPED', 'FAILED') THEN '' END)
    ) AS figure (axis, name)
    WHERE name IS NOT NULL
    GROUP BY day, axis, name
"""
_COUNT_CLIENTS = f"""
    INSERT INTO sales_dailyclientstat (user_id, day, previous, clients)
    SELECT %(user)s, day, previous, count(*)
    FROM (SELECT DISTINCT day, client_id {_SALES} WHERE client_id IS NOT NULL) AS visit
    LEFT JOIN LATERAL (
        SELECT local_day(sale_date) AS previous FROM sales_sale
        WHERE client_id = visit.client_id AND deleted_at IS NULL
            AND sale_date < local_midnight(visit.day)
        ORDER BY sale_date DESC LIMIT 1
    ) AS earlier ON true
    GROUP BY day, previous
"""  # noqa: S608 - constants of this module
_DAY, _CLIENTS = "day", "clients"
# One statement, and so one moment: what is counted meanwhile is in all parts or in none.
_READ = f"""
    SELECT axis, name, NULL::date AS day,
        sum(sales)::bigint, sum(quantity)::bigint, sum(value)
    FROM sales_dailystat WHERE user_id = %(user)s AND day BETWEEN %(first)s AND %(last)s
    GROUP BY axis, name
    UNION ALL
    SELECT '{_DAY}', '', day, sum(sales)::bigint, 0, sum(value)
    FROM sales_dailystat WHERE user_id = %(user)s AND day BETWEEN %(first)s AND %(last)s
        AND axis = 'status' AND name = ANY(%(revenue)s)
    GROUP BY day
    UNION ALL
    SELECT '{_CLIENTS}', CASE WHEN previous IS NULL THEN 'new' ELSE 'returning' END, NULL,
        sum(clients)::bigint, 0, 0
    FROM sales_dailyclientstat WHERE user_id = %(user)s AND day BETWEEN %(first)s AND %(last)s
        AND (previous IS NULL OR previous < %(first)s)
    GROUP BY previous IS NULL
"""  # noqa: S608 - constants of this module


@dataclass(frozen=True, slots=True)
class Figure:
    """Sales that share a name on an axis; `value` is in BRL."""

    axis: str
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
class Figures:
    """What the sales of a range of days add up to."""

    totals: list[Figure]
    revenue_by_day: list[DayRevenue]
    """In no order, without the days that earned nothing."""
    new_clients: int
    returning_clients: int


def users_with_marks() -> list[uuid.UUID]:
    return list(DirtyDay.objects.order_by().values_list("user_id", flat=True).distinct())


def refresh(user_id: uuid.UUID) -> None:
    """Count the user's marked days anew."""
    if not DirtyDay.objects.filter(user_id=user_id).exists():
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_LOCK, [str(user_id)])
        cursor.execute(_TAKE, [user_id])
        days = cursor.fetchone()[0]
        if days is None:  # somebody else has just counted them
            return
        values: dict[str, Any] = {
            "user": user_id,
            "days": days,
            "revenue": list(REVENUE),
            "cash": CASH_ON_DELIVERY,
        }
        for statement in (*_FORGET.strip().split("\n"), _COUNT, _COUNT_CLIENTS):
            cursor.execute(statement, values)


def read(user_id: uuid.UUID, first: date, last: date) -> Figures:
    """Add up the days from `first` to `last`, both included; `refresh` comes before."""
    values: dict[str, Any] = {
        "user": user_id,
        "first": first,
        "last": last,
        "revenue": list(REVENUE),
    }
    with connection.cursor() as cursor:
        cursor.execute(_READ, values)
        rows = cursor.fetchall()
    clients = {name: count for axis, name, _, count, *_ in rows if axis == _CLIENTS}
    return Figures(
        totals=[Figure(axis, name, *sums) for axis, name, _, *sums in rows if axis in StatField],
        revenue_by_day=[
            DayRevenue(day, sales, value) for axis, _, day, sales, _, value in rows if axis == _DAY
        ],
        new_clients=clients.get("new", 0),
        returning_clients=clients.get("returning", 0),
    )
