"""Compute the commissions, fees and net of an integration's sales again, batch by batch."""

import uuid
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Q, QuerySet

from flowzz.core.db.bulk_upsert import upsert
from flowzz.core.db.locks import lock_user
from integrations.models import Integration
from integrations.providers.registry import get_provider
from sales.models import Sale
from sales.money import EARNINGS_FIELDS
from sales.sale_changes import set_values

BATCH_SALES: Final = 500


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last sale of a batch."""

    sale_date: datetime
    id: uuid.UUID


def count_sales(integration: Integration) -> int:
    return _sales(integration).count()


def recalculate(
    integration: Integration, after: Cursor | None
) -> "tuple[Cursor, Counter[str]] | None":
    """Recalculate the next batch from the stored metadata; return None at the end.

    The caller has opened a transaction. The owner's e-mail is read under the user's lock.
    """
    lock_user(integration.user_id)
    sales = list(_after(_sales(integration), after)[:BATCH_SALES])
    if not sales:
        return None
    integration = Integration.objects.select_related("user").get(id=integration.id)
    provider, owner_email = get_provider(integration.provider), integration.effective_owner_email
    changed = [
        sale
        for sale in sales
        if set_values(sale, provider.earnings(sale.metadata, owner_email).values)
    ]
    upsert(changed, update=(*EARNINGS_FIELDS, "updated_at"))
    outcomes = Counter(updated=len(changed), unchanged=len(sales) - len(changed))
    return Cursor(sales[-1].sale_date, sales[-1].id), outcomes


def _sales(integration: Integration) -> "QuerySet[Sale]":
    sales: QuerySet[Sale] = Sale.objects.owned_by(integration.user_id)
    return sales.filter(source=integration.provider)


def _after(sales: "QuerySet[Sale]", after: Cursor | None) -> "QuerySet[Sale]":
    if after:
        same_time = Q(sale_date=after.sale_date, id__gt=after.id)
        sales = sales.filter(
            Q(sale_date__gt=after.sale_date) | same_time, sale_date__gte=after.sale_date
        )
    return sales.order_by("sale_date", "id")
