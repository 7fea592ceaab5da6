"""Done to thousands of rows, a batch at a time, and the only owner of a `BulkAction`'s state.

    QUEUED ─► RUNNING ─► DONE | CANCELLED

A batch and the cursor behind it are one transaction; what became of the batch is counted in
another. Killed between any two, the next worker goes on where it stopped. Two workers at one
action disturb nobody: each looks, under the row's lock, at what the other has left.
"""

import uuid
from collections import Counter
from datetime import timedelta
from functools import partial

import structlog
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from flowzz.accounts.models import User
from integrations import dispatch
from integrations.inbox import drain, replay
from integrations.models import (
    BulkAction,
    BulkKind,
    BulkState,
    EventState,
    Integration,
    StatusMapping,
    WebhookEvent,
)
from integrations.models.bulk_actions import UNDER_WAY
from integrations.models.events import is_due
from integrations.status_mappings import reprocess, usages

log = structlog.stdlib.get_logger(__name__)

BATCH = 500
SILENCE = timedelta(minutes=1)
"""Without an advance for this long, an action's worker counts as dead."""


def group(cause: str) -> "QuerySet[WebhookEvent]":
    """The events in quarantine for a cause."""
    return WebhookEvent.objects.filter(state=EventState.QUARANTINED, cause=cause)


def start(
    kind: BulkKind,
    cause: str,
    *,
    by: User,
    reason: str = "",
    integration: Integration | None = None,
) -> tuple[BulkAction, bool]:
    """Have a group's events of up to now replayed, assigned or discarded in the background.

    A group that something is being done to already gets no second action: that one is returned,
    and False.
    """
    until = timezone.now()
    return _begin(
        BulkAction.objects.filter(cause=cause),
        BulkAction(
            kind=kind,
            cause=cause,
            until=until,
            integration=integration,
            reason=reason,
            requested_by=by,
            total=group(cause).filter(received_at__lte=until).count(),
        ),
    )


def remap(
    word: StatusMapping, meaning: str, *, by: User, reason: str = ""
) -> tuple[BulkAction, bool]:
    """Give a word its meaning from now on, and apply it to the sales that came with it.

    An empty `meaning` takes the word's own back.
    """
    with transaction.atomic():
        word = StatusMapping.objects.select_for_update().get(id=word.id)
        action, is_new = _begin(
            BulkAction.objects.filter(word=word),
            BulkAction(
                kind=BulkKind.REMAP,
                word=word,
                meaning_before=word.meaning,
                reason=reason,
                requested_by=by,
                total=usages.count(word),
            ),
        )
        if is_new:
            word.meaning = meaning
            word.mapped_by, word.mapped_at = by, timezone.now()
            word.save(update_fields=["meaning", "mapped_by", "mapped_at"])
    return action, is_new


def cancel(action_id: uuid.UUID) -> bool:
    """Stop an action; what it has done stays done. Say whether it was under way."""
    stopped = BulkAction.objects.filter(id=action_id, state__in=UNDER_WAY).update(
        state=BulkState.CANCELLED, finished_at=timezone.now()
    )
    return bool(stopped)


def claimable_ids() -> list[uuid.UUID]:
    """Actions under way that nobody has worked at lately."""
    silent = Q(updated_at__lt=timezone.now() - SILENCE)
    rows = BulkAction.objects.filter(silent, state__in=UNDER_WAY)
    return list(rows.order_by("id").values_list("id", flat=True))


def step(action_id: uuid.UUID) -> bool:
    """Do the next piece of an action; say whether there is more.

    Raises OperationalError when the database can't be reached: nothing is lost by it.
    """
    action = BulkAction.objects.select_related("integration").get(id=action_id)
    if not action.is_under_way:
        return False
    if action.batch:
        _settle(action)
    else:
        _take(action_id)
    return True


def _begin(same: "QuerySet[BulkAction]", action: BulkAction) -> tuple[BulkAction, bool]:
    begun = BulkAction.objects.bulk_create([action], ignore_conflicts=True)[0]
    found: BulkAction = same.order_by("id").reverse()[0]
    transaction.on_commit(partial(dispatch.enqueue_bulk_action, found.id))
    return found, found.id == begun.id


def _take(action_id: uuid.UUID) -> None:
    with transaction.atomic():
        rows = BulkAction.objects.select_for_update(of=["self"])
        action = rows.select_related("integration", "word").get(id=action_id)
        if not action.is_under_way or action.batch:
            return
        action.state = BulkState.RUNNING
        is_left = _reread(action) if action.kind == BulkKind.REMAP else _take_events(action)
        if not is_left:
            action.state, action.finished_at = BulkState.DONE, timezone.now()
            log.info("bulk_done", action_id=str(action.id), kind=action.kind, done=action.done)
        action.save()


def _take_events(action: BulkAction) -> bool:
    rows = list(_next(action).values_list("received_at", "id")[:BATCH])
    if not rows:
        return False
    action.cursor_at, action.cursor_id = rows[-1]
    ids = [id_ for _, id_ in rows]
    events = WebhookEvent.objects.filter(id__in=ids)
    if action.kind == BulkKind.DISCARD:
        count = replay.discard(events, action.reason)
        _count(action, Counter(discarded=count))
    elif action.kind == BulkKind.ASSIGN and action.integration:
        replay.assign(events, action.integration)
        action.batch = ids
    else:
        replay.replay(events)
        action.batch = ids
    return True


def _next(action: BulkAction) -> "QuerySet[WebhookEvent]":
    events = group(action.cause).filter(received_at__lte=action.until)
    if action.cursor_at:
        events = events.filter(
            Q(received_at__gt=action.cursor_at)
            | Q(received_at=action.cursor_at, id__gt=action.cursor_id),
            received_at__gte=action.cursor_at,  # lets the index begin there
        )
    return events.order_by("received_at", "id")


def _settle(action: BulkAction) -> None:
    """Process the batch here and now, and count what became of it."""
    events = WebhookEvent.objects.filter(id__in=action.batch)
    due = events.filter(is_due(), integration__isnull=False)
    for integration_id in due.order_by().values_list("integration_id", flat=True).distinct():
        while due.filter(integration=integration_id).exists() and drain.drain(integration_id):
            pass
    with transaction.atomic():
        locked = BulkAction.objects.select_for_update().get(id=action.id)
        if locked.batch != action.batch:
            return
        became = events.values_list("state", "outcome")
        _count(locked, Counter(outcome or state.lower() for state, outcome in became))
        locked.batch = []
        locked.save()


def _reread(action: BulkAction) -> bool:
    assert action.word is not None
    batch = usages.next_batch(action.word, (action.cursor_id, action.cursor_key))
    if batch is None:
        return False
    reread = reprocess.reprocess(action.word, batch, before=action.meaning_before)
    action.cursor_id, action.cursor_key = reread.position
    _count(action, reread.outcomes)
    return True


def _count(action: BulkAction, outcomes: "Counter[str]") -> None:
    action.done += outcomes.total()
    action.failed += outcomes["quarantined"]
    action.outcomes = dict(Counter(action.outcomes) + outcomes)
