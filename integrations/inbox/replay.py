"""Replay, assign and discard events at the request of staff."""

import uuid
from functools import partial

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from integrations import dispatch
from integrations.inbox.hourly_counts import arrival_hours, mark_dirty
from integrations.inbox.store import store_copy
from integrations.models import EventOutcome, EventState, Integration, WebhookEvent


def replay(events: "QuerySet[WebhookEvent]") -> int:
    """Reset events to pending so that they are processed again; return how many.

    Events without an integration or without a body are left unchanged.
    """
    rows = events.filter(integration__isnull=False, payload__isnull=False)
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
    """Assign events without an owner to an integration of their provider, and process them."""
    rows = events.filter(integration__isnull=True, provider=integration.provider)
    ids = list(rows.values_list("id", flat=True))
    rows.update(integration=integration)
    return replay(WebhookEvent.objects.filter(id__in=ids))


def send_corrected(event: WebhookEvent, body: bytes, *, keeps_original: bool) -> uuid.UUID:
    """Process a corrected copy of an event with an integration; return the copy's id.

    A quarantined original is discarded, with its body, unless `keeps_original`.
    """
    assert event.integration_id is not None
    with transaction.atomic():
        copy_id = store_copy(event, body)
        if not keeps_original:
            discard(WebhookEvent.objects.filter(id=event.id), f"Corrigido na cópia {copy_id}.")
        transaction.on_commit(partial(dispatch.enqueue_drain, event.integration_id))
    return copy_id


def discard(events: "QuerySet[WebhookEvent]", reason: str) -> int:
    """Ignore quarantined events for the reason given by staff; return how many."""
    quarantined = events.filter(state=EventState.QUARANTINED)
    transaction.on_commit(partial(mark_dirty, arrival_hours(quarantined)))
    return quarantined.update(
        state=EventState.IGNORED,
        outcome=EventOutcome.DISCARDED,
        error=reason,
        finished_at=timezone.now(),
    )
