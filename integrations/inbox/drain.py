"""The inbox of webhooks, and the only owner of an event's state.

    PENDING ─► DONE | IGNORED | QUARANTINED | RETRY ─► …

An event is a committed row before it is acknowledged, and is applied in the transaction that
moves it on: killed at any moment, either both happened or neither.
"""

import hashlib
import uuid
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from functools import partial
from itertools import chain
from typing import Any

import orjson
import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q, QuerySet, RowRange, Sum, Value, Window
from django.db.models.functions import Coalesce, Greatest, Length, Now
from django.utils import timezone

from flowzz.core.db.bulk_upsert import as_json, collector_paused
from flowzz.core.db.locks import lock_user
from integrations import dispatch
from integrations.inbox.failure_reasons import cause_of
from integrations.inbox.processing import EventResult, parse_events, process
from integrations.models import (
    EventFailure,
    EventOutcome,
    EventState,
    Integration,
    WebhookEvent,
)
from integrations.monitoring import dirty_hours, event_metrics, webhook_counts
from integrations.webhooks.routing import InboundWebhook

log = structlog.stdlib.get_logger(__name__)

UNROUTABLE = "unroutable"
WAITING = (EventState.PENDING, EventState.RETRY)
BATCH_BYTES = 16 * 1024 * 1024
"""Of bodies, after which a batch takes no more: parsed, they need many times their size."""


def store(delivery: InboundWebhook, integration: Integration | None) -> None:
    """Keep a delivery for good; nobody's is quarantined until staff assign it.

    Storing it again under the same id changes nothing. One statement, which is its own commit.
    """
    _insert([_row(delivery, integration, None)])


def store_all(routed: Iterable[tuple[InboundWebhook, Integration | None]]) -> None:
    """Keep many that came earlier, in one commit; what is there already stays as it is."""
    if rows := [_row(delivery, owner, delivery.arrived_at) for delivery, owner in routed]:
        _insert(rows)


_INSERT = """
    INSERT INTO integrations_webhookevent (
        id, integration_id, provider, body, body_hash, headers, received_at,
        state, reason, cause, error, kind, external_id, outcome, attempts, is_replay
    )
    VALUES {} ON CONFLICT (id) DO NOTHING
"""
# The database's clock: those of the web's machines may differ.
_ARRIVED = """(
    %s, %s, %s, %s, %s, %s, least(%s, statement_timestamp()),
    %s, %s, %s, %s, '', '', '', 0, false
)"""


def _insert(rows: Sequence[Sequence[Any]]) -> None:
    """Write events without the ORM, which makes its statement anew for each webhook."""
    with connection.cursor() as cursor:
        cursor.execute(_INSERT.format(", ".join([_ARRIVED] * len(rows))), list(chain(*rows)))


def _row(
    delivery: InboundWebhook, owner: Integration | None, at: datetime | None
) -> tuple[Any, ...]:
    """An event's columns, as `_ARRIVED` has them; `at` None is now."""
    if owner is None:
        event_metrics.count_quarantined(UNROUTABLE)
    return (
        delivery.id,
        owner and owner.id,
        delivery.provider,
        delivery.body,
        hashlib.sha256(delivery.body).digest(),
        orjson.dumps(delivery.headers).decode(),
        at,
        *(_WITH_OWNER if owner else _WITHOUT_OWNER),
    )


_WITH_OWNER = (EventState.PENDING.value, "", "", "")
_WITHOUT_OWNER = (
    EventState.QUARANTINED.value,
    UNROUTABLE,
    UNROUTABLE,
    "Nenhuma integração, ou mais de uma, pode ser a dona do evento.",
)


def integrations_with_work() -> list[uuid.UUID]:
    """Those that have events to process now."""
    due = WebhookEvent.objects.filter(
        is_due(), integration__isnull=False, integration__paused_at=None
    )
    return list(due.order_by().values_list("integration_id", flat=True).distinct())


@collector_paused()
def drain(integration_id: uuid.UUID) -> int:
    """Apply the next batch of an integration's events, in their order; return how many.

    While the integration is paused, they wait.
    Raises OperationalError when the database can't be reached: the events wait as they were.
    """
    integration = Integration.objects.select_related("user").get(id=integration_id)
    events = [] if integration.is_paused else next_batch(integration)
    if not events:
        return 0
    readings, verdicts = parse_events(integration, events)
    with transaction.atomic():
        lock_user(integration.user_id)
        claimed = _claim(events)
        verdicts = [verdict for verdict in verdicts if verdict.event.id in claimed]
        verdicts += process(integration, [r for r in readings if r.event.id in claimed])
        _finish(verdicts)
        update_counters(integration, verdicts)
    outcomes = Counter(verdict.outcome or verdict.state for verdict in verdicts)
    event_metrics.count_batch(verdicts)
    log.info("inbox_drained", integration_id=str(integration_id), **outcomes)
    return len(events)


def replay(events: "QuerySet[WebhookEvent]") -> int:
    """Process events again, whatever became of them; those of nobody stay where they are."""
    rows = events.filter(integration__isnull=False, body__isnull=False)
    integration_ids = set(rows.order_by().values_list("integration_id", flat=True))
    count = rows.update(
        state=EventState.PENDING,
        outcome="",
        reason="",
        error="",
        cause="",
        attempts=0,
        next_attempt_at=timezone.now(),
        finished_at=None,
        is_replay=True,
    )
    for integration_id in integration_ids:
        transaction.on_commit(partial(dispatch.enqueue_drain, integration_id))
    return count


def assign(events: "QuerySet[WebhookEvent]", integration: Integration) -> int:
    """Give unroutable events to an integration of their provider, and process them."""
    rows = events.filter(integration__isnull=True, provider=integration.provider)
    ids = list(rows.values_list("id", flat=True))
    rows.update(integration=integration)
    return replay(WebhookEvent.objects.filter(id__in=ids))


def discard(events: "QuerySet[WebhookEvent]", why: str) -> int:
    """Put quarantined events aside; they are kept, with the reason."""
    quarantined = events.filter(state=EventState.QUARANTINED)
    transaction.on_commit(partial(dirty_hours.mark_dirty, dirty_hours.of(quarantined)))
    return quarantined.update(
        state=EventState.IGNORED,
        outcome=EventOutcome.DISCARDED,
        error=why,
        finished_at=timezone.now(),
    )


def redact_payloads(events: "QuerySet[WebhookEvent]", why: str = "") -> int:
    """Remove bodies and headers for good; what still waits to be done is put aside, with `why`.

    What the events produced stays, and so does the body's hash: a repeat is still known as one.
    """
    blank: dict[str, Any] = {"body": None, "headers": {}, "body_removed_at": Now()}
    kept = events.filter(body__isnull=False)
    put_aside = kept.filter(state__in=WAITING).update(
        state=EventState.IGNORED,
        outcome=EventOutcome.DISCARDED,
        error=why,
        finished_at=Now(),
        **blank,
    )
    return put_aside + kept.update(**blank)


def is_due() -> Q:
    """The events that can be processed now."""
    return Q(state=EventState.PENDING) | Q(state=EventState.RETRY, next_attempt_at__lte=Now())


_NEEDED = ("body", "body_hash", "headers", "received_at", "attempts", "is_replay")
_IN_TURN = ("received_at", "id")
_BYTES_BEFORE = Coalesce(
    Window(Sum(Length("body")), order_by=_IN_TURN, frame=RowRange(end=-1)), Value(0)
)


def next_batch(integration: Integration) -> list[WebhookEvent]:
    """Those whose turn it is: so many, and of so many bytes, that reading them is no burden."""
    due = WebhookEvent.objects.filter(is_due(), integration=integration)
    first = due.order_by(*_IN_TURN).values("id")[: settings.INBOX_BATCH_SIZE]
    few = WebhookEvent.objects.filter(id__in=first).alias(before=_BYTES_BEFORE)
    return list(few.filter(before__lt=BATCH_BYTES).only(*_NEEDED).order_by(*_IN_TURN))


def _claim(events: Collection[WebhookEvent]) -> set[uuid.UUID]:
    """Lock those that are still to be done; what staff hold at this moment is left out."""
    rows = WebhookEvent.objects.filter(is_due(), id__any_of=[event.id for event in events])
    return set(rows.select_for_update(skip_locked=True).values_list("id", flat=True))


_FINISH = """
    UPDATE integrations_webhookevent AS event
    SET state = verdict.state,
        outcome = verdict.outcome,
        kind = verdict.kind,
        external_id = verdict.external_id,
        reason = verdict.reason,
        error = verdict.error,
        cause = verdict.cause,
        next_attempt_at = verdict.next_attempt_at,
        attempts = event.attempts + 1,
        finished_at = CASE WHEN verdict.state = 'RETRY' THEN NULL ELSE clock_timestamp() END
    FROM json_to_recordset(%s) AS verdict (
        id uuid, state text, outcome text, kind text, external_id text, reason text, error text,
        cause text, next_attempt_at timestamptz
    )
    WHERE event.id = verdict.id
"""


def _finish(verdicts: Sequence[EventResult]) -> None:
    """Write all verdicts in one statement, which `bulk_update` would do many times slower."""
    rows = [
        {
            "id": verdict.event.id,
            "state": verdict.state,
            "outcome": verdict.outcome,
            "kind": verdict.kind,
            "external_id": verdict.external_id,
            "reason": verdict.reason,
            "error": verdict.error,
            "cause": cause_of(verdict.reason, verdict.error)
            if verdict.state == EventState.QUARANTINED
            else "",
            "next_attempt_at": verdict.next_attempt_at,
        }
        for verdict in verdicts
    ]
    with connection.cursor() as cursor:
        cursor.execute(_FINISH, [as_json(rows)])
    EventFailure.objects.bulk_create(
        EventFailure(
            event_id=verdict.event.id,
            attempt=verdict.event.attempts + 1,
            reason=verdict.reason,
            error=verdict.error,
        )
        for verdict in verdicts
        if verdict.reason
    )


def update_counters(integration: Integration, verdicts: Sequence[EventResult]) -> None:
    """Note on the integration that its webhooks arrive, and how many."""
    if verdicts:
        latest = max(verdict.event.received_at for verdict in verdicts)
        Integration.objects.filter(id=integration.id).update(
            last_webhook_at=Greatest(F("last_webhook_at"), latest)
        )
        firsts = [v.event for v in verdicts if not (v.event.attempts or v.event.is_replay)]
        webhook_counts.increment(integration, [event.received_at for event in firsts])
