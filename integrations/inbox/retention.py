"""Payloads of webhooks are stored for PAYLOAD_RETENTION; what they produced stays."""

from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from integrations.models import EventOutcome, EventState, WebhookEvent
from integrations.models.events import UNFINISHED
from integrations.runtime_settings import PAYLOAD_RETENTION

BATCH = 1_000


def expired_payloads() -> "QuerySet[WebhookEvent]":
    """Return finished events past retention that still have a body."""
    expired_before = timezone.now() - PAYLOAD_RETENTION.value_in_database()
    return WebhookEvent.objects.filter(
        ~Q(state__in=UNFINISHED), body__isnull=False, received_at__lt=expired_before
    )


def redact_expired_payloads() -> int:
    """Redact the next batch of expired payloads, oldest first; return how many."""
    oldest = expired_payloads().order_by("received_at").values_list("id", flat=True)[:BATCH]
    # Filtered again in the UPDATE: an event that staff replay meanwhile must not lose its body.
    return redact_payloads(expired_payloads().filter(id__in=list(oldest)))


def redact_payloads(events: "QuerySet[WebhookEvent]", reason: str = "") -> int:
    """Remove bodies and headers; unfinished events are discarded with `reason`.

    What the events produced stays. So does the body's hash, which identifies later duplicates.
    """
    blank: dict[str, Any] = {"body": None, "headers": {}, "body_removed_at": Now()}
    with_body = events.filter(body__isnull=False)
    discarded = with_body.filter(state__in=UNFINISHED).update(
        state=EventState.IGNORED,
        outcome=EventOutcome.DISCARDED,
        error=reason,
        finished_at=Now(),
        **blank,
    )
    return discarded + with_body.update(**blank)
