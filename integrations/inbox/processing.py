"""What becomes of a batch of events: read, freed of repeats, applied, and judged one by one.

Decides only; the states are written by `integrations.inbox.drain`.
"""

import random
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.utils import timezone

from flowzz.core.db_time import to_database_time
from flowzz.core.runtime_settings.definitions import DUPLICATE_WINDOW
from integrations.ingest import SourcedOrder, apply_bisecting, ingest, is_refusal
from integrations.models import (
    EventOutcome,
    EventState,
    Integration,
    IntegrationStatus,
    WebhookEvent,
)
from integrations.models.events import APPLIED
from integrations.providers import registry
from integrations.providers.contracts import Order, Payload
from integrations.providers.errors import PayloadInvalid
from sales.models import Origin
from sales.recording import ChangeSource, Outcome
from sales.subscriptions import record_affiliations

log = structlog.stdlib.get_logger(__name__)

MAX_ATTEMPTS = 5
BACKOFF = timedelta(seconds=30)
JITTER = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class EventResult:
    """What becomes of an event."""

    event: WebhookEvent
    state: EventState
    outcome: str = ""
    kind: str = ""
    external_id: str = ""
    reason: str = ""
    error: str = ""
    next_attempt_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ParsedEvent:
    """An event and what its body says."""

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
    def seen(self) -> ChangeSource:
        return ChangeSource(
            seen_at=self.event.received_at, origin=Origin.EVENT, origin_id=self.event.id
        )

    def verdict(self, state: EventState, **details: Any) -> EventResult:
        return EventResult(
            event=self.event,
            state=state,
            kind=self.kind,
            external_id=self.external_id,
            **details,
        )


def parse_events(
    integration: Integration, events: Sequence[WebhookEvent]
) -> tuple[list[ParsedEvent], list[EventResult]]:
    """Parse bodies; what can't be read is quarantined alone."""
    reader = registry.reader(integration)
    readings, verdicts = [], []
    for event in events:
        try:
            kind, payload = reader.body(bytes(event.body or b""), event.headers)
        except PayloadInvalid as error:
            verdicts.append(
                _quarantined(event, error.reason, error.message, external_id=error.external_id)
            )
        except Exception as error:  # a fault of the parser's own must not stop the others
            log.exception("parser_failed", event_id=str(event.id))
            message = f"Falha interna ao ler o corpo ({type(error).__name__})."
            verdicts.append(_quarantined(event, "parser_fault", message))
        else:
            readings.append(ParsedEvent(event, kind, payload))
    return readings, verdicts


def process(integration: Integration, readings: Sequence[ParsedEvent]) -> list[EventResult]:
    """Apply events in their order. The caller has a transaction open and holds the seller."""
    if integration.status == IntegrationStatus.DISCONNECTED:
        ignored = [reading for reading in readings if not reading.event.is_replay]
        readings = [reading for reading in readings if reading.event.is_replay]
    else:
        ignored = []
    firsts, repeats = _split_repeats(integration, readings)
    applied: dict[uuid.UUID, EventResult] = {}

    def apply(part: Sequence[ParsedEvent]) -> None:
        applied.update((verdict.event.id, verdict) for verdict in _apply(integration, part))

    def reject(reading: ParsedEvent, error: Exception) -> None:
        applied[reading.event.id] = _rejected(reading, error)

    apply_bisecting(firsts, apply, reject)
    failed = {bytes(v.event.body_hash) for v in applied.values() if v.reason}
    return [
        *(r.verdict(EventState.IGNORED, outcome=EventOutcome.DISCONNECTED) for r in ignored),
        *applied.values(),
        # The repeat of one that failed just now waits: it may be the one that succeeds.
        *(
            r.verdict(EventState.IGNORED, outcome=EventOutcome.DUPLICATE)
            for r in repeats
            if r.body_hash not in failed
        ),
    ]


def _split_repeats(
    integration: Integration, readings: Sequence[ParsedEvent]
) -> tuple[list[ParsedEvent], list[ParsedEvent]]:
    """Set those apart whose body was applied within the window before; repeats don't prolong it."""
    seen: dict[bytes, list[datetime]] = {}
    earlier = WebhookEvent.objects.filter(
        APPLIED,
        integration=integration,
        body_hash__any_of={reading.body_hash for reading in readings},
    )
    for body_hash, received_at in earlier.values_list("body_hash", "received_at"):
        seen.setdefault(bytes(body_hash), []).append(received_at)
    window = DUPLICATE_WINDOW.value()
    firsts: list[ParsedEvent] = []
    repeats: list[ParsedEvent] = []
    for reading in readings:
        at = reading.event.received_at
        times = seen.setdefault(reading.body_hash, [])
        is_repeat = any(abs(at - time) <= window for time in times)
        if is_repeat and not reading.event.is_replay:
            repeats.append(reading)
        else:
            firsts.append(reading)
            times.append(at)
    return firsts, repeats


def _apply(integration: Integration, readings: Sequence[ParsedEvent]) -> list[EventResult]:
    orders, requests, observed, facts = [], [], [], []
    for reading in readings:
        if isinstance(reading.payload, Order):
            orders.append(reading)
            observed.append(SourcedOrder(reading.payload, reading.seen))
        else:
            requests.append(reading)
            facts.append((reading.payload, reading.seen))
    verdicts = [
        _applied(reading, result.outcome)
        for reading, result in zip(orders, ingest(integration, observed), strict=True)
    ]
    if requests:
        outcomes = record_affiliations(integration.user_id, integration.provider, facts)
        verdicts += [_applied(*pair) for pair in zip(requests, outcomes, strict=True)]
    return verdicts


def _applied(reading: ParsedEvent, outcome: Outcome) -> EventResult:
    state = EventState.IGNORED if outcome == Outcome.STALE else EventState.DONE
    return reading.verdict(state, outcome=EventOutcome(outcome))


def _rejected(reading: ParsedEvent, error: Exception) -> EventResult:
    """What the database refuses stays refused; other faults may pass."""
    event, fault = reading.event, type(error).__name__
    log.error("event_failed", event_id=str(event.id), fault=fault, attempt=event.attempts + 1)
    if is_refusal(error):
        return reading.verdict(
            EventState.QUARANTINED,
            reason="refused_by_database",
            error=f"O banco recusou os dados ({fault}).",
        )
    if event.attempts + 1 >= MAX_ATTEMPTS:
        return reading.verdict(
            EventState.QUARANTINED,
            reason="attempts_exhausted",
            error=f"Falhou {MAX_ATTEMPTS} vezes; a última com {fault}.",
        )
    return reading.verdict(
        EventState.RETRY,
        reason="fault",
        error=f"Falha interna ({fault}); nova tentativa agendada.",
        next_attempt_at=to_database_time(timezone.now() + _backoff(event.attempts)),
    )


def _backoff(failed_before: int) -> timedelta:
    jitter = random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - no secret
    return BACKOFF * (1 << failed_before) * jitter


def _quarantined(
    event: WebhookEvent, reason: str, message: str, *, external_id: str = ""
) -> EventResult:
    return EventResult(
        event=event,
        state=EventState.QUARANTINED,
        external_id=external_id,
        reason=reason,
        error=message,
    )
