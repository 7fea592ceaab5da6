"""The totals of clients' sales, which the package `clients` can't read."""

from decimal import Decimal

from django.db.models import Count, DecimalField, Max, OuterRef, QuerySet, Subquery, Sum
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce

from clients.models import Client
from sales.models import Sale
from sales.statuses import REVENUE_STATUSES


def with_totals(clients: "QuerySet[Client]") -> "QuerySet[Client]":
    """Annotate `sales_count`, `total_spent` (BRL, revenue only) and `last_sale_at`.

    Deleted and unassociated sales do not count. Uses subqueries, not a join: they are computed only
    for the clients of a page.
    """
    sales = Sale.objects.counted().filter(client=OuterRef("pk"))
    money = DecimalField(max_digits=14, decimal_places=2)
    return clients.annotate(
        sales_count=Coalesce(_aggregate(sales, Count("id")), 0),
        total_spent=Coalesce(
            _aggregate(sales.filter(status__in=REVENUE_STATUSES), Sum("total_price")),
            Decimal(0),
            output_field=money,
        ),
        last_sale_at=_aggregate(sales, Max("sale_date")),
    )


def _aggregate(sales: "QuerySet[Sale]", aggregate: Combinable) -> Subquery:
    grouped = sales.order_by().values("client")
    return Subquery(grouped.annotate(result=aggregate).values("result"))
