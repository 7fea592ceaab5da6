"""A batch of what came with a word, looked at again now that the word's meaning is another."""

import uuid
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from clients.sellers import hold_seller
from integrations.meanings import sales, subscriptions
from integrations.meanings.sightings import Batch, Position, forget
from integrations.models import BulkAction, Integration, UnknownStatus
from integrations.models.words import WordAxis
from sales.statuses import SaleStatus, ShippingStatus, SubscriptionStatus

STATES = {
    WordAxis.ORDER: SaleStatus,
    WordAxis.SHIPPING: ShippingStatus,
    WordAxis.SUBSCRIPTION: SubscriptionStatus,
}


@dataclass(frozen=True, slots=True)
class Reread:
    position: Position
    outcomes: "Counter[str]"


def reread(word: UnknownStatus, batch: Batch, *, before: str = "") -> Reread:
    """Apply a word's meaning of now to a batch; `before` is the one it replaces.

    The caller has a transaction open.
    """
    outcomes = _apply(word, batch.user_id, batch.numbers, _given(word, before))
    outcomes["unchanged"] += len(batch.numbers) - outcomes.total()
    if not word.meaning:
        forget(word, batch)
    return Reread((batch.user_id, batch.numbers[-1]), outcomes)


def _given(word: UnknownStatus, before: str) -> set[str]:
    """The meanings that a word has ever had."""
    earlier = BulkAction.objects.filter(word=word).values_list("meaning_before", flat=True)
    return {*earlier, before, word.meaning} - {""}


def _apply(
    word: UnknownStatus, user_id: uuid.UUID, numbers: Collection[str], given: Collection[str]
) -> "Counter[str]":
    integration = (
        Integration.objects.select_related("user")
        .filter(user_id=user_id, provider=word.provider)
        .first()
    )
    if integration is None:
        return Counter(skipped=len(numbers))
    hold_seller(user_id)
    if word.axis == WordAxis.SUBSCRIPTION:
        return subscriptions.reread(word, integration, numbers, given)
    if word.meaning:
        return sales.give(word, integration, numbers)
    return sales.take_back(word, integration, numbers, given)
