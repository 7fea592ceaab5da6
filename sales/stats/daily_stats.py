"""Totals of each local day, updated when they are read, and therefore exact.

Triggers write a `DirtyDay` in the transaction of every change. A reader deletes the dirty days and
counts those days again; a change that commits meanwhile leaves a dirty day of its own. Counting a
day takes milliseconds, so that the totals of a million sales are a sum over their days.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from sales.models.daily_stats import DirtyDay
from sales.money import PaymentCode
from sales.stats.funnel import Count, Funnel, Stage, stage_of
from sales.statuses import REVENUE_STATUSES, SaleStatus, ShippingStatus

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
_DELETE_TOTALS = (
    "DELETE FROM sales_dailytotal WHERE user_id = %(user)s AND day = ANY(%(days)s::date[])"
)
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
# The days to a delivery are known if it was observed: a sync or a file that reports a sale as
# delivered at first comes at any time after the delivery.
_DELIVERY_DAYS = """
    CASE WHEN payment_code = %(cash)s AND stage = 'delivered' AND delivered_at IS NOT NULL
        AND NOT EXISTS (
            SELECT FROM sales_salestatuschange AS change
            WHERE change.sale_id = sale.id AND from_status = '' AND to_status = 'DELIVERED'
                AND origin <> 'event')
        THEN greatest(0, local_day(delivered_at) - day) END
"""
_STAGES_OF_STATUSES = ", ".join(
    f"('{status}', '{shipping}', '{stage_of(status, shipping)}')"
    for status in SaleStatus.values
    for shipping in ShippingStatus.values
)
_SALES_WITH_STAGES = f"""
    FROM (
        SELECT day, sale.*, stage, {_DELIVERY_DAYS} AS delivery_days,
            coalesce(commission, total_price - fees - partner_shares) AS net
        {_SALES_OF_DAYS}
        LEFT JOIN (VALUES {_STAGES_OF_STATUSES}) AS stages (status, shipping_status, stage)
            USING (status, shipping_status)
    ) AS sale
"""
_INSERT_TOTALS = f"""
    INSERT INTO sales_dailytotal (user_id, day, status, shipping_status, payment_code, sales, value,
        known_commissions, commission, known_fees, fees, known_nets, net, deliveries, delivery_days)
    SELECT %(user)s, day, status, shipping_status, payment_code, count(*), sum(total_price),
        count(commission), coalesce(sum(commission), 0), count(fees), coalesce(sum(fees), 0),
        count(net), coalesce(sum(net), 0), count(delivery_days), coalesce(sum(delivery_days), 0)
    {_SALES_WITH_STAGES}
    GROUP BY day, status, shipping_status, payment_code
"""
_STAGE_COLUMNS = ", ".join(f"{stage}, {stage}_value" for stage in Stage.values)
_STAGE_COUNTS = ", ".join(
    f"count(*) FILTER (WHERE is_cash AND stage = '{stage}'), "
    f"coalesce(sum(total_price) FILTER (WHERE is_cash AND stage = '{stage}'), 0)"
    for stage in Stage.values
)
_INSERT_STATS = f"""
    INSERT INTO sales_dailystat (user_id, day, dimension, name, sales, quantity, value,
        {_STAGE_COLUMNS}, deliveries, delivery_days)
    SELECT %(user)s, day, dimension, breakdown.name,
        count(*) FILTER (WHERE is_revenue),
        coalesce(sum(quantity) FILTER (WHERE is_revenue), 0),
        coalesce(sum(total_price) FILTER (WHERE is_revenue), 0),
        {_STAGE_COUNTS}, count(delivery_days), coalesce(sum(delivery_days), 0)
    {_SALES_WITH_STAGES}
    LEFT JOIN clients_client AS client ON client.id = sale.client_id
    CROSS JOIN LATERAL (
        SELECT sale.status = ANY(%(revenue)s), payment_code = %(cash)s
    ) AS kind (is_revenue, is_cash)
    CROSS JOIN LATERAL (VALUES
        ('product', product_name),
        ('campaign', left(nullif(metadata #>> '{{utms,campaign}}', ''), 500)),
        ('state', nullif(client.state, ''))
    ) AS breakdown (dimension, name)
    WHERE breakdown.name IS NOT NULL AND (is_revenue OR is_cash)
    GROUP BY day, dimension, breakdown.name
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
_RECOUNT = (
    *(_DELETE_TOTALS, _DELETE_STATS, _DELETE_CLIENT_STATS),
    *(_INSERT_TOTALS, _INSERT_STATS, _INSERT_CLIENT_STATS),
)
_TOTAL, _DAY, _CLIENTS = "total", "day", "clients"
_AMOUNTS = (
    *("sales", "value", "known_commissions", "commission", "known_fees", "fees"),
    *("known_nets", "net", "deliveries", "delivery_days"),
)
_COUNTS = ("sales", "quantity", "value", *_STAGE_COLUMNS.split(", "), "deliveries", "delivery_days")


def _sums(columns: Iterable[str]) -> str:
    return ", ".join(f"sum({column})" for column in columns)


# One statement, so that all parts are read from one snapshot.
_SELECT = f"""
    WITH period (is_current, first, last) AS (VALUES
        (true, %(first)s::date, %(last)s::date),
        (false, %(previous_first)s::date, %(first)s::date - 1)
    )
    SELECT '{_TOTAL}', is_current, ARRAY[status, shipping_status, payment_code],
        ARRAY[{_sums(_AMOUNTS)}]
    FROM period JOIN sales_dailytotal ON user_id = %(user)s AND day BETWEEN first AND last
    GROUP BY is_current, status, shipping_status, payment_code
    UNION ALL
    SELECT '{_DAY}', true, ARRAY[day::text], ARRAY[{_sums(("sales", "value", "known_nets", "net"))}]
    FROM sales_dailytotal WHERE user_id = %(user)s AND day BETWEEN %(first)s AND %(last)s
        AND status = ANY(%(revenue)s)
    GROUP BY day
    UNION ALL
    SELECT dimension, true, ARRAY[name], ARRAY[{_sums(_COUNTS)}]
    FROM sales_dailystat WHERE user_id = %(user)s AND day BETWEEN %(first)s AND %(last)s
    GROUP BY dimension, name
    UNION ALL
    SELECT '{_CLIENTS}', is_current,
        ARRAY[CASE WHEN previous_day IS NULL THEN 'new' ELSE 'returning' END],
        ARRAY[sum(clients)]
    FROM period JOIN sales_dailyclientstat ON user_id = %(user)s AND day BETWEEN first AND last
        AND (previous_day IS NULL OR previous_day < first)
    GROUP BY is_current, previous_day IS NULL
"""  # noqa: S608 - constants of this module


@dataclass(frozen=True, slots=True)
class Total:
    """The sales that share both statuses and the payment code; amounts are in BRL."""

    status: str
    shipping_status: str
    payment_code: str
    count: Count
    commission: Count
    """The sum of the known commissions, and of how many sales; `fees` and `net` alike."""
    fees: Count
    net: Count
    deliveries: int
    delivery_days: int


@dataclass(frozen=True, slots=True)
class Breakdown:
    """The revenue of the sales that share a name, such as a product, and their funnel."""

    dimension: str
    name: str
    sales: int
    quantity: int
    value: Decimal
    funnel: Funnel


@dataclass(frozen=True, slots=True)
class DayRevenue:
    day: date
    sales: int = 0
    revenue: Decimal = Decimal("0.00")
    net: Count = field(default_factory=Count)


@dataclass(slots=True)
class PeriodTotals:
    totals: list[Total] = field(default_factory=list)
    new_clients: int = 0
    returning_clients: int = 0


@dataclass(slots=True)
class RangeTotals:
    """The stored totals of a range of days, and of the period of equal length before it."""

    current: PeriodTotals = field(default_factory=PeriodTotals)
    previous: PeriodTotals = field(default_factory=PeriodTotals)
    breakdowns: list[Breakdown] = field(default_factory=list)
    revenue_by_day: list[DayRevenue] = field(default_factory=list)
    """Unordered, without the days that have no revenue."""


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
        "previous_first": first - (last - first) - timedelta(days=1),
        "revenue": list(REVENUE_STATUSES),
    }
    with connection.cursor() as cursor:
        cursor.execute(_SELECT, values)
        rows = cursor.fetchall()
    fetched = RangeTotals()
    for kind, is_current, names, sums in rows:
        period = fetched.current if is_current else fetched.previous
        if kind == _TOTAL:
            period.totals.append(_total(names, sums))
        elif kind == _DAY:
            sales, value, *net = sums
            day = date.fromisoformat(names[0])
            fetched.revenue_by_day.append(DayRevenue(day, int(sales), value, _count(*net)))
        elif kind == _CLIENTS:
            setattr(period, f"{names[0]}_clients", int(sums[0]))
        else:
            fetched.breakdowns.append(_breakdown(kind, names[0], sums))
    return fetched


def _count(sales: Decimal, value: Decimal) -> Count:
    return Count(int(sales), value)


def _total(names: list[str], sums: list[Decimal]) -> Total:
    return Total(
        status=names[0],
        shipping_status=names[1],
        payment_code=names[2],
        count=_count(*sums[0:2]),
        commission=_count(*sums[2:4]),
        fees=_count(*sums[4:6]),
        net=_count(*sums[6:8]),
        deliveries=int(sums[8]),
        delivery_days=int(sums[9]),
    )


def _breakdown(dimension: str, name: str, sums: list[Decimal]) -> Breakdown:
    sales, quantity, value, *stages, deliveries, delivery_days = sums
    counts = map(_count, stages[::2], stages[1::2])
    funnel = Funnel(dict(zip(Stage, counts, strict=True)), int(deliveries), int(delivery_days))
    return Breakdown(dimension, name, int(sales), int(quantity), value, funnel)
