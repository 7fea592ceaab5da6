"""A batch of what came with a word, looked at again now that the word's meaning is another."""

import uuid
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from flowzz.core.db.locks import lock_user
from integrations.models import BulkAction, Integration, StatusMapping
from integrations.providers.contracts import StatusField
from integrations.status_mappings import sales, subscriptions
from integrations.status_mappings.usages import Batch, Position, forget
from sales.statuses import SaleStatus, ShippingStatus, SubscriptionStatus

STATES = {
    StatusField.ORDER: SaleStatus,
    StatusField.SHIPPING: ShippingStatus,
    StatusField.SUBSCRIPTION: SubscriptionStatus,
}


@dataclass(frozen=True, slots=True)
class Reprocessed:
    position: Position
    outcomes: "Counter[str]"


def reprocess(word: StatusMapping, batch: Batch, *, before: str = "") -> Reprocessed:
    """Apply a word's meaning of now to a batch; `before` is the one it replaces.

    The caller has a transaction open.
    """
    outcomes = _apply(word, batch.user_id, batch.numbers, _given(word, before))
    outcomes["unchanged"] += len(batch.numbers) - outcomes.total()
    if not word.meaning:
        forget(word, batch)
    return Reprocessed((batch.user_id, batch.numbers[-1]), outcomes)


def _given(word: StatusMapping, before: str) -> set[str]:
    """The meanings that a word has ever had."""
    earlier = BulkAction.objects.filter(mapping=word).values_list("previous_status", flat=True)
    return {*earlier, before, word.meaning} - {""}


def _apply(
    word: StatusMapping, user_id: uuid.UUID, numbers: Collection[str], given: Collection[str]
) -> "Counter[str]":
    integration = (
        Integration.objects.select_related("user")
        .filter(user_id=user_id, provider=word.provider)
        .first()
    )
    if integration is None:
        return Counter(skipped=len(numbers))
    lock_user(user_id)
    if word.axis == StatusField.SUBSCRIPTION:
        return subscriptions.reread(word, integration, numbers, given)
    if word.meaning:
        return sales.give(word, integration, numbers)
    return sales.revert(word, integration, numbers, given)
