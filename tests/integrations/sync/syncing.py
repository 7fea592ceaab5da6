"""Pages of a sync, without HTTP."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone

from integrations.models import Integration, SyncRun
from integrations.providers.contracts import Page
from integrations.sync.pages import apply_pages
from integrations.sync.reading import ItemReader
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
    apply_page(run, page)
    return run


def apply_page(run: SyncRun, *pages: Page) -> None:
    """Apply a page, or pages that are stored together."""
    reader = ItemReader(run.integration)
    apply_pages(run, [reader.read(page, page.items, is_last=not page.has_next) for page in pages])
