"""The dashboard's numbers for a range of days. Money is BRL."""

import uuid
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from sales.models.daily_stats import Dimension
from sales.sale_changes import unit_price
from sales.stats import daily_stats
from sales.stats.daily_stats import DayRevenue, Total
from sales.statuses import REVENUE_STATUSES, SaleStatus, ShippingStatus

TOP = 10
_ZERO = Decimal("0.00")


@dataclass(frozen=True, slots=True, kw_only=True)
class DashboardStats:
    """Deleted sales are excluded from all numbers."""

    first: date
    last: date
    revenue: Decimal
    sales: int
    paid_sales: int
    average_ticket: Decimal
    """Revenue per paid sale, rounded half-up to the cent; zero without a paid sale."""
    by_status: list[Total]
    by_shipping_status: list[Total]
    refunds: Total
    scheduled: Total
    """Cash on delivery that is not delivered yet."""
    new_clients: int
    """Clients whose first sale lies in the range."""
    returning_clients: int
    """Clients who bought in the range and before it."""
    top_products: list[Total]
    top_campaigns: list[Total]
    revenue_by_day: list[DayRevenue]
    """Every day of the range, in order."""


def dashboard_stats(user_id: uuid.UUID, first: date, last: date) -> DashboardStats:
    """Return the numbers of the days from `first` to `last`, both included, in local time."""
    daily_stats.refresh(user_id)
    fetched = daily_stats.fetch_totals(user_id, first, last)
    by_status = _for_names(fetched.totals, Dimension.STATUS, SaleStatus.values)
    paid = [total for total in by_status if total.name in REVENUE_STATUSES]
    revenue = sum((total.value for total in paid), _ZERO)
    paid_sales = sum(total.sales for total in paid)
    return DashboardStats(
        first=first,
        last=last,
        revenue=revenue,
        sales=sum(total.sales for total in by_status),
        paid_sales=paid_sales,
        average_ticket=unit_price(revenue, paid_sales),
        by_status=by_status,
        by_shipping_status=_for_names(fetched.totals, Dimension.SHIPPING, ShippingStatus.values),
        refunds=next(total for total in by_status if total.name == SaleStatus.REFUNDED),
        scheduled=_for_names(fetched.totals, Dimension.SCHEDULED, [""])[0],
        new_clients=fetched.new_clients,
        returning_clients=fetched.returning_clients,
        top_products=_top(fetched.totals, Dimension.PRODUCT),
        top_campaigns=_top(fetched.totals, Dimension.CAMPAIGN),
        revenue_by_day=_every_day(fetched.revenue_by_day, first, last),
    )


def _for_names(totals: list[Total], dimension: Dimension, names: list[str]) -> list[Total]:
    """Return a total for every name, in their order, zero where there is none."""
    found = {total.name: total for total in totals if total.dimension == dimension}
    return [found.get(name) or Total(dimension, name, 0, 0, _ZERO) for name in names]


def _top(totals: list[Total], dimension: Dimension) -> list[Total]:
    matching = (total for total in totals if total.dimension == dimension)
    return sorted(matching, key=lambda total: (-total.value, -total.sales, total.name))[:TOP]


def _every_day(revenues: list[DayRevenue], first: date, last: date) -> list[DayRevenue]:
    by_day = {revenue.day: revenue for revenue in revenues}
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return [by_day.get(day) or DayRevenue(day, 0, _ZERO) for day in days]
