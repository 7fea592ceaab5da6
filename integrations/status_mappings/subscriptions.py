"""Subscriptions that came with a word: their status has no history but what their events say."""

from collections import Counter
from collections.abc import Collection
from uuid import UUID

from django.db.models import Q, QuerySet

from integrations.models import Integration, StatusMapping
from integrations.status_mappings.status_history import ReportedStatus, by_staff, reported_statuses
from sales.facts import SubscriptionFacts
from sales.models import Subscription, SubscriptionCycle
from sales.recording import Outcome
from sales.statuses import SubscriptionStatus
from sales.subscriptions import SubscriptionBatch


def reread(
    word: StatusMapping, integration: Integration, numbers: Collection[str], given: Collection[str]
) -> "Counter[str]":
    """Apply the word's meaning, or take it back where it has none any more."""
    rows = {
        row.subscription_hash: row for row in subscriptions_of(word, integration.user_id, numbers)
    }
    orders = SubscriptionCycle.objects.filter(subscription__in=rows.values(), sale__isnull=False)
    renewed = orders.values_list("sale__external_id", flat=True)
    told = reported_statuses(word, integration, {*rows, *renewed})
    register = SubscriptionBatch.load(integration.user_id, word.provider, rows)
    outcomes: Counter[str] = Counter()
    for number, row in rows.items():
        telling = told.get(number)
        if _is_spoken(word, row, telling, given):
            outcomes[_record(register, word, row, telling or ReportedStatus())] += 1
    register.save()
    return outcomes


def subscriptions_of(
    word: StatusMapping, user_id: UUID, numbers: Collection[str]
) -> "QuerySet[Subscription]":
    """Those with these hashes, and those that orders with these numbers renewed."""
    renewed = SubscriptionCycle.objects.filter(
        sale__user_id=user_id, sale__source=word.provider, sale__external_id__any_of=numbers
    )
    return Subscription.objects.filter(
        Q(subscription_hash__in=numbers)
        | Q(id__in=list(renewed.values_list("subscription", flat=True))),
        user_id=user_id,
        source=word.provider,
    )


def _is_spoken(
    word: StatusMapping, row: Subscription, telling: ReportedStatus | None, given: Collection[str]
) -> bool:
    """Whether the word is what was said last; without an event, whether all looks like it."""
    if telling:
        return telling.since is not None
    return row.unknown_status == word.word or (not row.unknown_status and row.status in given)


def _record(
    register: SubscriptionBatch, word: StatusMapping, row: Subscription, telling: ReportedStatus
) -> Outcome:
    def tell(status: str, unknown: str = "") -> Outcome:
        facts = SubscriptionFacts(
            subscription_hash=row.subscription_hash,
            status=SubscriptionStatus(status),
            unknown_status=unknown,
        )
        return register.record(facts, None, None, by_staff(word, row))

    if word.meaning:
        return tell(word.meaning)
    if row.unknown_status:
        return Outcome.UNCHANGED
    tell(telling.state_before or SubscriptionStatus.PENDING)
    return tell("PENDING", word.word)
