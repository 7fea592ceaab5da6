"""What a replay, or a meaning, would do: done for real, looked at, and rolled back."""

import time
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import groupby
from operator import attrgetter
from typing import TypeAlias
from uuid import UUID

from django.contrib.admin.utils import label_for_field
from django.db import transaction
from django.db.models import QuerySet

from flowzz.core.db.locks import lock_user
from flowzz.core.formatting import reais
from integrations.inbox.failure_reasons import explain
from integrations.inbox.processing import EventResult, parse_events, process
from integrations.models import EventOutcome, EventState, Integration, StatusMapping, WebhookEvent
from integrations.providers.contracts import StatusField
from integrations.status_mappings.reprocess import reprocess
from integrations.status_mappings.subscriptions import subscriptions_of
from integrations.status_mappings.usages import START, Batch, count, next_batch
from sales.models import Sale, Subscription

LIMIT = 500
"""Events that a preview tries; the first of the group."""
SECONDS = 5.0
"""After this long it says what it has seen."""
EXAMPLES = 20
REFUSED = "quarantined"
WOULD = {
    EventOutcome.CREATED: "Criaria",
    EventOutcome.UPDATED: "Atualizaria",
    EventOutcome.UNCHANGED: "Não mudaria nada",
    EventOutcome.DUPLICATE: "Seria repetido",
    EventOutcome.STALE: "Chegaria fora de ordem",
    EventOutcome.DISCONNECTED: "Não seria aplicado: integração desconectada",
    EventOutcome.DISCARDED: "Seria descartado",
    REFUSED: "Continuaria em quarentena",
}
"""Outcomes in the words of what hasn't happened."""
SHOWN = {
    Sale: (
        "status",
        "shipping_status",
        "unknown_status",
        "unknown_shipping_status",
        "total_price",
        "quantity",
        "product_name",
    ),
    Subscription: ("status", "unknown_status"),
}

Row: TypeAlias = Sale | Subscription


@dataclass(frozen=True, slots=True)
class Change:
    """A field as people read it; `before` is empty for a new sale."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseen:
    """What would become of one event, sale or subscription."""

    number: str
    outcome: str
    event: WebhookEvent | None = None
    error: str = ""
    changes: Sequence[Change] = ()

    @property
    def label(self) -> str:
        return WOULD[self.outcome]


@dataclass(slots=True)
class Preview:
    total: int
    tried: int = 0
    outcomes: "Counter[str]" = field(default_factory=Counter)
    examples: list[Foreseen] = field(default_factory=list)

    @property
    def is_partial(self) -> bool:
        return self.tried < self.total

    def count(self, tried: int, outcomes: "Counter[str]", examples: Iterable[Foreseen]) -> None:
        """Count all, and keep some, those that change something before the others."""
        self.tried += tried
        self.outcomes.update(outcomes)
        telling = sorted(examples, key=lambda one: not one.changes)
        self.examples += telling[: EXAMPLES - len(self.examples)]


def of_replay(
    events: "QuerySet[WebhookEvent]", total: int, integration: Integration | None = None
) -> Preview:
    """What replaying the first of `events` would do; with an `integration`, as that one's."""
    preview, deadline = Preview(total), time.monotonic() + SECONDS
    rows = events.filter(payload__isnull=False).select_related("integration__user", "payload")
    first = list(rows.order_by("received_at", "id")[:LIMIT])
    for event in first:
        event.is_replay = True
        event.integration = integration or event.integration
    owned = sorted(
        (event for event in first if event.integration), key=attrgetter("integration_id")
    )
    for _, part in groupby(owned, key=attrgetter("integration_id")):
        if time.monotonic() > deadline:
            break
        foreseen = _try(list(part))
        preview.count(len(foreseen), Counter(one.outcome for one in foreseen), foreseen)
    return preview


def of_meaning(word: StatusMapping, meaning: str) -> Preview:
    """What giving a word this meaning, or none, would do to the first that came with it."""
    preview, deadline = Preview(count(word)), time.monotonic() + SECONDS
    with transaction.atomic():
        word = StatusMapping.objects.get(id=word.id)
        replaced, word.meaning = word.meaning, meaning
        word.save(update_fields=["meaning"])
        position = START
        while preview.tried < LIMIT and time.monotonic() < deadline:
            batch = next_batch(word, position)
            if batch is None:
                break
            before = _rows_of(word, batch)
            done = reprocess(word, batch, before=replaced)
            after = _rows_of(word, batch)
            position = done.position
            preview.count(len(batch.numbers), done.outcomes, _compared(before, after))
        transaction.set_rollback(True)
    return preview


def _try(events: Sequence[WebhookEvent]) -> list[Foreseen]:
    """One integration's events, through the same doors as a worker takes them."""
    integration = events[0].integration
    assert integration is not None
    with transaction.atomic():
        lock_user(integration.user_id)
        readings, verdicts = parse_events(integration, events)
        numbers = {reading.external_id for reading in readings}
        before = _sales(integration.provider, integration.user_id, numbers)
        verdicts += process(integration, readings)
        after = _sales(integration.provider, integration.user_id, numbers)
        transaction.set_rollback(True)
    return [_foreseen(verdict, before, after) for verdict in verdicts]


def _foreseen(verdict: EventResult, before: dict[str, Sale], after: dict[str, Sale]) -> Foreseen:
    number = verdict.external_id
    is_refused = verdict.state in (EventState.QUARANTINED, EventState.RETRY)
    return Foreseen(
        number=number,
        event=verdict.event,
        outcome=REFUSED if is_refused else verdict.outcome,
        error=verdict.error or (explain(verdict.reason).title if verdict.reason else ""),
        changes=[] if is_refused else _changes(before.get(number), after.get(number)),
    )


def _compared(before: Mapping[str, Row], after: Mapping[str, Row]) -> Iterable[Foreseen]:
    for number, row in after.items():
        changes = _changes(before.get(number), row)
        outcome = EventOutcome.UPDATED if changes else EventOutcome.UNCHANGED
        yield Foreseen(number=number, outcome=outcome, changes=changes)


def _rows_of(word: StatusMapping, batch: Batch) -> Mapping[str, Row]:
    if word.axis != StatusField.SUBSCRIPTION:
        return _sales(word.provider, batch.user_id, batch.numbers)
    rows = subscriptions_of(word, batch.user_id, batch.numbers)
    return {row.subscription_hash: row for row in rows}


def _sales(source: str, user_id: UUID, numbers: Collection[str]) -> dict[str, Sale]:
    rows = Sale.objects.filter(user_id=user_id).with_external_ids(source, list(numbers))
    return {sale.external_id: sale for sale in rows}


def _changes(before: Row | None, after: Row | None) -> list[Change]:
    """What becomes empty is not told: another field says what came instead."""
    if after is None:
        return []
    model = type(after)
    pairs = ((name, _shown(before, name), _shown(after, name)) for name in SHOWN[model])
    return [
        Change(str(label_for_field(name, model)), was, becomes)
        for name, was, becomes in pairs
        if becomes and was != becomes
    ]


def _shown(row: Row | None, name: str) -> str:
    if row is None:
        return ""
    display = getattr(row, f"get_{name}_display", None)
    value = display() if display else getattr(row, name)
    return reais(value) if isinstance(value, Decimal) else str(value)
