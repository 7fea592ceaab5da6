"""The work that waits: since when, and how much of it. Cheap however many events there are."""

import uuid
from datetime import datetime
from typing import Any

from django.db.models import Min, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from integrations.models import EventState, Integration, WebhookEvent
from integrations.models.events import UNFINISHED, is_due

MOST = 100_000
"""Counted no further: beyond, the exact number doesn't change what there is to do."""


def due_since() -> dict[uuid.UUID, datetime]:
    """Of each integration with work: since when its next event could have been processed.

    That is its arrival, or the time it was put off to; what waits because staff paused the
    integration is not due. One look into an index per integration.
    """
    return dict(_heads().values_list("id", "due_since"))


def due_since_of(integration: Integration) -> datetime | None:
    """The same of one integration; None where nothing is due."""
    found: datetime | None = (
        _heads().filter(id=integration.id).values_list("due_since", flat=True).first()
    )
    return found


def oldest_due() -> datetime | None:
    """Since when the event that has waited longest could have been processed."""
    oldest: datetime | None = _heads().aggregate(oldest=Min("due_since"))["oldest"]
    return oldest


def count_waiting() -> int:
    """Events that are to be done, now or later; `MOST` at most."""
    return _up_to_most(WebhookEvent.objects.filter(state__in=UNFINISHED))


def count_quarantined() -> int:
    """Dead letters, `MOST` at most."""
    return _up_to_most(WebhookEvent.objects.filter(state=EventState.QUARANTINED))


def _up_to_most(events: "QuerySet[WebhookEvent]") -> int:
    return events.order_by()[:MOST].count()


def _heads() -> "QuerySet[Any]":
    next_event = (
        WebhookEvent.objects.filter(is_due(), integration=OuterRef("id"))
        .order_by("received_at", "id")
        .values(since=Coalesce("next_attempt_at", "received_at"))[:1]
    )
    return (
        Integration.objects.filter(paused_at=None)
        .annotate(due_since=Subquery(next_event))
        .filter(due_since__isnull=False)
    )
