"""Apply a changed mapping to one batch of orders or subscriptions."""

import uuid
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from flowzz.core.db.locks import lock_user
from integrations.models import BulkAction, Integration, StatusMapping
from integrations.providers.contracts import StatusField
from integrations.status_mappings import sales, subscriptions
from integrations.status_mappings.usages import Batch, Cursor, delete_usages
from sales.statuses import SaleStatus, ShippingStatus, SubscriptionStatus

STATUSES = {
    StatusField.ORDER: SaleStatus,
    StatusField.SHIPPING: ShippingStatus,
    StatusField.SUBSCRIPTION: SubscriptionStatus,
}


@dataclass(frozen=True, slots=True)
class ReprocessResult:
    cursor: Cursor
    outcomes: "Counter[str]"


def reprocess(
    mapping: StatusMapping, batch: Batch, *, previous_status: str = ""
) -> ReprocessResult:
    """Apply the mapping's current status to a batch. The caller has opened a transaction."""
    statuses = _all_statuses(mapping, previous_status)
    outcomes = _reprocess(mapping, batch.user_id, batch.external_ids, statuses)
    outcomes["unchanged"] += len(batch.external_ids) - outcomes.total()
    if not mapping.status:
        delete_usages(mapping, batch)
    return ReprocessResult((batch.user_id, batch.external_ids[-1]), outcomes)


def _all_statuses(mapping: StatusMapping, previous_status: str) -> set[str]:
    """Return every status that the word has ever been mapped to."""
    earlier = BulkAction.objects.filter(mapping=mapping).values_list("previous_status", flat=True)
    return {*earlier, previous_status, mapping.status} - {""}


def _reprocess(
    mapping: StatusMapping,
    user_id: uuid.UUID,
    external_ids: Collection[str],
    statuses: Collection[str],
) -> "Counter[str]":
    integration = (
        Integration.objects.select_related("user")
        .filter(user_id=user_id, provider=mapping.provider)
        .first()
    )
    if integration is None:
        return Counter(skipped=len(external_ids))
    lock_user(user_id)
    if mapping.field == StatusField.SUBSCRIPTION:
        return subscriptions.apply_or_revert(mapping, integration, external_ids, statuses)
    if mapping.status:
        return sales.apply(mapping, integration, external_ids)
    return sales.revert(mapping, integration, external_ids, statuses)
