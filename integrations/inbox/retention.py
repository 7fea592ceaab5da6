"""Payloads are stored for PAYLOAD_RETENTION, events for RECORD_RETENTION.

What they produced stays. Their age is by the database's clock: a wrong one of a worker must not
delete anything.
"""

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Now

from flowzz.core.db.batched_deletes import delete_in_batches
from flowzz.core.db.db_time import read_clock
from flowzz.core.ids import lowest_uuid7
from integrations.inbox.store import UNVERIFIABLE
from integrations.models import EventFailure, EventOutcome, EventState, WebhookEvent, WebhookPayload
from integrations.models.events import EVENTS, PAYLOADS, UNFINISHED
from integrations.runtime_settings import PAYLOAD_RETENTION, RECORD_RETENTION

UNROUTED_RETENTION = timedelta(days=7)
# Each part is the condition of an index. The table is locked while rows are moved, and a month has
# millions of others: reading them all took a quarter of a second for each million.
_UNRESOLVED = "(state IN ('PENDING', 'RETRY') OR state = 'QUARANTINED')"
_UNFINISHED = """
    event_id IN (SELECT id FROM integrations_webhookevent WHERE state IN ('PENDING', 'RETRY'))
"""


def create_partitions() -> None:
    """Create the partitions of the coming days and months."""
    now = read_clock()
    EVENTS.create_ahead(now)
    PAYLOADS.create_ahead(now)


def expired_payloads() -> "QuerySet[WebhookPayload]":
    """Return the payloads of finished events that are past retention, in whole days of UTC."""
    expired = WebhookPayload.objects.filter(event_id__lt=lowest_uuid7(_first_kept_day()))
    return expired.exclude(event__state__in=UNFINISHED)


def delete_expired_payloads() -> int:
    """Delete the expired payloads, a day at a time; return how many days.

    Unfinished events keep their payloads. Raises OperationalError where a lock can't be had.
    """
    days = PAYLOADS.drop_before(_first_kept_day(), retain=_UNFINISHED)
    expired_payloads().delete()  # retained on an earlier day, of events that have finished since
    return days


def delete_old_events() -> int:
    """Delete the events past RECORD_RETENTION, a month at a time; return how many months.

    Unfinished and quarantined events stay until they are resolved. Raises OperationalError where a
    lock can't be had.
    """
    first_kept = EVENTS.period.start_of(read_clock() - RECORD_RETENTION.value_in_database())
    months = EVENTS.drop_before(first_kept, retain=_UNRESOLVED)
    old = WebhookEvent.objects.filter(id__lt=lowest_uuid7(first_kept))
    resolved = old.exclude(state__in=(*UNFINISHED, EventState.QUARANTINED))
    delete_in_batches(resolved)  # retained in an earlier month, and resolved since
    _delete_failures_without_event(first_kept)
    return months


def _delete_failures_without_event(first_kept: datetime) -> None:
    failures = EventFailure.objects.filter(event_id__lt=lowest_uuid7(first_kept))
    events = WebhookEvent.objects.filter(id=OuterRef("event_id"))
    delete_in_batches(failures.exclude(Exists(events)))


def delete_unrouted() -> int:
    """Delete week-old events without a token and an owner, which anybody can send.

    Return how many.
    """
    old = Now() - UNROUTED_RETENTION
    events = WebhookEvent.objects.filter(integration=None, received_at__lt=old)
    events = events.exclude(reason=UNVERIFIABLE)
    ids = list(events.values_list("id", flat=True))
    WebhookPayload.objects.filter(event_id__in=ids).delete()
    WebhookEvent.objects.filter(id__in=ids).delete()
    return len(ids)


def redact_payloads(events: "QuerySet[WebhookEvent]", reason: str = "") -> int:
    """Delete the payloads of events; unfinished events are discarded with `reason`.

    Return the number of payloads. What the events produced stays. So does the body's hash, which
    identifies later duplicates.
    """
    ids = list(events.filter(payload__isnull=False).values_list("id", flat=True))
    WebhookEvent.objects.filter(id__any_of=ids, state__in=UNFINISHED).update(
        state=EventState.IGNORED, outcome=EventOutcome.DISCARDED, error=reason, finished_at=Now()
    )
    WebhookPayload.objects.filter(event_id__in=ids).delete()
    return len(ids)


def _first_kept_day() -> datetime:
    return PAYLOADS.period.start_of(read_clock() - PAYLOAD_RETENTION.value_in_database())
