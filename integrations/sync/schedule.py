"""The schedule of syncs: each connected integration in API mode once an hour, spread over it."""

from django.conf import settings
from django.db.models.functions import Now

from integrations import modes
from integrations.models import Integration, IntegrationStatus, Trigger
from integrations.sync.runs import request_run

_SLOTS = 10_000


def schedule_all() -> int:
    """Set the next sync of every integration that is synced within the coming hour.

    Returns the number of integrations. Each one's offset is derived from its id, so it is the
    same every hour.
    """
    spread = settings.SYNC_SPREAD
    connected = Integration.objects.filter(
        modes.in_api_mode(),
        status=IntegrationStatus.CONNECTED,
        paused_at=None,
        next_sync_at__isnull=True,
    )
    count = 0
    for integration in connected.only("id").iterator(chunk_size=1000):
        offset = spread * (integration.id.int % _SLOTS) / _SLOTS
        count += Integration.objects.filter(id=integration.id).update(next_sync_at=Now() + offset)
    return count


def start_due() -> int:
    """Request the scheduled runs that are due and return their number."""
    due = Integration.objects.filter(next_sync_at__lte=Now())
    started = 0
    for integration in due:
        claimed = Integration.objects.filter(
            id=integration.id, next_sync_at=integration.next_sync_at
        ).update(next_sync_at=None)
        if claimed and modes.is_synced(integration):
            request_run(integration, Trigger.SCHEDULE)
            started += 1
    return started
