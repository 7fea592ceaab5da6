"""The dashboard's numbers for a range of days. Money is BRL."""

import uuid
from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from operator import attrgetter

from sales.models.daily_stats import Dimension
from sales.money import PaymentCode, unit_price
from sales.stats import daily_stats
from sales.stats.funnel import Count, Funnel, Stage, add_up, ratio, stage_of
from sales.stats.range_totals import Breakdown, DayRevenue, PeriodTotals, Total, fetch_totals
from sales.statuses import REVENUE_STATUSES, SaleStatus, ShippingStatus

TOP = 10


@dataclass(frozen=True, slots=True)
class NamedCount:
    name: str
    count: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentFigures:
    """The sales with one payment code; empty for those without a payment method."""

    name: str
    count: Count
    paid: Count
    approval_rate: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The figures of one period. Deleted and unassociated sales are excluded from all of them."""

    first: date
    last: date
    revenue: Decimal
    sales: int
    paid_sales: int
    average_ticket: Decimal
    """Revenue per paid sale, rounded half-up to the cent; zero without a paid sale."""
    approval_rate: Decimal | None
    """Paid sales ÷ sales with a final status, which is any but PENDING; None without such."""
    net: Count
    """The paid sales whose net is known; `fees` and `own_commission` likewise."""
    fees: Count
    own_commission: Count
    by_status: list[NamedCount]
    by_shipping_status: list[NamedCount]
    by_payment_code: list[PaymentFigures]
    refunds: Count
    cash_on_delivery: Funnel
    new_clients: int
    """Clients whose first sale lies in the period."""
    returning_clients: int
    """Clients who bought in the period and before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DashboardStats:
    current: Figures
    previous: Figures
    """The figures of the period of equal length before."""
    top_products: list[Breakdown]
    top_campaigns: list[Breakdown]
    cash_on_delivery_by: dict[Dimension, list[Breakdown]]
    """Those with the most cash-on-delivery sales."""
    revenue_by_day: list[DayRevenue]
    """Every day of the range, in order."""


def dashboard_stats(user_id: uuid.UUID, first: date, last: date) -> DashboardStats:
    """Return the numbers of the days from `first` to `last`, both included, in local time."""
    daily_stats.refresh(user_id)
    fetched = fetch_totals(user_id, first, last)
    before = first - timedelta(days=1)
    return DashboardStats(
        current=_figures(fetched.current, first, last),
        previous=_figures(fetched.previous, before - (last - first), before),
        top_products=_top(fetched.breakdowns, Dimension.PRODUCT, _revenue),
        top_campaigns=_top(fetched.breakdowns, Dimension.CAMPAIGN, _revenue),
        cash_on_delivery_by={
            dimension: _top(fetched.breakdowns, dimension, _cash_on_delivery)
            for dimension in Dimension
        },
        revenue_by_day=_every_day(fetched.revenue_by_day, first, last),
    )


def _figures(period: PeriodTotals, first: date, last: date) -> Figures:
    totals = period.totals
    by_status = _grouped(totals, attrgetter("status"))
    paid = [total for status in REVENUE_STATUSES for total in by_status[status]]
    revenue = add_up(paid)
    by_code = _grouped(totals, attrgetter("payment_code"))
    return Figures(
        first=first,
        last=last,
        revenue=revenue.value,
        sales=add_up(totals).sales,
        paid_sales=revenue.sales,
        average_ticket=unit_price(revenue.value, revenue.sales),
        approval_rate=_approval_rate(totals, revenue.sales),
        net=add_up(paid, "known_nets", "net"),
        fees=add_up(paid, "known_fees", "fees"),
        own_commission=add_up(paid, "known_commissions", "commission"),
        by_status=[NamedCount(name, add_up(by_status[name])) for name in SaleStatus.values],
        by_shipping_status=[
            NamedCount(name, _with_shipping_status(totals, name)) for name in ShippingStatus.values
        ],
        by_payment_code=[
            _payment_figures(code, by_code[code]) for code in (*PaymentCode.values, "")
        ],
        refunds=add_up(by_status[SaleStatus.REFUNDED]),
        cash_on_delivery=_funnel(by_code[PaymentCode.CASH_ON_DELIVERY]),
        new_clients=period.new_clients,
        returning_clients=period.returning_clients,
    )


def _with_shipping_status(totals: Collection[Total], name: str) -> Count:
    return add_up(totals, f"{name.lower()}_sales", f"{name.lower()}_value")


def _payment_figures(code: str, totals: list[Total]) -> PaymentFigures:
    paid = add_up([total for total in totals if total.status in REVENUE_STATUSES])
    return PaymentFigures(
        name=code, count=add_up(totals), paid=paid, approval_rate=_approval_rate(totals, paid.sales)
    )


def _approval_rate(totals: list[Total], paid: int) -> Decimal | None:
    final = add_up([total for total in totals if total.status != SaleStatus.PENDING])
    return ratio(paid, final.sales)


def _funnel(cash: list[Total]) -> Funnel:
    stages: dict[Stage, list[Count]] = {stage: [] for stage in Stage}
    for total in cash:
        for name in ShippingStatus.values:
            stages[stage_of(total.status, name)].append(_with_shipping_status([total], name))
    return Funnel(
        {stage: add_up(counts) for stage, counts in stages.items()},
        int(sum(total.deliveries for total in cash)),
        int(sum(total.delivery_days for total in cash)),
    )


def _grouped(totals: list[Total], key: Callable[[Total], str]) -> defaultdict[str, list[Total]]:
    groups = defaultdict(list)
    for total in totals:
        groups[key(total)].append(total)
    return groups


def _revenue(row: Breakdown) -> tuple[Decimal, Decimal]:
    return row.value, row.sums[0]


def _cash_on_delivery(row: Breakdown) -> tuple[Decimal, Decimal]:
    return row.cash_sales, row.cash_value


def _top(
    rows: list[Breakdown], dimension: Dimension, size: Callable[[Breakdown], tuple[Decimal, ...]]
) -> list[Breakdown]:
    """Return the largest of a dimension; those of size zero are left out."""
    sized = [(size(row), row) for row in rows if row.dimension == dimension]
    sized.sort(key=lambda pair: (*(-part for part in pair[0]), pair[1].name))
    return [row for parts, row in sized[:TOP] if any(parts)]


def _every_day(revenues: list[DayRevenue], first: date, last: date) -> list[DayRevenue]:
    by_day = {revenue.day: revenue for revenue in revenues}
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return [by_day.get(day) or DayRevenue(day) for day in days]
