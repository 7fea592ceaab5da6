"""Apply a mapping to subscriptions. Their only status history is what their events report."""

from collections import Counter
from collections.abc import Collection
from itertools import chain
from uuid import UUID

from django.db.models import Q, QuerySet

from integrations.models import BulkAction, Integration, StatusMapping
from integrations.providers.registry import get_provider
from integrations.status_mappings.status_history import (
    ReportedStatus,
    mapping_source,
    reported_statuses,
)
from sales.facts import SubscriptionFacts
from sales.models import Sale, Subscription, SubscriptionCycle
from sales.recording import Outcome
from sales.statuses import SubscriptionStatus
from sales.subscriptions import SubscriptionBatch


def apply_or_revert(
    action: BulkAction,
    mapping: StatusMapping,
    integration: Integration,
    external_ids: Collection[str],
    statuses: Collection[str],
) -> "Counter[str]":
    """Apply the mapping's status or, if it has none, restore the status before the word."""
    rows = {
        row.subscription_hash: row
        for row in find_subscriptions(mapping, integration.user_id, external_ids)
    }
    cycles = SubscriptionCycle.objects.filter(subscription__in=rows.values(), sale__isnull=False)
    orders = cycles.values_list("sale__external_id", "sale__order_hash")
    ids = {*rows, *chain.from_iterable(orders)} - {""}
    reported = reported_statuses(mapping, integration, {id_: id_ for id_ in ids})
    batch = SubscriptionBatch.load(integration.user_id, mapping.provider, rows)
    outcomes: Counter[str] = Counter()
    for subscription_hash, row in rows.items():
        status = reported.get(subscription_hash)
        if _has_word(mapping, row, status, statuses):
            outcomes[_record(batch, action, mapping, row, status or ReportedStatus())] += 1
    batch.save()
    return outcomes


def find_subscriptions(
    mapping: StatusMapping, user_id: UUID, external_ids: Collection[str]
) -> "QuerySet[Subscription]":
    """Return the subscriptions with these hashes, or with a cycle paid by one of these orders."""
    sales = Sale.objects.owned_by(user_id).with_order_ids(mapping.provider, external_ids)
    renewed = SubscriptionCycle.objects.filter(sale__in=sales)
    return Subscription.objects.filter(
        Q(subscription_hash__in=external_ids)
        | Q(id__in=list(renewed.values_list("subscription", flat=True))),
        user_id=user_id,
        source=mapping.provider,
    )


def _has_word(
    mapping: StatusMapping,
    row: Subscription,
    reported: ReportedStatus | None,
    statuses: Collection[str],
) -> bool:
    """Return whether the last reported word is the mapping's; without events, by the row."""
    if reported:
        return reported.since is not None
    normalize = get_provider(mapping.provider).normalize_word
    is_same_word = row.unknown_status and normalize(row.unknown_status) == normalize(mapping.word)
    return bool(is_same_word) or (not row.unknown_status and row.status in statuses)


def _record(
    batch: SubscriptionBatch,
    action: BulkAction,
    mapping: StatusMapping,
    row: Subscription,
    reported: ReportedStatus,
) -> Outcome:
    def record(status: str, unknown_status: str = "") -> Outcome:
        facts = SubscriptionFacts(
            subscription_hash=row.subscription_hash,
            status=SubscriptionStatus(status),
            unknown_status=unknown_status,
        )
        return batch.record(facts, None, None, mapping_source(action, row.observed_at))

    if mapping.status:
        return record(mapping.status)
    if row.unknown_status:
        return Outcome.UNCHANGED
    record(reported.previous_status or SubscriptionStatus.PENDING)
    return record(SubscriptionStatus.PENDING, mapping.word)
