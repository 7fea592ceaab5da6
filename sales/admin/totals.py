"""The totals of a filtered list of sales, limited in rows and in time."""

from dataclasses import dataclass
from decimal import Decimal

from django.db import OperationalError, connection, transaction
from django.db.models import Count, Q, QuerySet, Sum

from flowzz.core.formatting import format_reais
from sales.models import Sale
from sales.statuses import REVENUE_STATUSES

MAX_SALES = 100_000
TIMEOUT_MS = 2_000


@dataclass(frozen=True, slots=True)
class Totals:
    """Totals of at most `MAX_SALES` sales; money in BRL. Deleted sales add no revenue.

    Unassociated sales are left out.
    """

    count: int
    revenue: str
    ticket: str


def calculate_totals(sales: "QuerySet[Sale]") -> Totals | None:
    """Return None if there are too many sales, or adding them up takes too long."""
    counted = sales.order_by().filter(is_associated=True)
    limited = counted.values("total_price", "status", "deleted_at")[: MAX_SALES + 1]
    is_revenue = Q(status__in=REVENUE_STATUSES, deleted_at=None)
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = {TIMEOUT_MS}")
            sums = limited.aggregate(
                count=Count("*"),
                sold=Count("status", filter=is_revenue),
                revenue=Sum("total_price", filter=is_revenue),
            )
    except OperationalError:
        return None
    if sums["count"] > MAX_SALES:
        return None
    revenue = sums["revenue"] or Decimal(0)
    ticket = revenue / sums["sold"] if sums["sold"] else Decimal(0)
    return Totals(sums["count"], format_reais(revenue), format_reais(ticket))
