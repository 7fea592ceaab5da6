"""The stored totals of a range of days, and of the period of equal length before it."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection

from sales.models.daily_stats import EVER, NEVER
from sales.stats.daily_stats import AMOUNTS, COUNTS
from sales.stats.funnel import Count, Funnel, Stage
from sales.statuses import REVENUE_STATUSES

_DAY = timedelta(days=1)
_TOTAL, _REVENUE, _CLIENTS = "total", "revenue", "clients"


def _sums(columns: Iterable[str]) -> str:
    return ", ".join(f"sum({column})" for column in columns)


# One statement, so that all parts are read from one snapshot.
_SELECT = f"""
    WITH period (is_current, first, last) AS (VALUES {{periods}}),
    span (is_current, is_month, first, last) AS (VALUES {{spans}})
    SELECT '{_TOTAL}', is_current, ARRAY[status, payment_code],
        ARRAY[{_sums(AMOUNTS)}]
    FROM span JOIN sales_dailytotal AS total ON user_id = %(user)s
        AND total.is_month = span.is_month AND day BETWEEN first AND last
    GROUP BY is_current, status, payment_code
    UNION ALL
    SELECT '{_REVENUE}', true, ARRAY[day::text],
        ARRAY[{_sums(("sales", "value", "known_nets", "net"))}]
    FROM sales_dailytotal WHERE user_id = %(user)s AND NOT is_month
        AND day BETWEEN %(first)s AND %(last)s AND status = ANY(%(revenue)s)
    GROUP BY day
    UNION ALL
    SELECT dimension, true, ARRAY[name], ARRAY[{_sums(COUNTS)}]
    FROM span JOIN sales_dailystat AS stat ON user_id = %(user)s
        AND stat.is_month = span.is_month AND day BETWEEN first AND last
    WHERE is_current
    GROUP BY dimension, name
    UNION ALL
    SELECT '{_CLIENTS}', is_current, ARRAY[previous_day::text], ARRAY[sum(clients)]
    FROM period JOIN sales_dailyclientstat ON user_id = %(user)s AND NOT is_month
        AND previous_day IN (%(never)s, %(ever)s) AND day BETWEEN first AND last
    GROUP BY is_current, previous_day
    UNION ALL
    SELECT '{_CLIENTS}', is_current, ARRAY['within'], ARRAY[sum(clients)]
    FROM period JOIN span USING (is_current) JOIN sales_dailyclientstat AS stat
        ON user_id = %(user)s AND stat.is_month = span.is_month
        AND previous_day BETWEEN span.first AND span.last AND day <= period.last
    GROUP BY is_current
"""  # noqa: S608 - constants of this module
# "within" is subtracted: the clients whose previous sale lies in the period, too.
_CLIENT_SIGNS = {str(NEVER): (1, 0), str(EVER): (0, 1), "within": (0, -1)}


class Total(NamedTuple):
    """A sum of `DailyTotal`s."""

    status: str
    payment_code: str
    sales: Decimal
    value: Decimal
    known_commissions: Decimal
    commission: Decimal
    known_fees: Decimal
    fees: Decimal
    known_nets: Decimal
    net: Decimal
    deliveries: Decimal
    delivery_days: Decimal
    pending_sales: Decimal
    pending_value: Decimal
    shipped_sales: Decimal
    shipped_value: Decimal
    delivered_sales: Decimal
    delivered_value: Decimal
    failed_sales: Decimal
    failed_value: Decimal
    returned_sales: Decimal
    returned_value: Decimal
    cancelled_sales: Decimal
    cancelled_value: Decimal


class Breakdown(NamedTuple):
    """The revenue of the sales that share a name, such as a product, and their funnel."""

    dimension: str
    name: str
    sums: list[Decimal]
    """The sums of the columns `COUNTS`."""

    @property
    def sales(self) -> int:
        return int(self.sums[0])

    @property
    def quantity(self) -> int:
        return int(self.sums[1])

    @property
    def value(self) -> Decimal:
        return self.sums[2]

    @property
    def cash_sales(self) -> Decimal:
        return sum(self._stage_sums[::2], Decimal(0))

    @property
    def cash_value(self) -> Decimal:
        return sum(self._stage_sums[1::2], Decimal(0))

    @property
    def funnel(self) -> Funnel:
        pairs = zip(self._stage_sums[::2], self._stage_sums[1::2], strict=True)
        counts = (Count(int(sales), value) for sales, value in pairs)
        deliveries, days = self.sums[-2:]
        return Funnel(dict(zip(Stage, counts, strict=True)), int(deliveries), int(days))

    @property
    def _stage_sums(self) -> list[Decimal]:
        """The sums of `STAGE_COLUMNS`: of each stage the number of sales, then their value."""
        return self.sums[3:-2]


class DayRevenue(NamedTuple):
    day: date
    sales: int = 0
    revenue: Decimal = Decimal("0.00")
    net: Count = Count()


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


def fetch_totals(user_id: uuid.UUID, first: date, last: date) -> RangeTotals:
    """Add up the local days from `first` to `last`, both included.

    Call `daily_stats.refresh` before.
    """
    periods = {True: (first, last), False: (first - (last - first) - _DAY, first - _DAY)}
    statement = _SELECT.format(
        periods=_rows((current, *period) for current, period in periods.items()),
        spans=_rows((current, *span) for current in periods for span in _spans(*periods[current])),
    )
    values: dict[str, Any] = {
        "user": user_id,
        "first": first,
        "last": last,
        "revenue": list(REVENUE_STATUSES),
        "never": NEVER,
        "ever": EVER,
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        rows = cursor.fetchall()
    fetched = RangeTotals()
    for kind, is_current, names, sums in rows:
        period = fetched.current if is_current else fetched.previous
        if kind == _TOTAL:
            period.totals.append(Total(*names, *sums))
        elif kind == _REVENUE:
            sales, value, known_nets, net = sums
            day = date.fromisoformat(names[0])
            fetched.revenue_by_day.append(
                DayRevenue(day, int(sales), value, Count(int(known_nets), net))
            )
        elif kind == _CLIENTS:
            new, returning = _CLIENT_SIGNS[names[0]]
            period.new_clients += new * int(sums[0])
            period.returning_clients += returning * int(sums[0])
        else:
            fetched.breakdowns.append(Breakdown(kind, names[0], sums))
    return fetched


def _rows(rows: Iterable[tuple[bool | date, ...]]) -> str:
    """Return rows of SQL constants."""
    return ", ".join(f"({', '.join(map(_constant, row))})" for row in rows)


def _constant(value: bool | date) -> str:
    return str(value) if isinstance(value, bool) else f"DATE '{value}'"


def _spans(first: date, last: date) -> list[tuple[bool, date, date]]:
    """Split a range of days into whole months and the days around them.

    Each part is (whether it is of whole months, first day, last day).
    """
    month = (first - _DAY).replace(day=28) + timedelta(days=4)
    month = month.replace(day=1)  # the first one that begins in the range
    end = (last + _DAY).replace(day=1)
    if month >= end:
        return [(False, first, last)]
    parts = [(False, first, month - _DAY), (True, month, end - _DAY), (False, end, last)]
    return [part for part in parts if part[1] <= part[2]]
