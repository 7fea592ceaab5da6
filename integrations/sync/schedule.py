"""The schedule of syncs: each connected integration in API mode once an hour, spread over it."""

from datetime import timedelta

from django.conf import settings
from django.db.models import Q
from django.db.models.functions import Now

from integrations import modes
from integrations.models import Integration, IntegrationStatus, Trigger
from integrations.sync.runs import request_run

HOUR = timedelta(hours=1)
_SLOTS = 10_000


def schedule_all() -> int:
    """Set the time of the next sync, within the coming hour, of every integration that is synced.

    Returns the number of integrations. The offset is derived from the integration's id, so it is
    the same every hour. A time beyond the hour means that the database's clock was set back.
    """
    spread = settings.SYNC_SPREAD
    is_beyond = Q(next_sync_at__gt=Now() + max(spread, HOUR))
    connected = Integration.objects.filter(
        modes.in_api_mode(),
        Q(next_sync_at=None) | is_beyond,
        status=IntegrationStatus.CONNECTED,
        paused_at=None,
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
