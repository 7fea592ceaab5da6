"""A page of a run: applied and checkpointed in one transaction."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog
from django.db import transaction

from flowzz.core.db import leases
from flowzz.core.db.bulk_upsert import collector_paused, upsert
from flowzz.core.db.locks import lock_user
from flowzz.core.db_time import to_database_time
from integrations import live_updates
from integrations.inbox.drain import drain
from integrations.ingest import IngestResult, SourcedOrder, apply_bisecting, ingest
from integrations.models import FindingKind, SyncFinding, SyncRun, Trigger
from integrations.providers.contracts import Client, Page
from integrations.providers.errors import PayloadInvalid
from integrations.providers.readers import reader_for
from integrations.webhooks import fallback_buffer
from sales.models import Origin
from sales.recording import ChangeSource, Difference, Outcome

log = structlog.stdlib.get_logger(__name__)

_COUNTERS = ("processed", "created", "updated", "unchanged", "errors", "missed")


@dataclass(slots=True)
class PageResult:
    """What a page did to the run's figures, and what it found."""

    findings: list[SyncFinding]
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    errors: int = 0
    missed: int = 0

    @property
    def processed(self) -> int:
        return self.created + self.updated + self.unchanged + self.errors


def pages_of(run: SyncRun, client: Client) -> Iterator[Page]:
    """The pages from the run's checkpoint on, until its limit of sales is reached."""
    for page in client.sales_pages(run.cursor_from, start_page=run.next_page):
        if run.sales_limit and page.number == 1 and (page.total or 0) > run.sales_limit:
            _lift_limit_unless_newest_first(run, client, page)
        yield page
        if run.sales_limit and run.processed >= run.sales_limit:
            return


def _lift_limit_unless_newest_first(run: SyncRun, client: Client, first: Page) -> None:
    """The limit means the last sales; of pages in another order, all have to be read."""
    last = client.fetch_sales(run.cursor_from, first.last_page) if first.last_page else first
    if _newest(run, last) > _newest(run, first):
        log.warning("sync_pages_not_newest_first")
        run.sales_limit = None
        leases.owned(run).update(sales_limit=None)


def _newest(run: SyncRun, page: Page) -> datetime:
    orders = (observed.order for observed in _read(run, page, page.items, PageResult(findings=[])))
    dates = (order.sale.sale_date for order in orders if order.sale)
    return max(filter(None, dates), default=datetime.min.replace(tzinfo=UTC))


@collector_paused()
def apply_page(run: SyncRun, page: Page) -> None:
    """Write a page's sales and move the checkpoint past it; updates `run`. Raises LeaseLost."""
    # Webhooks that came before the page are not to be called missed.
    with suppress(fallback_buffer.BufferBusy):
        fallback_buffer.flush_to_inbox()
    while drain(run.integration_id):
        pass
    items = list(page.items)
    if run.sales_limit:
        items = items[: max(run.sales_limit - run.processed, 0)]
    tally = PageResult(findings=[])
    batch = _read(run, page, items, tally)
    with transaction.atomic():
        lock_user(run.integration.user_id)
        apply_bisecting(
            batch,
            lambda part: _ingest(run, part, tally),
            lambda observed, error: _refuse(run, observed, error, tally),
        )
        upsert(tally.findings)
        _checkpoint(run, page, tally)


def _read(run: SyncRun, page: Page, items: Sequence[Any], tally: PageResult) -> list[SourcedOrder]:
    reader = reader_for(run.integration)
    seen = ChangeSource(
        seen_at=to_database_time(page.fetched_at),
        origin=Origin.RUN,
        origin_id=run.id,
        is_snapshot=True,
    )
    batch = []
    for item in items:
        try:
            batch.append(SourcedOrder(reader.parse_order(item), seen))
        except PayloadInvalid as error:
            _note_error(run, tally, error.external_id, error.message)
    return batch


def _ingest(run: SyncRun, batch: Sequence[SourcedOrder], tally: PageResult) -> None:
    for result in ingest(run.integration, batch):
        match result.outcome:
            case Outcome.CREATED:
                tally.created += 1
            case Outcome.UPDATED:
                tally.updated += 1
            case _:
                tally.unchanged += 1
        _note_gap(run, result, tally)


def _note_gap(run: SyncRun, result: IngestResult, tally: PageResult) -> None:
    """Record what the webhooks should have told us and did not.

    They tell of new sales since the connection, and of any change.
    """
    sale, since = result.sale, run.integration.connected_at
    if run.trigger == Trigger.INITIAL or sale is None or since is None:
        return
    if result.outcome == Outcome.CREATED and sale.sale_date >= since:
        tally.missed += 1
        _find(run, tally, FindingKind.MISSED, sale.external_id, value=sale.total_price)
    elif result.outcome == Outcome.UPDATED:
        fields = [_described(difference) for difference in result.differences]
        _find(
            run, tally, FindingKind.DIFFERS, sale.external_id, fields=fields, value=sale.total_price
        )


def _described(difference: Difference) -> dict[str, str]:
    if difference.field == "metadata":
        return {"field": "metadata"}
    return {
        "field": str(difference.field),
        "before": str(difference.before or ""),
        "after": str(difference.after or ""),
    }


def _refuse(run: SyncRun, observed: SourcedOrder, error: Exception, tally: PageResult) -> None:
    fault = type(error).__name__
    log.error("sale_refused", fault=fault)
    _note_error(run, tally, observed.order.external_id, f"Não foi possível gravar ({fault}).")


def _note_error(run: SyncRun, tally: PageResult, external_id: str, message: str) -> None:
    tally.errors += 1
    _find(run, tally, FindingKind.ERROR, external_id, message=message)


def _find(
    run: SyncRun, tally: PageResult, kind: FindingKind, external_id: str, **details: Any
) -> None:
    tally.findings.append(
        SyncFinding.new(run_id=run.id, kind=kind, external_id=external_id, **details)
    )


def _checkpoint(run: SyncRun, page: Page, tally: PageResult) -> None:
    for name in _COUNTERS:
        setattr(run, name, getattr(run, name) + getattr(tally, name))
    run.pages += 1
    run.next_page = page.number + 1
    run.total = page.total
    changes = {name: getattr(run, name) for name in (*_COUNTERS, "pages", "next_page", "total")}
    leases.heartbeat(run, **changes)
    live_updates.run_moved(run.id)
