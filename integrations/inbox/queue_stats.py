"""How many events wait, and since when. Fast with any number of events."""

import uuid
from datetime import datetime
from typing import Any

from django.db.models import Min, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce, Least, Now

from integrations.models import EventState, Integration, WebhookEvent
from integrations.models.events import ARRIVAL, UNFINISHED, is_due

MAX_COUNTED = 100_000
"""Events are counted up to this number: beyond it, the exact number changes no decision."""


def due_since() -> dict[uuid.UUID, datetime]:
    """Return for each integration with due events when its next event became due.

    An event is due from its arrival, or from the time of its next attempt, and since now where
    that is in the future, because the database's clock was set back. A paused integration has no
    due events. One index lookup for each integration.
    """
    return dict(_with_due_events().values_list("id", "due_since"))


def due_since_of(integration: Integration) -> datetime | None:
    """Return when the integration's next event became due; None if none is due."""
    due_since: datetime | None = (
        _with_due_events().filter(id=integration.id).values_list("due_since", flat=True).first()
    )
    return due_since


def oldest_due() -> datetime | None:
    """Return when the event that has waited longest became due."""
    oldest: datetime | None = _with_due_events().aggregate(oldest=Min("due_since"))["oldest"]
    return oldest


def count_waiting() -> int:
    """Count unfinished events, up to `MAX_COUNTED`."""
    return _count_up_to_limit(WebhookEvent.objects.filter(state__in=UNFINISHED))


def count_quarantined() -> int:
    """Count quarantined events, up to `MAX_COUNTED`."""
    return _count_up_to_limit(WebhookEvent.objects.filter(state=EventState.QUARANTINED))


def _count_up_to_limit(events: "QuerySet[WebhookEvent]") -> int:
    return events.order_by()[:MAX_COUNTED].count()


def _with_due_events() -> "QuerySet[Any]":
    next_event = (
        WebhookEvent.objects.filter(is_due(), integration=OuterRef("id"))
        .order_by(*ARRIVAL)
        .values(since=Least(Coalesce("next_attempt_at", "received_at"), Now()))[:1]
    )
    return (
        Integration.objects.filter(paused_at=None)
        .annotate(due_since=Subquery(next_event))
        .filter(due_since__isnull=False)
    )
