"""The totals of a filtered list of sales, or of the sales of its rows, limited in time."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import OperationalError
from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from flowzz.core.db.statement_timeout import limited_statements
from sales.models import Sale
from sales.stats.funnel import Count as SaleCount
from sales.statuses import REVENUE_STATUSES

TIMEOUT_MS = 2_000
_COLUMNS = ("total_price", "status", "is_associated", "deleted_at")
_ALL = Q(status__isnull=False)
_NET = Coalesce("commission", F("total_price") - F("fees") - F("partner_shares"))
"""`Sale.net` in SQL."""


@dataclass(frozen=True, slots=True)
class Totals:
    """Money in BRL; `net` is of the paid sales where it is known."""

    sales: int
    uncounted: int
    """Among `sales`, and in no other figure."""
    paid_sales: int
    revenue: Decimal
    net: SaleCount
    owners: int = 0
    """The clients or subscriptions whose sales these are."""


def calculate_totals(
    sales: "QuerySet[Sale]",
    *,
    limit: int | None = None,
    counted: Q = _ALL,
    owners: "QuerySet[Any] | None" = None,
) -> Totals | None:
    """Add up sales; return None for more than `limit`, or if that takes over TIMEOUT_MS.

    Only the `counted` sales are in the figures; `owners` are counted beside them.
    """
    rows = sales.order_by().annotate(net_value=_NET)
    limited = rows.values(*_COLUMNS, "net_value")[: limit and limit + 1]
    is_paid = counted & Q(status__in=REVENUE_STATUSES)
    try:
        with limited_statements(TIMEOUT_MS):
            sums = limited.aggregate(
                sales=Count("*"),
                counted=Count("status", filter=counted),
                paid=Count("status", filter=is_paid),
                revenue=Sum("total_price", filter=is_paid, default=Decimal(0)),
                known=Count("net_value", filter=is_paid),
                net=Sum("net_value", filter=is_paid, default=Decimal(0)),
            )
            number = 0 if owners is None else owners.count()
    except OperationalError:
        return None
    if limit and sums["sales"] > limit:
        return None
    net = SaleCount(sums["known"], sums["net"])
    uncounted = sums["sales"] - sums["counted"]
    return Totals(sums["sales"], uncounted, sums["paid"], sums["revenue"], net, number)
