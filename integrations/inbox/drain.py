"""Process the events of an integration in batches.

A batch is applied in the transaction that writes the new states: if the process is killed, either
both are committed or neither.
"""

import uuid
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cache
from typing import cast

import structlog
from django.conf import settings
from django.db import connection, transaction
from orjson import loads

from flowzz.core.db.arrays import array_text
from flowzz.core.db.backend.base import DatabaseWrapper
from flowzz.core.db.backend.compiled_queries import CompiledQuery, Given, execute
from flowzz.core.db.bulk_upsert import execute_with_rows, gc_paused
from flowzz.core.db.locks import lock_user
from flowzz.core.logging import log_each
from integrations.inbox import hourly_counts, metrics, queue_stats
from integrations.inbox.failure_reasons import quarantine_cause
from integrations.inbox.processing import EventResult, ParsedEvent, parse_events, process
from integrations.models import (
    EventFailure,
    EventOutcome,
    EventState,
    Integration,
    WebhookEvent,
    WebhookPayload,
)
from integrations.models.events import first_within, is_due

log = structlog.stdlib.get_logger(__name__)

_INTEGRATION = Given("integration", "uuid")
_INTEGRATIONS = CompiledQuery(lambda: Integration.objects.filter(id=Given("id", "uuid")))
_WITH_WORK = CompiledQuery(
    lambda: WebhookEvent.objects.filter(
        is_due(), integration=_INTEGRATION, integration__paused_at=None
    ).values_list("id")[:1]
)
_CLAIM = CompiledQuery(
    lambda: (
        WebhookEvent.objects.filter(is_due(), id__any_of=Given("ids"))
        .select_for_update(skip_locked=True)
        .values_list("id")
    )
)

BATCH_BYTES = 16 * 1024 * 1024
"""A batch ends with the body that exceeds this: a parsed body needs many times its size."""


def integrations_with_work() -> list[uuid.UUID]:
    """Return the ids of integrations with events to process now, the longest waiting one first.

    One index lookup for each integration: it doesn't read the events of a backlog.
    """
    due_since = queue_stats.due_since()
    return sorted(due_since, key=due_since.__getitem__)


def has_work(integration_id: uuid.UUID) -> bool:
    """Return whether an integration has events to process now."""
    return any(_WITH_WORK.values(integration=integration_id))


@dataclass(frozen=True, slots=True, kw_only=True)
class DrainedBatch:
    """The result of draining a batch. `size` is the number of events that were read."""

    size: int
    is_more_due: bool
    """Whether events may be left that were due when the batch was read."""


@gc_paused()
def drain_batch(
    integration_id: uuid.UUID, *, check: Callable[[], None] = lambda: None
) -> DrainedBatch:
    """Process the next batch of an integration's events, in order of arrival.

    A paused integration's events wait. `check` is called after the events are read; an error that
    it raises leaves them unchanged. So does OperationalError, if the database can't be reached.
    """
    (integration,) = _INTEGRATIONS.instances(id=integration_id)
    events = [] if integration.is_paused else next_batch(integration)
    if not events:
        return DrainedBatch(size=0, is_more_due=False)
    check()
    parsed, unreadable = parse_events(integration, events)
    with transaction.atomic(), cast(DatabaseWrapper, connection).pipeline():
        lock_user(integration.user_id)
        claimed = _claim(events)
        results = [result for result in unreadable if result.event.id in claimed]
        results += process(integration, [item for item in parsed if item.event.id in claimed])
        _write_results(results)
        _update_counters(integration, results)
    metrics.count_results(results)
    hourly_counts.mark_dirty(result.event.received_at for result in results)
    _log_results(integration_id, parsed, results)
    is_more_due = _is_full(events) or (len(results) < len(events) and has_work(integration_id))
    return DrainedBatch(size=len(events), is_more_due=is_more_due)


def _is_full(events: Sequence[WebhookEvent]) -> bool:
    """Return whether a batch has reached a limit, so that there may be more."""
    size = sum(event.body_size for event in events)
    return len(events) == settings.INBOX_BATCH_SIZE or size >= BATCH_BYTES


def _log_results(
    integration_id: uuid.UUID, parsed: Sequence[ParsedEvent], results: Sequence[EventResult]
) -> None:
    outcomes = Counter(result.outcome or result.state for result in results)
    words = {item.event.id: item.status_word for item in parsed}
    lines = [
        {
            "event_id": result.event.id,
            "external_id": result.external_id,
            "status_word": words.get(result.event.id, ""),
            "result": result.outcome or result.state,
        }
        for result in results
    ]
    with structlog.contextvars.bound_contextvars(integration_id=str(integration_id)):
        log.info("inbox_drained", **outcomes)
        log_each(log, "event_processed", lines)


_COLUMNS = ("body_hash", "body_size", "received_at", "attempts", "is_replay")
_PAYLOADS = (
    "SELECT event_id, body, headers FROM integrations_webhookpayload WHERE event_id = ANY(%s)"
)


def next_batch(integration: Integration) -> list[WebhookEvent]:
    """Return the next due events with payloads, limited by INBOX_BATCH_SIZE and BATCH_BYTES."""
    next_events = _next_events(count=settings.INBOX_BATCH_SIZE, size=BATCH_BYTES)
    batch = list(next_events.instances(integration=integration.id))
    # By their ids, so that only the days concerned are read: a join reads every partition.
    with connection.cursor() as cursor:
        cursor.execute(_PAYLOADS, [[event.id for event in batch]])
        by_event = {
            event_id: WebhookPayload.new(event_id=event_id, body=body, headers=loads(headers))
            for event_id, body, headers in cursor
        }
    for event in batch:
        event._state.fields_cache["payload"] = by_event.get(event.id)
    return batch


@cache
def _next_events(*, count: int, size: int) -> CompiledQuery[WebhookEvent]:
    due = WebhookEvent.objects.filter(is_due(), integration=_INTEGRATION)
    return CompiledQuery(
        lambda: first_within(due, count=count, size=size).only(*_COLUMNS), is_planned_once=True
    )


def _claim(events: Collection[WebhookEvent]) -> set[uuid.UUID]:
    """Lock events that are still due; skip events that staff have locked."""
    return {id_ for (id_,) in _CLAIM.values(ids=[event.id for event in events])}


_RESULT_TYPES = {
    "id": "uuid",
    **dict.fromkeys(("state", "outcome", "kind", "external_id"), "text"),
    **dict.fromkeys(("reason", "error", "cause"), "text"),
    "value_warnings": "jsonb",
    "next_attempt_at": "timestamptz",
}
_WRITE_RESULTS = """
    UPDATE integrations_webhookevent AS event
    SET state = result.state,
        outcome = result.outcome,
        kind = result.kind,
        external_id = result.external_id,
        reason = result.reason,
        error = result.error,
        cause = result.cause,
        value_warnings = result.value_warnings,
        next_attempt_at = result.next_attempt_at,
        attempts = event.attempts + 1,
        finished_at = CASE WHEN result.state = 'RETRY' THEN NULL ELSE clock_timestamp() END
    FROM ({}) AS result
    WHERE event.id = result.id AND event.id = ANY(%s::uuid[])
"""


def _write_results(results: Sequence[EventResult]) -> None:
    """Write all results in one statement; `bulk_update` takes many times as long."""
    if not results:
        return
    rows = [
        (
            result.event.id,
            *(result.state, result.outcome, result.kind, result.external_id),
            *(result.reason, result.error, _cause(result)),
            *(result.warnings, result.next_attempt_at),
        )
        for result in results
    ]
    ids = array_text([result.event.id for result in results])
    execute_with_rows(_WRITE_RESULTS, _RESULT_TYPES, rows, ids)
    EventFailure.objects.bulk_create(
        EventFailure(
            event_id=result.event.id,
            attempt=result.event.attempts + 1,
            reason=result.reason,
            error=result.error,
        )
        for result in results
        if result.reason
    )


def _cause(result: EventResult) -> str:
    if result.state != EventState.QUARANTINED:
        return ""
    return quarantine_cause(result.reason, result.error)


_UPDATE_LAST_WEBHOOK = """
    UPDATE integrations_integration SET last_webhook_at = greatest(last_webhook_at, %s)
    WHERE id = %s
"""


def _update_counters(integration: Integration, results: Sequence[EventResult]) -> None:
    """Update the integration's last webhook and its hourly webhook counts; tests don't count."""
    results = [result for result in results if result.outcome != EventOutcome.TEST]
    if not results:
        return
    latest = max(result.event.received_at for result in results)
    execute(_UPDATE_LAST_WEBHOOK, [latest, integration.id])
    events = [result.event for result in results]
    first_attempts = [event for event in events if not (event.attempts or event.is_replay)]
    hourly_counts.increment(integration.id, [event.received_at for event in first_attempts])
