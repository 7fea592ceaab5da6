"""Sales that came with a word get its meaning, or go back to where they were before it."""

import uuid
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from integrations.ingest import SourcedOrder, apply_bisecting, ingest
from integrations.models import Integration, StatusMapping, WebhookEvent
from integrations.providers.contracts import Order, StatusField
from integrations.providers.errors import PayloadInvalid
from integrations.providers.readers import reader_for
from integrations.providers.registry import get_provider
from integrations.status_mappings.status_history import (
    ReportedStatus,
    applied_events,
    by_staff,
    reported_statuses,
)
from integrations.status_mappings.usages import SALE_FIELDS
from sales.models import Origin, Sale, SaleStatusChange
from sales.recording import ChangeSource, SaleBatch, facts_from_sale

FIRST = "PENDING"
"""Where a sale stands, on either axis, of which nothing is known."""


def give(word: StatusMapping, integration: Integration, numbers: Collection[str]) -> "Counter[str]":
    """Apply the word's meaning to those that it was said of last."""
    sales = {
        sale.external_id: sale
        for sale in Sale.objects.owned_by(integration.user_id).with_external_ids(
            word.provider, numbers
        )
    }
    events = _newest_events(integration, numbers)
    told = {number for number, event in events.items() if _is_latest(event, sales.get(number))}
    outcomes = _run_again(
        word, integration, [events[number] for number in numbers if number in told]
    )
    rest = [number for number in numbers if number not in told]
    return outcomes + _give_directly(word, integration.user_id, rest) if rest else outcomes


def revert(
    word: StatusMapping, integration: Integration, numbers: Collection[str], given: Collection[str]
) -> "Counter[str]":
    """Undo what the meanings that a word was ever `given` did: the sales wait for another."""
    axis, unknown = SALE_FIELDS[StatusField(word.axis)]
    ledger = SaleBatch.load(integration.user_id, word.provider, numbers)
    spoken = [sale for sale in _spoken(word, ledger, numbers) if not getattr(sale, unknown)]
    told = reported_statuses(word, integration, [sale.external_id for sale in spoken])
    changes = _changes(axis, spoken)
    outcomes: Counter[str] = Counter()
    for sale in spoken:
        seen, telling = by_staff(word, sale), told.get(sale.external_id, ReportedStatus())
        before = _state_before(changes[sale.id], given, telling.since)
        if before:
            ledger.update(sale, facts_from_sale(sale, **{axis: before}), seen)
        facts = facts_from_sale(sale, **{unknown: word.word})
        outcomes[ledger.update(sale, facts, seen).outcome] += 1
    ledger.save()
    return outcomes


def _spoken(word: StatusMapping, ledger: SaleBatch, numbers: Collection[str]) -> list[Sale]:
    """Those of which the word was said last."""
    provider, field = get_provider(word.provider), StatusField(word.axis)
    normalized = provider.normalize_word(word.word)
    return [
        sale
        for sale in filter(None, map(ledger.get, numbers))
        if provider.normalize_word(provider.status_word(sale.metadata, field)) == normalized
    ]


def _changes(axis: str, sales: Collection[Sale]) -> dict[uuid.UUID, list[SaleStatusChange]]:
    """On one axis, by sale, the newest first."""
    found: dict[uuid.UUID, list[SaleStatusChange]] = defaultdict(list)
    for change in SaleStatusChange.objects.filter(sale__in=sales, field=axis).order_by("-id"):
        found[change.sale_id].append(change)
    return found


def _state_before(
    changes: Iterable[SaleStatusChange], given: Collection[str], since: datetime | None
) -> str:
    """Where the word found a sale that it was said of `since` then; empty where it moved nothing.

    The changes are the newest first. Where no event can tell since when, all that led to one of
    the word's meanings counts as its doing.
    """
    state = ""
    for change in changes:
        if change.to_status not in given or (since and change.changed_at < since):
            break
        state = change.from_status or FIRST
    return state


def _newest_events(integration: Integration, numbers: Collection[str]) -> dict[str, WebhookEvent]:
    """Of each number, the event that was applied last, where it has its body yet."""
    events = applied_events(integration, numbers)
    newest = events.order_by("external_id", "-received_at", "-id").distinct("external_id")
    return {event.external_id: event for event in newest}


def _is_latest(event: WebhookEvent, sale: Sale | None) -> bool:
    return sale is None or event.received_at >= sale.observed_at


def _run_again(
    word: StatusMapping, integration: Integration, events: Collection[WebhookEvent]
) -> "Counter[str]":
    reader = reader_for(integration)
    observed = []
    for event in events:
        try:
            payload = reader.parse_webhook(event.body or b"", event.headers).payload
        except PayloadInvalid:
            continue
        if isinstance(payload, Order) and word.id in payload.used_mappings:
            seen = ChangeSource(
                observed_at=event.received_at,
                origin=Origin.EVENT,
                origin_id=event.id,
                is_snapshot=True,
            )
            observed.append(SourcedOrder(payload, seen))
    outcomes: Counter[str] = Counter()

    def apply(part: Sequence[SourcedOrder]) -> None:
        outcomes.update(str(result.outcome) for result in ingest(integration, part))

    def reject(_: SourcedOrder, error: Exception) -> None:
        outcomes["quarantined"] += 1

    apply_bisecting(observed, apply, reject)
    return outcomes


def _give_directly(
    word: StatusMapping, user_id: uuid.UUID, numbers: Collection[str]
) -> "Counter[str]":
    axis, unknown = SALE_FIELDS[StatusField(word.axis)]
    ledger = SaleBatch.load(user_id, word.provider, numbers)
    outcomes: Counter[str] = Counter()
    for sale in _spoken(word, ledger, numbers):
        facts = facts_from_sale(sale, **{axis: word.meaning, unknown: ""})
        outcomes[ledger.update(sale, facts, by_staff(word, sale)).outcome] += 1
    ledger.save()
    return outcomes
