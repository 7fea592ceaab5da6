"""A page of a sync, without HTTP."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone

from integrations.models import Integration, SyncRun
from integrations.providers.contracts import Page
from integrations.sync import pages
from tests.factories import SyncRunFactory


def sync_page(
    integration: Integration, items: Sequence[Any], fetched_at: datetime | None = None
) -> SyncRun:
    """Apply a page of a later sync with these items, by default fetched now; return its run."""
    integration.sync_cursor = integration.sync_cursor or timezone.now()
    SyncRun.objects.filter(integration=integration).update(state="SUCCEEDED")
    run = SyncRunFactory.create(integration=integration)
    page = Page(
        number=1,
        last_page=1,
        total=len(items),
        items=list(items),
        has_next=False,
        fetched_at=fetched_at or timezone.now(),
    )
    pages.apply_page(run, page)
    return run
