"""The totals of a filtered list, which never cost more than a bounded look."""

from dataclasses import dataclass
from decimal import Decimal

from django.db import OperationalError, connection, transaction
from django.db.models import Count, Q, QuerySet, Sum

from flowzz.core.formatting import reais
from sales.models import Sale
from sales.statuses import REVENUE_STATUSES

MOST = 100_000
TIMEOUT_MS = 2_000


@dataclass(frozen=True, slots=True)
class Totals:
    """Of at most `MOST` sales; money in BRL. Deleted sales are no revenue."""

    count: int
    revenue: str
    ticket: str


def totals_of(sales: "QuerySet[Sale]") -> Totals | None:
    """None where there are too many, or they take too long to add up."""
    some = sales.order_by().values("total_price", "status", "deleted_at")[: MOST + 1]
    earned = Q(status__in=REVENUE_STATUSES, deleted_at=None)
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = {TIMEOUT_MS}")
            found = some.aggregate(
                count=Count("*"),
                sold=Count("status", filter=earned),
                revenue=Sum("total_price", filter=earned),
            )
    except OperationalError:
        return None
    if found["count"] > MOST:
        return None
    revenue = found["revenue"] or Decimal(0)
    ticket = revenue / found["sold"] if found["sold"] else Decimal(0)
    return Totals(found["count"], reais(revenue), reais(ticket))
