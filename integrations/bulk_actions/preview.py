"""Previews of a replay or of a status mapping: done in a transaction that is rolled back."""

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
from flowzz.core.formatting import format_count, format_number, format_reais
from integrations.inbox.failure_reasons import explain
from integrations.inbox.processing import EventResult, parse_events, process
from integrations.models import (
    BulkAction,
    EventOutcome,
    EventState,
    Integration,
    StatusMapping,
    WebhookEvent,
)
from integrations.models.events import first_within
from integrations.providers.contracts import StatusField
from integrations.status_mappings.reprocess import reprocess
from integrations.status_mappings.subscriptions import find_subscriptions
from integrations.status_mappings.usages import START, Batch, count_affected, next_batch
from sales.models import Sale, Subscription

MAX_ITEMS = 500
"""A preview covers the first events or sales only."""
MAX_BYTES = 2 * 1024 * 1024
"""The largest total size of the bodies of a preview's events."""
MAX_SECONDS = 0.8
MAX_EXAMPLES = 20
QUARANTINED = "quarantined"
EXPECTED_LABELS = {
    EventOutcome.CREATED: "Criaria",
    EventOutcome.UPDATED: "Atualizaria",
    EventOutcome.UNCHANGED: "Não mudaria nada",
    EventOutcome.DUPLICATE: "Seria repetido",
    EventOutcome.STALE: "Chegaria fora de ordem",
    EventOutcome.DISCONNECTED: "Não seria aplicado: integração desconectada",
    EventOutcome.DISCARDED: "Seria descartado",
    EventOutcome.TEST: "É um teste: nada mudaria",
    QUARANTINED: "Continuaria em quarentena",
}
_COMPARED_FIELDS = {
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
    """A changed field with its display values; `before` is empty for a new sale."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """The expected result for one event, sale or subscription."""

    number: str
    outcome: str
    event: WebhookEvent | None = None
    error: str = ""
    changes: Sequence[Change] = ()

    @property
    def label(self) -> str:
        return EXPECTED_LABELS[self.outcome]


@dataclass(slots=True)
class Preview:
    total: int
    tested: tuple[str, str] = ("evento testado", "eventos testados")
    """What is counted, for one and for several."""
    covered: int = 0
    outcomes: "Counter[str]" = field(default_factory=Counter)
    examples: list[Example] = field(default_factory=list)

    @property
    def is_partial(self) -> bool:
        return self.covered < self.total

    @property
    def coverage(self) -> str:
        """Say how many were tested: `12 eventos testados.`"""
        count = format_count(self.covered, *self.tested)
        if not self.is_partial:
            return f"{count}."
        total = format_number(self.total)
        return f"{count}, de {total}; os outros costumam seguir na mesma proporção."

    def add(self, covered: int, outcomes: "Counter[str]", examples: Iterable[Example]) -> None:
        """Count a batch, and store its first examples, those with changes before the others."""
        self.covered += covered
        self.outcomes.update(outcomes)
        changed_first = sorted(examples, key=lambda example: not example.changes)
        self.examples += changed_first[: MAX_EXAMPLES - len(self.examples)]


def preview_replay(
    events: "QuerySet[WebhookEvent]", total: int, integration: Integration | None = None
) -> Preview:
    """Preview the replay of `events`, all of them assigned to `integration` if given."""
    preview, deadline = Preview(total), time.monotonic() + MAX_SECONDS
    rows = events.filter(payload__isnull=False)
    tested = first_within(rows, count=MAX_ITEMS, size=MAX_BYTES)
    first = list(tested.select_related("integration__user", "payload"))
    for event in first:
        event.is_replay = True
        event.integration = integration or event.integration
    by_integration = attrgetter("integration_id")
    owned = sorted((event for event in first if event.integration), key=by_integration)
    for _, part in groupby(owned, key=by_integration):
        if time.monotonic() > deadline:
            break
        examples = _replay_and_roll_back(list(part))
        preview.add(len(examples), Counter(example.outcome for example in examples), examples)
    return preview


def preview_mapping(mapping: StatusMapping, status: str) -> Preview:
    """Preview a mapping to `status`, or the removal of a mapping if `status` is empty."""
    tested = (
        ("assinatura testada", "assinaturas testadas")
        if mapping.field == StatusField.SUBSCRIPTION
        else ("pedido testado", "pedidos testados")
    )
    preview, deadline = Preview(count_affected(mapping), tested), time.monotonic() + MAX_SECONDS
    with transaction.atomic():
        mapping = StatusMapping.objects.get(id=mapping.id)
        action = BulkAction(mapping=mapping, previous_status=mapping.status)
        mapping.status = status
        mapping.save(update_fields=["status"])
        cursor = START
        while preview.covered < MAX_ITEMS and time.monotonic() < deadline:
            batch = next_batch(mapping, cursor)
            if batch is None:
                break
            before = _rows_of(mapping, batch)
            result = reprocess(action, batch)
            after = _rows_of(mapping, batch)
            cursor = result.cursor
            preview.add(len(batch.external_ids), result.outcomes, _compare(before, after))
        transaction.set_rollback(True)
    return preview


def _replay_and_roll_back(events: Sequence[WebhookEvent]) -> list[Example]:
    """Process events of one integration as the drain does, and roll back."""
    integration = events[0].integration
    assert integration is not None
    with transaction.atomic():
        lock_user(integration.user_id)
        parsed, results = parse_events(integration, events)
        numbers = {item.external_id for item in parsed}
        before = _sales(integration.provider, integration.user_id, numbers)
        results += process(integration, parsed)
        after = _sales(integration.provider, integration.user_id, numbers)
        transaction.set_rollback(True)
    return [_example(result, before, after) for result in results]


def _example(result: EventResult, before: dict[str, Sale], after: dict[str, Sale]) -> Example:
    number = result.external_id
    is_rejected = result.state in (EventState.QUARANTINED, EventState.RETRY)
    return Example(
        number=number,
        event=result.event,
        outcome=QUARANTINED if is_rejected else result.outcome,
        error=result.error or (explain(result.reason).title if result.reason else ""),
        changes=[] if is_rejected else _changes(before.get(number), after.get(number)),
    )


def _compare(before: Mapping[str, Row], after: Mapping[str, Row]) -> Iterable[Example]:
    for number, row in after.items():
        changes = _changes(before.get(number), row)
        outcome = EventOutcome.UPDATED if changes else EventOutcome.UNCHANGED
        yield Example(number=number, outcome=outcome, changes=changes)


def _rows_of(mapping: StatusMapping, batch: Batch) -> Mapping[str, Row]:
    if mapping.field != StatusField.SUBSCRIPTION:
        sales = _sales(mapping.provider, batch.user_id, batch.external_ids)
        return {id_: sales[id_] for id_ in batch.external_ids if id_ in sales}
    rows = find_subscriptions(mapping, batch.user_id, batch.external_ids)
    return {row.subscription_hash: row for row in rows}


def _sales(source: str, user_id: UUID, numbers: Collection[str]) -> dict[str, Sale]:
    rows = Sale.objects.filter(user_id=user_id).with_order_ids(source, list(numbers))
    return {order_id: sale for sale in rows for order_id in sale.order_ids}


def _changes(before: Row | None, after: Row | None) -> list[Change]:
    """Return the changed fields. A field that became empty is left out: another one replaces it."""
    if after is None:
        return []
    model = type(after)
    names = _COMPARED_FIELDS[model]
    values = ((name, _display(before, name), _display(after, name)) for name in names)
    return [
        Change(str(label_for_field(name, model)), old, new)
        for name, old, new in values
        if new and old != new
    ]


def _display(row: Row | None, name: str) -> str:
    if row is None:
        return ""
    display = getattr(row, f"get_{name}_display", None)
    value = display() if display else getattr(row, name)
    return format_reais(value) if isinstance(value, Decimal) else str(value)
