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


def reprocess(action: BulkAction, batch: Batch) -> ReprocessResult:
    """Apply the current status of the action's mapping to a batch, in the caller's transaction."""
    mapping = action.mapping
    assert mapping is not None
    outcomes = _reprocess(action, mapping, batch.user_id, batch.external_ids)
    outcomes["unchanged"] += len(batch.external_ids) - outcomes.total()
    if not mapping.status:
        delete_usages(mapping, batch)
    return ReprocessResult((batch.user_id, batch.external_ids[-1]), outcomes)


def _all_statuses(action: BulkAction, mapping: StatusMapping) -> set[str]:
    """Return every status that the word has ever been mapped to."""
    earlier = BulkAction.objects.filter(mapping=mapping).values_list("previous_status", flat=True)
    return {*earlier, action.previous_status, mapping.status} - {""}


def _reprocess(
    action: BulkAction, mapping: StatusMapping, user_id: uuid.UUID, external_ids: Collection[str]
) -> "Counter[str]":
    integration = (
        Integration.objects.select_related("user")
        .filter(user_id=user_id, provider=mapping.provider)
        .first()
    )
    if integration is None:
        return Counter(skipped=len(external_ids))
    lock_user(user_id)
    statuses = _all_statuses(action, mapping)
    if mapping.field == StatusField.SUBSCRIPTION:
        return subscriptions.apply_or_revert(action, mapping, integration, external_ids, statuses)
    change = sales.apply if mapping.status else sales.revert
    return change(action, mapping, integration, external_ids, statuses)
