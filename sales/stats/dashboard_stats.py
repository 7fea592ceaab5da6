"""The dashboard's numbers for a range of days. Money is BRL."""

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from sales.models.daily_stats import Dimension
from sales.money import PaymentCode
from sales.sale_changes import unit_price
from sales.stats import daily_stats
from sales.stats.daily_stats import Breakdown, DayRevenue, PeriodTotals, Total
from sales.stats.funnel import Count, Funnel, Stage, ratio, stage_of
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
    """Of the paid sales whose net is known; `fees` and `own_commission` alike."""
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
    """Of the period of equal length before."""
    top_products: list[Breakdown]
    top_campaigns: list[Breakdown]
    cash_on_delivery_by: dict[Dimension, list[Breakdown]]
    """Those with the most cash-on-delivery sales."""
    revenue_by_day: list[DayRevenue]
    """Every day of the range, in order."""


def dashboard_stats(user_id: uuid.UUID, first: date, last: date) -> DashboardStats:
    """Return the numbers of the days from `first` to `last`, both included, in local time."""
    daily_stats.refresh(user_id)
    fetched = daily_stats.fetch_totals(user_id, first, last)
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
    paid = [total for total in totals if total.status in REVENUE_STATUSES]
    revenue = _sum(total.count for total in paid)
    refunded = (total.count for total in totals if total.status == SaleStatus.REFUNDED)
    return Figures(
        first=first,
        last=last,
        revenue=revenue.value,
        sales=sum(total.count.sales for total in totals),
        paid_sales=revenue.sales,
        average_ticket=unit_price(revenue.value, revenue.sales),
        approval_rate=_approval_rate(totals),
        net=_sum(total.net for total in paid),
        fees=_sum(total.fees for total in paid),
        own_commission=_sum(total.commission for total in paid),
        by_status=_by_name(totals, SaleStatus.values, lambda total: total.status),
        by_shipping_status=_by_name(
            totals, ShippingStatus.values, lambda total: total.shipping_status
        ),
        by_payment_code=[_payment_figures(totals, code) for code in (*PaymentCode.values, "")],
        refunds=_sum(refunded),
        cash_on_delivery=_funnel(totals),
        new_clients=period.new_clients,
        returning_clients=period.returning_clients,
    )


def _payment_figures(totals: list[Total], code: str) -> PaymentFigures:
    matching = [total for total in totals if total.payment_code == code]
    return PaymentFigures(
        name=code,
        count=_sum(total.count for total in matching),
        paid=_sum(total.count for total in matching if total.status in REVENUE_STATUSES),
        approval_rate=_approval_rate(matching),
    )


def _approval_rate(totals: list[Total]) -> Decimal | None:
    paid = sum(total.count.sales for total in totals if total.status in REVENUE_STATUSES)
    final = sum(total.count.sales for total in totals if total.status != SaleStatus.PENDING)
    return ratio(paid, final)


def _funnel(totals: list[Total]) -> Funnel:
    cash = [total for total in totals if total.payment_code == PaymentCode.CASH_ON_DELIVERY]
    stages = [(stage_of(total.status, total.shipping_status), total.count) for total in cash]
    return Funnel(
        {stage: _sum(count for name, count in stages if name == stage) for stage in Stage},
        sum(total.deliveries for total in cash),
        sum(total.delivery_days for total in cash),
    )


def _by_name(
    totals: list[Total], names: list[str], name_of: Callable[[Total], str]
) -> list[NamedCount]:
    """Return a count for every name, in their order, zero where there is none."""
    return [
        NamedCount(name, _sum(total.count for total in totals if name_of(total) == name))
        for name in names
    ]


def _sum(counts: Iterable[Count]) -> Count:
    return sum(counts, Count())


def _revenue(row: Breakdown) -> tuple[Decimal, Decimal]:
    return row.value, Decimal(row.sales)


def _cash_on_delivery(row: Breakdown) -> tuple[Decimal, Decimal]:
    return Decimal(row.funnel.total.sales), row.funnel.total.value


def _top(
    rows: list[Breakdown], dimension: Dimension, size: Callable[[Breakdown], tuple[Decimal, ...]]
) -> list[Breakdown]:
    """Return the largest of a dimension; those of size zero are left out."""
    matching = [row for row in rows if row.dimension == dimension and any(size(row))]
    return sorted(matching, key=lambda row: (*(-part for part in size(row)), row.name))[:TOP]


def _every_day(revenues: list[DayRevenue], first: date, last: date) -> list[DayRevenue]:
    by_day = {revenue.day: revenue for revenue in revenues}
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return [by_day.get(day) or DayRevenue(day) for day in days]
