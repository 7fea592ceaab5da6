"""Decide the result of each event in a batch: parse it, detect duplicates, apply the rest.

This module writes no event; `integrations.inbox.drain` writes the results.
"""

import random
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from celery.exceptions import SoftTimeLimitExceeded
from django.utils import timezone

from flowzz.core.db.backend.compiled_queries import CompiledQuery, Given
from flowzz.core.db.db_time import to_database_time
from integrations.inbox.trial_bodies import is_test_body
from integrations.ingest import IngestResult, SourcedOrder, apply_bisecting, ingest, is_refusal
from integrations.models import (
    EventOutcome,
    EventState,
    Integration,
    IntegrationStatus,
    WebhookEvent,
)
from integrations.models.events import APPLIED
from integrations.providers.contracts import Order, Payload
from integrations.providers.errors import PayloadInvalid
from integrations.providers.readers import reader_for
from integrations.runtime_settings import DUPLICATE_WINDOW
from sales.affiliations import record_affiliations
from sales.facts import ValueWarning
from sales.models import ChangeSource, Origin
from sales.recording import Outcome

log = structlog.stdlib.get_logger(__name__)

MAX_ATTEMPTS = 5
BACKOFF = timedelta(seconds=30)
JITTER = 0.2

_APPLIED = CompiledQuery(
    lambda: WebhookEvent.objects.filter(
        APPLIED, integration=Given("integration", "uuid"), body_hash__any_of=Given("hashes")
    ).values_list("body_hash", "received_at"),
    is_planned_once=True,
)


@dataclass(slots=True, kw_only=True)
class EventResult:
    """The new state of an event."""

    event: WebhookEvent
    state: EventState
    outcome: str = ""
    kind: str = ""
    external_id: str = ""
    reason: str = ""
    error: str = ""
    warnings: Sequence[str] = ()
    """The causes of the payload's warnings."""
    next_attempt_at: datetime | None = None


@dataclass(slots=True)
class ParsedEvent:
    """An event and its parsed body."""

    event: WebhookEvent
    kind: str
    payload: Payload

    @property
    def body_hash(self) -> bytes:
        return bytes(self.event.body_hash)

    @property
    def external_id(self) -> str:
        return self.payload.external_id if isinstance(self.payload, Order) else ""

    @property
    def status_word(self) -> str:
        """The order's status in the provider's word, in its normalised form."""
        sale = self.payload.sale if isinstance(self.payload, Order) else None
        return sale.status_word if sale else ""

    @property
    def source(self) -> ChangeSource:
        return ChangeSource(
            observed_at=self.event.received_at, origin=Origin.EVENT, origin_id=self.event.id
        )

    def result(self, state: EventState, **details: Any) -> EventResult:
        return EventResult(
            event=self.event, state=state, kind=self.kind, external_id=self.external_id, **details
        )


def parse_events(
    integration: Integration, events: Sequence[WebhookEvent]
) -> tuple[list[ParsedEvent], list[EventResult]]:
    """Parse bodies. An unreadable event is quarantined without affecting the rest of the batch.

    Returns the results of those, and of tests, beside the events that are to be applied.
    """
    reader = reader_for(integration)
    parsed, results = [], []
    for event in events:
        if is_test_body(event.body or b""):
            test = EventResult(event=event, state=EventState.IGNORED, outcome=EventOutcome.TEST)
            results.append(test)
            continue
        try:
            webhook = reader.parse_webhook(event.body or b"", event.headers)
        except PayloadInvalid as error:
            results.append(_quarantine(event, error.reason, error.message))
        except SoftTimeLimitExceeded:
            raise
        except Exception as error:  # a bug in the parser must not stop the other events
            log.exception("parser_failed", event_id=str(event.id))
            message = f"Falha interna ao ler o corpo ({type(error).__name__})."
            results.append(_quarantine(event, "parser_fault", message))
        else:
            parsed.append(ParsedEvent(event, webhook.kind, webhook.payload))
    return parsed, results


def process(integration: Integration, events: Sequence[ParsedEvent]) -> list[EventResult]:
    """Apply events in order. The caller has opened a transaction and locked the user."""
    ignored: list[ParsedEvent] = []
    if integration.status == IntegrationStatus.DISCONNECTED:
        ignored = [item for item in events if not item.event.is_replay]
        events = [item for item in events if item.event.is_replay]
    new, duplicates = _split_duplicates(integration, events)
    applied: dict[uuid.UUID, EventResult] = {}

    def apply(part: Sequence[ParsedEvent]) -> None:
        applied.update((result.event.id, result) for result in _apply(integration, part))

    def reject(item: ParsedEvent, error: Exception) -> None:
        applied[item.event.id] = _reject(item, error)

    apply_bisecting(new, apply, reject)
    failed = {bytes(result.event.body_hash) for result in applied.values() if result.reason}
    return [
        *(item.result(EventState.IGNORED, outcome=EventOutcome.DISCONNECTED) for item in ignored),
        *applied.values(),
        # The duplicate of an event that has just failed stays pending: it may succeed itself.
        *(
            item.result(EventState.IGNORED, outcome=EventOutcome.DUPLICATE)
            for item in duplicates
            if item.body_hash not in failed
        ),
    ]


def _split_duplicates(
    integration: Integration, events: Sequence[ParsedEvent]
) -> tuple[list[ParsedEvent], list[ParsedEvent]]:
    """Separate new events from duplicates: bodies applied within DUPLICATE_WINDOW.

    A duplicate does not extend the window. A replay is never a duplicate.
    """
    applied_at: dict[bytes, list[datetime]] = {}
    hashes = {item.body_hash for item in events}
    for body_hash, received_at in _APPLIED.values(integration=integration.id, hashes=hashes):
        applied_at.setdefault(bytes(body_hash), []).append(received_at)
    window = DUPLICATE_WINDOW.value()
    new: list[ParsedEvent] = []
    duplicates: list[ParsedEvent] = []
    for item in events:
        received_at = item.event.received_at
        times = applied_at.setdefault(item.body_hash, [])
        is_repeated = any(abs(received_at - time) <= window for time in times)
        if is_repeated and not item.event.is_replay:
            duplicates.append(item)
        else:
            new.append(item)
            times.append(received_at)
    return new, duplicates


def _apply(integration: Integration, events: Sequence[ParsedEvent]) -> list[EventResult]:
    order_events, sourced_orders = [], []
    affiliation_events, affiliations = [], []
    for item in events:
        if isinstance(item.payload, Order):
            order_events.append(item)
            sourced_orders.append(SourcedOrder(item.payload, item.source))
        else:
            affiliation_events.append(item)
            affiliations.append((item.payload, item.source))
    results = [
        _ingested(item, ingested)
        for item, ingested in zip(order_events, ingest(integration, sourced_orders), strict=True)
    ]
    if affiliations:
        outcomes = record_affiliations(integration.user_id, integration.provider, affiliations)
        results += [
            _applied(item, outcome, item.payload.warnings)
            for item, outcome in zip(affiliation_events, outcomes, strict=True)
        ]
    return results


def _ingested(item: ParsedEvent, ingested: IngestResult) -> EventResult:
    if ingested.outcome:
        return _applied(item, ingested.outcome, ingested.warnings)
    rejection = ingested.rejection
    assert rejection
    return item.result(EventState.QUARANTINED, reason=rejection.reason, error=rejection.message)


def _applied(item: ParsedEvent, outcome: Outcome, warnings: Sequence[ValueWarning]) -> EventResult:
    state = EventState.IGNORED if outcome == Outcome.STALE else EventState.DONE
    causes = [warning.cause for warning in warnings]
    return item.result(state, outcome=EventOutcome(outcome), warnings=causes)


def _reject(item: ParsedEvent, error: Exception) -> EventResult:
    """Quarantine values that the database refuses; retry after any other error."""
    event, error_name = item.event, type(error).__name__
    log.error("event_failed", event_id=str(event.id), fault=error_name, attempt=event.attempts + 1)
    if is_refusal(error):
        return item.result(
            EventState.QUARANTINED,
            reason="refused_by_database",
            error=f"O banco recusou os dados ({error_name}).",
        )
    if event.attempts + 1 >= MAX_ATTEMPTS:
        return item.result(
            EventState.QUARANTINED,
            reason="attempts_exhausted",
            error=f"Falhou {MAX_ATTEMPTS} vezes; a última com {error_name}.",
        )
    return item.result(
        EventState.RETRY,
        reason="fault",
        error=f"Falha interna ({error_name}); nova tentativa agendada.",
        next_attempt_at=to_database_time(timezone.now() + _backoff(event.attempts)),
    )


def _backoff(failed_attempts: int) -> timedelta:
    jitter = random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - not a secret
    return BACKOFF * (1 << failed_attempts) * jitter


def _quarantine(event: WebhookEvent, reason: str, message: str) -> EventResult:
    return EventResult(event=event, state=EventState.QUARANTINED, reason=reason, error=message)
