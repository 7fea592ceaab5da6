"""What the health of an integration is judged by, read from the database."""

from django.conf import settings
from django.utils import timezone

from integrations.health import Facts
from integrations.models import EventState, Integration, WebhookEvent


def facts_of(integration: Integration) -> Facts:
    events = WebhookEvent.objects.filter(integration=integration)
    waiting = events.filter(state__in=(EventState.PENDING, EventState.RETRY))
    return Facts(
        status=integration.status,
        now=timezone.now(),
        connected_at=integration.connected_at,
        api_key_set_at=integration.api_key_set_at,
        api_key_max_age=settings.API_KEY_MAX_AGE,
        last_sync_at=integration.last_sync_at,
        last_sync_status=integration.last_sync_status,
        paused_at=integration.paused_at,
        quarantined=events.filter(state=EventState.QUARANTINED).count(),
        oldest_pending_at=waiting.order_by("received_at", "id")
        .values_list("received_at", flat=True)
        .first(),
    )
