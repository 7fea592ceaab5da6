"""What the health of an integration is judged by, read from the database."""

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Count
from django.utils import timezone

from integrations.inbox import queue_stats
from integrations.models import EventState, Integration, IntegrationStatus, WebhookEvent
from integrations.models.events import UNFINISHED
from integrations.monitoring.health import Facts, Health, assess


def facts_of(integration: Integration) -> Facts:
    events = WebhookEvent.objects.filter(integration=integration)
    waiting = events.filter(state__in=UNFINISHED)
    return _facts(
        integration,
        quarantined=events.filter(state=EventState.QUARANTINED).count(),
        oldest_pending_at=waiting.order_by("received_at", "id")
        .values_list("received_at", flat=True)
        .first(),
    )


def health_of_all() -> list[tuple[uuid.UUID, Health]]:
    """Of every integration that is not disconnected, the worst first; three statements.

    By id, read without their users and secrets: there may be thousands, and few are shown.
    """
    dead = WebhookEvent.objects.filter(state=EventState.QUARANTINED, integration__isnull=False)
    counts = dead.order_by().values_list("integration_id").annotate(count=Count("id"))
    quarantined: Mapping[uuid.UUID, int] = dict(counts)
    waiting = queue_stats.due_since()
    integrations = Integration.objects.exclude(status=IntegrationStatus.DISCONNECTED)
    found = [
        (
            integration.id,
            assess(
                _facts(
                    integration,
                    quarantined=quarantined.get(integration.id, 0),
                    oldest_pending_at=waiting.get(integration.id),
                )
            ),
        )
        for integration in integrations.order_by("id").values_list("id", *_JUDGED_BY, named=True)
    ]
    return sorted(found, key=lambda pair: pair[1].score)


_JUDGED_BY = (
    "status",
    "connected_at",
    "api_key_set_at",
    "last_sync_at",
    "last_sync_status",
    "paused_at",
)


def _facts(integration: Any, *, quarantined: int, oldest_pending_at: datetime | None) -> Facts:
    return Facts(
        status=integration.status,
        now=timezone.now(),
        connected_at=integration.connected_at,
        api_key_set_at=integration.api_key_set_at,
        api_key_max_age=settings.API_KEY_MAX_AGE,
        last_sync_at=integration.last_sync_at,
        last_sync_status=integration.last_sync_status,
        quarantined=quarantined,
        oldest_pending_at=oldest_pending_at,
        paused_at=integration.paused_at,
    )
