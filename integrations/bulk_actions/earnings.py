"""Compute the commissions, fees and net of an integration's sales again, batch by batch."""

import uuid
from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

from django.db.models import Q, QuerySet

from flowzz.core.db.bulk_upsert import upsert
from flowzz.core.db.keyset import behind
from flowzz.core.db.locks import lock_user
from integrations.models import Integration
from integrations.providers.registry import get_provider
from sales.models import Sale
from sales.money import EARNINGS_FIELDS
from sales.sale_changes import set_values

BATCH_SALES: Final = 500
ORDER: Final = ("sale_date", "id")

Cursor = tuple[datetime | None, uuid.UUID | None]
"""The last sale of a batch."""


def count_sales(integration: Integration) -> int:
    return _sales(integration).count()


def recalculate(
    integration: Integration, after: Cursor | None
) -> "tuple[Cursor, Counter[str]] | None":
    """Recalculate the next batch from the stored metadata; return None at the end.

    The caller has opened a transaction. The owner's e-mail is read under the user's lock.
    """
    lock_user(integration.user_id)
    rest = _sales(integration).filter(behind(ORDER, after) if after else Q())
    sales = list(rest.order_by(*ORDER)[:BATCH_SALES])
    if not sales:
        return None
    integration = Integration.objects.select_related("user").get(id=integration.id)
    changed = _derive(integration, sales)
    outcomes = Counter(updated=changed, unchanged=len(sales) - changed)
    return (sales[-1].sale_date, sales[-1].id), outcomes


def recalculate_merged(
    *, user_id: uuid.UUID, source: str, sale_ids: Collection[uuid.UUID], **_: object
) -> None:
    """Recalculate sales that staff merged or separated. Receives `merges.sales_merged`."""
    owned = Integration.objects.select_related("user").filter(user_id=user_id, provider=source)
    if integration := owned.first():
        _derive(integration, list(Sale.objects.filter(id__any_of=sale_ids)))


def _derive(integration: Integration, sales: Sequence[Sale]) -> int:
    """Store what the sales' metadata report; return how many sales changed."""
    provider, owner_email = get_provider(integration.provider), integration.effective_owner_email
    changed = [
        sale
        for sale in sales
        if set_values(sale, provider.earnings(sale.metadata, owner_email).values)
    ]
    upsert(changed, update=(*EARNINGS_FIELDS, "updated_at"))
    return len(changed)


def _sales(integration: Integration) -> "QuerySet[Sale]":
    sales: QuerySet[Sale] = Sale.objects.owned_by(integration.user_id)
    return sales.filter(source=integration.provider)
