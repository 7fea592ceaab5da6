"""Bulk actions on events or sales, batch by batch.

Each batch is committed together with the cursor behind it. The events of a batch to be replayed
are processed after that commit, then counted. An action that another worker takes over resumes
at its last batch.
"""

import time
import uuid
from collections import Counter
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import structlog
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from flowzz.accounts.models import User
from flowzz.core.db import jobs
from flowzz.core.db.jobs import JobState
from flowzz.core.db.keyset import behind
from flowzz.core.db.locks import lock_user
from integrations import dispatch
from integrations.bulk_actions import earnings
from integrations.inbox import replay
from integrations.models import (
    BulkAction,
    BulkKind,
    EventState,
    Integration,
    StatusMapping,
    WebhookEvent,
)
from integrations.models.events import ARRIVAL, is_due
from integrations.status_mappings import reprocess, usages
from integrations.webhooks import fallback_buffer

log = structlog.stdlib.get_logger(__name__)

BATCH_EVENTS: Final = 500
MAX_SECONDS: Final = 5.0
"""A longer action is enqueued again, so that other jobs get the worker in between."""
RETRY_DELAY: Final = timedelta(minutes=1)
_COUNTERS: Final = ("processed", "failed", "outcomes")


def quarantined_events(cause: str) -> "QuerySet[WebhookEvent]":
    return WebhookEvent.objects.filter(state=EventState.QUARANTINED, cause=cause)


def request_action(
    kind: BulkKind,
    cause: str,
    *,
    by: User,
    reason: str = "",
    integration: Integration | None = None,
    until: datetime | None = None,
) -> tuple[BulkAction, bool]:
    """Create and enqueue an action on the events that are in quarantine for a cause now.

    Those that arrived after `until` are left out: nobody has seen them. Returns the action and
    True, or the action that is under way for this cause and False.
    """
    until = min(filter(None, (until, timezone.now())))
    return _create_or_join(
        BulkAction.objects.filter(cause=cause),
        BulkAction(
            kind=kind,
            cause=cause,
            until=until,
            integration=integration,
            reason=reason,
            requested_by=by,
            total=quarantined_events(cause).filter(received_at__lte=until).count(),
        ),
    )


def request_remap(
    mapping: StatusMapping, status: str, *, by: User, reason: str = ""
) -> tuple[BulkAction, bool]:
    """Map a status word, in all its spellings, and enqueue the change of the sales with it.

    An empty `status` removes the mapping. Returns as `request_action` does.
    """
    with transaction.atomic():
        rows = usages.spellings(mapping)
        mapping = StatusMapping.objects.select_for_update().get(id=rows[0].id)
        action, is_new = _create_or_join(
            BulkAction.objects.filter(mapping=mapping),
            BulkAction(
                kind=BulkKind.REMAP,
                mapping=mapping,
                previous_status=mapping.status,
                reason=reason,
                requested_by=by,
                total=usages.count_affected(mapping),
            ),
        )
        if is_new:
            spellings = StatusMapping.objects.filter(id__in=[row.id for row in rows])
            spellings.update(status=status, mapped_by=by, mapped_at=timezone.now())
    return action, is_new


def request_recalculation(integration: Integration) -> BulkAction:
    """Enqueue the recalculation of all sales' commissions, from the first sale on.

    One that is under way is cancelled. The caller has locked the user.
    """
    recalculations = BulkAction.objects.filter(kind=BulkKind.EARNINGS, integration=integration)
    jobs.cancel(recalculations)
    total = earnings.count_sales(integration)
    action: BulkAction = recalculations.create(
        kind=BulkKind.EARNINGS, integration=integration, total=total
    )
    transaction.on_commit(partial(dispatch.enqueue_bulk_action, action.id))
    return action


def recalculate_for_login(*, user: User, **_: object) -> None:
    """Recalculate the user's sales after another login e-mail. Receives `login_email_changed`."""
    with transaction.atomic():
        lock_user(user.id)
        for integration in Integration.objects.filter(user=user, owner_email=""):
            request_recalculation(integration)


def cancel(action_id: uuid.UUID) -> bool:
    """Cancel an action. Its finished batches stay. Returns False if the action had ended."""
    return bool(jobs.cancel(BulkAction.objects.filter(id=action_id)))


def execute(action_id: uuid.UUID) -> None:
    """Carry out an action for `MAX_SECONDS`, unless another worker does. Errors are retried."""
    action = jobs.acquire(BulkAction.objects.select_related("integration", "mapping"), action_id)
    if action is not None:
        jobs.run(action, _work, _retry_later)


def _create_or_join(
    same_target: "QuerySet[BulkAction]", action: BulkAction
) -> tuple[BulkAction, bool]:
    BulkAction.objects.bulk_create([action], ignore_conflicts=True)
    latest: BulkAction = same_target.order_by("id").reverse()[0]
    transaction.on_commit(partial(dispatch.enqueue_bulk_action, latest.id))
    return latest, latest.id == action.id


def _work(action: BulkAction) -> None:
    deadline = time.monotonic() + MAX_SECONDS
    while action.batch or _start_batch(action):
        is_finished = not action.batch or _finish_batch(action)
        if not is_finished or time.monotonic() > deadline:
            action.release(JobState.QUEUED)
            dispatch.enqueue_bulk_action(action.id)
            return
    if action.finish(JobState.SUCCEEDED, error=""):
        log.info("bulk_done", action_id=str(action.id), kind=action.kind, done=action.processed)


def _retry_later(action: BulkAction, error: Exception) -> None:
    """Requeue the action, unless it ended its workers again and again."""
    if isinstance(error, jobs.TooManyTakeovers):
        action.finish(JobState.FAILED, error=type(error).__name__)
        return
    action.requeue(RETRY_DELAY, attempts=action.attempts + 1, error=type(error).__name__)


def _start_batch(action: BulkAction) -> bool:
    """Commit the next batch with its cursor. Returns False at the end. Raises LeaseLost."""
    start = _BATCHES.get(BulkKind(action.kind), _change_events)
    with transaction.atomic():
        if not start(action):
            return False
        action.checkpoint("cursor_at", "cursor_id", "cursor_key", "batch", *_COUNTERS)
    return True


def _change_events(action: BulkAction) -> bool:
    rows = list(_events_after_cursor(action).values_list("received_at", "id")[:BATCH_EVENTS])
    if not rows:
        return False
    action.cursor_at, action.cursor_id = rows[-1]
    ids = [id_ for _, id_ in rows]
    events = WebhookEvent.objects.filter(id__in=ids)
    if action.kind == BulkKind.DISCARD:
        _count(action, Counter(discarded=replay.discard(events, action.reason)))
        return True
    if action.kind == BulkKind.ASSIGN and action.integration:
        replay.assign(events, action.integration)
    else:
        replay.replay(events)
    action.batch = ids
    return True


def _events_after_cursor(action: BulkAction) -> "QuerySet[WebhookEvent]":
    events = quarantined_events(action.cause).filter(received_at__lte=action.until)
    if action.cursor_at:
        events = events.filter(behind(ARRIVAL, (action.cursor_at, action.cursor_id)))
    return events.order_by(*ARRIVAL)


def _finish_batch(action: BulkAction) -> bool:
    """Process the batch's events and count their outcomes. Raises LeaseLost.

    Returns False, to be called again, while webhooks may be buffered that arrived before others.
    """
    events = WebhookEvent.objects.filter(id__in=action.batch)
    try:
        _process(events.filter(is_due(), integration__isnull=False))
    except fallback_buffer.BufferBusy:
        return False
    outcomes = events.values_list("state", "outcome")
    _count(action, Counter(outcome or state.lower() for state, outcome in outcomes))
    # Not by the lease: the events of a cancelled action's last batch are processed and count.
    uncounted = BulkAction.objects.filter(id=action.id, batch=action.batch)
    if not uncounted.update(batch=[], **{name: getattr(action, name) for name in _COUNTERS}):
        raise jobs.LeaseLost
    action.batch = []
    return True


def _process(due: "QuerySet[WebhookEvent]") -> None:
    """Drain the inboxes of the events until none of them is due. Raises BufferBusy."""
    for integration_id in due.order_by().values_list("integration_id", flat=True).distinct():
        while due.filter(integration=integration_id).exists():
            if not fallback_buffer.drain_in_order(integration_id).size:
                break


def _reprocess_sales(action: BulkAction) -> bool:
    assert action.mapping is not None
    batch = usages.next_batch(action.mapping, (action.cursor_id, action.cursor_key))
    if batch is None:
        return False
    result = reprocess.reprocess(action, batch)
    action.cursor_id, action.cursor_key = result.cursor
    _count(action, result.outcomes)
    return True


def _recalculate_earnings(action: BulkAction) -> bool:
    assert action.integration is not None
    cursor = (action.cursor_at, action.cursor_id) if action.cursor_at else None
    result = earnings.recalculate(action.integration, cursor)
    if result is None:
        return False
    (action.cursor_at, action.cursor_id), outcomes = result
    _count(action, outcomes)
    return True


_BATCHES: Final = {BulkKind.REMAP: _reprocess_sales, BulkKind.EARNINGS: _recalculate_earnings}
"""What starts a batch of each kind that is not about events."""


def _count(action: BulkAction, outcomes: "Counter[str]") -> None:
    action.processed += outcomes.total()
    action.failed += outcomes["quarantined"]
    action.outcomes = dict(Counter(action.outcomes) + outcomes)
