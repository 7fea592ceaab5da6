"""Totals of each local day and month, updated when they are read, and therefore exact.

Triggers write a `DirtyDay` in the transaction of every change. A reader deletes the dirty days and
counts those days again; a change that commits meanwhile leaves a dirty day of its own. Counting a
day takes milliseconds. Only the differences are written, to the day and to its month.
"""

import uuid
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from sales.models.daily_stats import EVER, NEVER, DirtyDay
from sales.money import PaymentCode
from sales.stats.funnel import Stage, stage_of
from sales.statuses import REVENUE_STATUSES, SaleStatus, ShippingStatus

_HAS_DIRTY_DAYS = "SELECT EXISTS (SELECT FROM sales_dirtyday WHERE user_id = %s)"
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('daily stats ' || %s, 0))"
# A change also touches the client's next day with sales, which stores the day before it.
_CLAIM_DIRTY_DAYS = """
    WITH dirty AS (DELETE FROM sales_dirtyday WHERE user_id = %s RETURNING client_id, day),
    touched AS (
        SELECT day, client_id IS NOT NULL AS has_clients FROM dirty
        UNION ALL
        SELECT local_day(next_sale.sale_date), true
        FROM (SELECT DISTINCT client_id, day FROM dirty WHERE client_id IS NOT NULL) AS client_day
        CROSS JOIN LATERAL (
            SELECT sale_date FROM sales_sale
            WHERE client_id = client_day.client_id AND deleted_at IS NULL AND is_associated
                AND sale_date >= local_midnight(client_day.day + 1)
            ORDER BY sale_date LIMIT 1
        ) AS next_sale
    )
    SELECT array_agg(day ORDER BY day), array_agg(day ORDER BY day) FILTER (WHERE has_clients)
    FROM (SELECT day, bool_or(has_clients) AS has_clients FROM touched GROUP BY day) AS days
"""
# The bounds of all days are constants, so that PostgreSQL knows how few sales there are.
_SALES_OF_DAYS = """
    FROM unnest(%(days)s::date[]) AS day
    JOIN sales_sale AS sale ON sale.user_id = %(user)s AND sale.deleted_at IS NULL
        AND sale.is_associated
        AND sale.sale_date >= local_midnight(day) AND sale.sale_date < local_midnight(day + 1)
        AND sale.sale_date >= local_midnight(%(first)s)
        AND sale.sale_date < local_midnight(%(last)s + 1)
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
        OFFSET 0  -- computes the columns once
    ) AS sale
"""
_SHIPPING_COUNTS = ", ".join(
    f"count(*) FILTER (WHERE shipping_status = '{name}') AS {name}_sales, coalesce("
    f"sum(total_price) FILTER (WHERE shipping_status = '{name}'), 0) AS {name}_value"
    for name in ShippingStatus.values
)
_COUNT_TOTALS = f"""
    SELECT day, status, payment_code, count(*) AS sales,
        sum(total_price) AS value, count(commission) AS known_commissions,
        coalesce(sum(commission), 0) AS commission, count(fees) AS known_fees,
        coalesce(sum(fees), 0) AS fees, count(net) AS known_nets, coalesce(sum(net), 0) AS net,
        count(delivery_days) AS deliveries, coalesce(sum(delivery_days), 0) AS delivery_days,
        {_SHIPPING_COUNTS}
    {_SALES_WITH_STAGES}
    GROUP BY day, status, payment_code
"""
AMOUNTS = (
    *("sales", "value", "known_commissions", "commission", "known_fees", "fees"),
    *("known_nets", "net", "deliveries", "delivery_days"),
    *(f"{name.lower()}_{kind}" for name in ShippingStatus.values for kind in ("sales", "value")),
)
_STAGE_COUNTS = ", ".join(
    f"count(*) FILTER (WHERE is_cash AND stage = '{stage}') AS {stage}, "
    f"coalesce(sum(total_price) FILTER (WHERE is_cash AND stage = '{stage}'), 0) AS {stage}_value"
    for stage in Stage.values
)
_COUNT_STATS = f"""
    SELECT day, dimension, breakdown.name,
        count(*) FILTER (WHERE is_revenue) AS sales,
        coalesce(sum(quantity) FILTER (WHERE is_revenue), 0) AS quantity,
        coalesce(sum(total_price) FILTER (WHERE is_revenue), 0) AS value,
        {_STAGE_COUNTS},
        count(delivery_days) AS deliveries, coalesce(sum(delivery_days), 0) AS delivery_days
    {_SALES_WITH_STAGES}
    CROSS JOIN LATERAL (
        SELECT sale.status = ANY(%(revenue)s), payment_code = %(cash)s
    ) AS kind (is_revenue, is_cash)
    CROSS JOIN LATERAL (VALUES
        ('product', product_name),
        ('campaign', left(nullif(metadata #>> '{{utms,campaign}}', ''), 500)),
        ('state', (SELECT nullif(state, '') FROM clients_client WHERE id = sale.client_id))
    ) AS breakdown (dimension, name)
    WHERE breakdown.name IS NOT NULL AND (is_revenue OR is_cash)
    GROUP BY day, dimension, breakdown.name
"""  # noqa: S608 - constants of this module
STAGE_COLUMNS = [f"{stage}{suffix}" for stage in Stage.values for suffix in ("", "_value")]
COUNTS = ("sales", "quantity", "value", *STAGE_COLUMNS, "deliveries", "delivery_days")
_COUNT_CLIENTS = f"""
    SELECT previous.day AS previous_day, client_day.day, count(*) AS clients
    FROM (SELECT DISTINCT day, client_id {_SALES_OF_DAYS} WHERE client_id IS NOT NULL) AS client_day
    LEFT JOIN LATERAL (
        SELECT local_day(sale_date) AS day FROM sales_sale
        WHERE client_id = client_day.client_id AND deleted_at IS NULL AND is_associated
            AND sale_date < local_midnight(client_day.day)
        ORDER BY sale_date DESC LIMIT 1
    ) AS found ON true
    CROSS JOIN LATERAL (VALUES
        (coalesce(found.day, %(never)s)),
        (CASE WHEN found.day IS NOT NULL THEN %(ever)s::date END)
    ) AS previous (day)
    WHERE previous.day IS NOT NULL
    GROUP BY previous.day, client_day.day
"""  # noqa: S608 - constants of this module


def _update_statements(
    table: str, keys: Sequence[str], columns: Sequence[str], count: str, *, month_key: str
) -> tuple[str, str]:
    """Return a statement that stores counts of days and adds the differences to their months.

    It returns whether rows became empty; the second statement deletes them. `month_key` is the key
    that is a month's first day in the rows of months.
    """
    by_span = (
        f"CASE WHEN is_month THEN date_trunc('month', {key}::timestamp)::date ELSE {key} END"
        if key == month_key
        else key
        for key in keys
    )
    positions = ", ".join(map(str, range(2, len(keys) + 3)))
    all_columns, negative, sums, unchanged, additions, empty = (
        separator.join(template.format(column) for column in columns)
        for separator, template in (
            (", ", "{0}"),
            (", ", "-{0}"),
            (", ", "sum({0})"),
            (" AND ", "sum({0}) = 0"),
            (", ", "{0} = total.{0} + excluded.{0}"),
            (" AND ", "total.{0} = 0"),
        )
    )
    key = ", ".join(keys)
    update = f"""
        WITH written AS (
            INSERT INTO {table} AS total (user_id, is_month, {key}, {all_columns})
            SELECT %(user)s, is_month, {", ".join(by_span)}, {sums}
            FROM (
                {count}
                UNION ALL
                SELECT {key}, {negative} FROM {table}
                WHERE user_id = %(user)s AND NOT is_month AND day = ANY(%(days)s::date[])
            ) AS change CROSS JOIN (VALUES (false), (true)) AS span (is_month)
            GROUP BY {positions} HAVING NOT ({unchanged}) ORDER BY {positions}
            ON CONFLICT (user_id, is_month, {key}) DO UPDATE SET {additions}
            RETURNING {empty} AS is_empty
        )
        SELECT coalesce(bool_or(is_empty), false) FROM written
    """  # noqa: S608 - constants of this module
    delete = (
        f"DELETE FROM {table} AS total "  # noqa: S608 - constants of this module
        f"WHERE user_id = %(user)s AND {empty}"
    )
    return update, delete


_UPDATE_TOTALS = _update_statements(
    "sales_dailytotal", ("day", "status", "payment_code"), AMOUNTS, _COUNT_TOTALS, month_key="day"
)
_UPDATE_STATS = _update_statements(
    "sales_dailystat", ("day", "dimension", "name"), COUNTS, _COUNT_STATS, month_key="day"
)
_UPDATE_CLIENT_STATS = _update_statements(
    "sales_dailyclientstat",
    ("previous_day", "day"),
    ("clients",),
    _COUNT_CLIENTS,
    month_key="previous_day",
)


def users_with_dirty_days() -> list[uuid.UUID]:
    return list(DirtyDay.objects.order_by().values_list("user_id", flat=True).distinct())


def refresh(user_id: uuid.UUID) -> None:
    """Recount the user's dirty days."""
    with connection.cursor() as cursor:
        cursor.execute(_HAS_DIRTY_DAYS, [user_id])
        if not cursor.fetchone()[0]:
            return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_LOCK, [str(user_id)])
        cursor.execute(_CLAIM_DIRTY_DAYS, [user_id])
        days, days_of_clients = cursor.fetchone()
        if days:  # unless another transaction recounted them while this one waited for the lock
            _recount(cursor, user_id, days, (_UPDATE_TOTALS, _UPDATE_STATS))
        if days_of_clients:
            _recount(cursor, user_id, days_of_clients, (_UPDATE_CLIENT_STATS,))


def _recount(
    cursor: CursorWrapper, user_id: uuid.UUID, days: list[date], updates: Iterable[tuple[str, str]]
) -> None:
    values: dict[str, Any] = {
        "user": user_id,
        "days": days,
        "first": days[0],
        "last": days[-1],
        "revenue": list(REVENUE_STATUSES),
        "cash": PaymentCode.CASH_ON_DELIVERY,
        "never": NEVER,
        "ever": EVER,
    }
    for update, delete_empty in updates:
        cursor.execute(update, values)
        if cursor.fetchone()[0]:
            cursor.execute(delete_empty, values)
