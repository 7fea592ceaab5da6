"""The dashboard: what a user's sales of a range of days come to. Money is BRL."""

import uuid
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from sales.models.daily_stats import StatField
from sales.recording import unit_price
from sales.stats import daily_stats
from sales.stats.daily_stats import DayRevenue, Figure
from sales.statuses import REVENUE, SaleStatus, ShippingStatus

TOP = 10
_NOTHING = Decimal("0.00")


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """The dashboard's figures; deleted sales are left out of all of them."""

    first: date
    last: date
    revenue: Decimal
    sales: int
    paid_sales: int
    average_ticket: Decimal
    """Revenue per paid sale, half-up to the cent; zero without any."""
    by_status: list[Figure]
    by_shipping_status: list[Figure]
    refunds: Figure
    scheduled: Figure
    """Cash on delivery that is still on its way."""
    new_clients: int
    """Whose first sale of all lies in the range."""
    returning_clients: int
    """Who bought in the range and had bought before it."""
    top_products: list[Figure]
    top_campaigns: list[Figure]
    revenue_by_day: list[DayRevenue]
    """Every day of the range, in order."""


def metrics_of(user_id: uuid.UUID, first: date, last: date) -> Metrics:
    """The figures of the days from `first` to `last`, both included, in local time."""
    daily_stats.refresh(user_id)
    read = daily_stats.read(user_id, first, last)
    by_status = _each(read.totals, StatField.STATUS, SaleStatus.values)
    earned = [figure for figure in by_status if figure.name in REVENUE]
    revenue = sum((figure.value for figure in earned), _NOTHING)
    paid_sales = sum(figure.sales for figure in earned)
    return Metrics(
        first=first,
        last=last,
        revenue=revenue,
        sales=sum(figure.sales for figure in by_status),
        paid_sales=paid_sales,
        average_ticket=unit_price(revenue, paid_sales),
        by_status=by_status,
        by_shipping_status=_each(read.totals, StatField.SHIPPING, ShippingStatus.values),
        refunds=next(figure for figure in by_status if figure.name == SaleStatus.REFUNDED),
        scheduled=_each(read.totals, StatField.SCHEDULED, [""])[0],
        new_clients=read.new_clients,
        returning_clients=read.returning_clients,
        top_products=_top(read.totals, StatField.PRODUCT),
        top_campaigns=_top(read.totals, StatField.CAMPAIGN),
        revenue_by_day=_every_day(read.revenue_by_day, first, last),
    )


def _each(totals: list[Figure], axis: StatField, names: list[str]) -> list[Figure]:
    """A figure for every name, in their order."""
    found = {figure.name: figure for figure in totals if figure.axis == axis}
    return [found.get(name) or Figure(axis, name, 0, 0, _NOTHING) for name in names]


def _top(totals: list[Figure], axis: StatField) -> list[Figure]:
    of_axis = (figure for figure in totals if figure.axis == axis)
    return sorted(of_axis, key=lambda figure: (-figure.value, -figure.sales, figure.name))[:TOP]


def _every_day(earned: list[DayRevenue], first: date, last: date) -> list[DayRevenue]:
    by_day = {each.day: each for each in earned}
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return [by_day.get(day) or DayRevenue(day, 0, _NOTHING) for day in days]
