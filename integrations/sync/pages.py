"""Pages of a sync run: applied and checkpointed in one transaction."""

import time
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain, repeat
from typing import Any
from uuid import UUID

import structlog
from django.db import transaction
from django.utils import timezone

from flowzz.core.db.bulk_upsert import gc_paused, upsert
from flowzz.core.db.db_time import to_database_time
from flowzz.core.db.jobs import log_at_commit
from flowzz.core.db.locks import lock_user
from integrations import live_updates
from integrations.inbox.drain import has_work
from integrations.ingest import IngestResult, SourcedOrder, apply_bisecting, ingest
from integrations.models import FindingKind, SyncFinding, SyncRun, Trigger
from integrations.providers.contracts import Order, Page
from integrations.providers.errors import PayloadInvalid
from integrations.sync import fingerprints
from integrations.sync.reading import ItemReader, ReadPage
from integrations.webhooks import fallback_buffer
from sales.models import ChangeSource, Origin
from sales.recording import Outcome
from sales.sale_changes import ORDER_ID_FIELDS, FieldChange
from sales.statuses import HistoryField

log = structlog.stdlib.get_logger(__name__)

MAX_DRAIN_SECONDS = 5.0
COUNTERS = ("processed", "created", "updated", "unchanged", "errors", "missed")


@dataclass(slots=True)
class PageResult:
    """What pages add to the run's counters and findings."""

    run: SyncRun
    findings: list[SyncFinding] = field(default_factory=list)
    counts: "Counter[str]" = field(default_factory=Counter)
    """What to add to the run's counters, by the names in `COUNTERS`."""
    order_ids: set[str] = field(default_factory=set)
    """The ids of all sales that the pages' items concern, unchanged items aside."""

    def add_error(self, external_id: str, message: str) -> None:
        self.counts.update(processed=1, errors=1)
        self.add_finding(FindingKind.ERROR, external_id, message=message)

    def add_finding(self, kind: FindingKind, external_id: str, **details: Any) -> None:
        finding = SyncFinding.new(run_id=self.run.id, kind=kind, external_id=external_id, **details)
        self.findings.append(finding)


def apply_received_webhooks(run: SyncRun) -> bool:
    """Drain the inbox first: sales of waiting webhooks would be reported as missed.

    Returns False if more webhooks are waiting after MAX_DRAIN_SECONDS. Raises LeaseLost.
    """
    with suppress(fallback_buffer.BufferBusy):
        fallback_buffer.flush_to_inbox()
    deadline = time.monotonic() + MAX_DRAIN_SECONDS
    while has_work(run.integration_id):
        with suppress(fallback_buffer.BufferBusy):
            if not fallback_buffer.drain_in_order(run.integration_id).size:
                break
        run.heartbeat()
        if time.monotonic() > deadline:
            return False
    return True


@gc_paused()
def apply_pages(run: SyncRun, pages: Sequence[ReadPage]) -> None:
    """Store the sales of pages and move the run's checkpoint past them. Raises LeaseLost."""
    reader = ItemReader(run.integration)
    pages = [page if page.words == reader.words else reader.read_again(page) for page in pages]
    items = list(_items(pages))
    unchanged = {}
    if not reader.is_first_sync:
        hashed = [(item.value, item.hash) for item in items]
        unchanged = fingerprints.find_unchanged(run.integration, reader.provider_reader, hashed)
    try:
        _store(run, pages, items, reader, unchanged)
    except _UnchangedConcerned:
        _store(run, pages, items, reader, {})


class _UnchangedConcerned(Exception):
    """Another item of the pages is about the sale of an unchanged one: their order counts."""


@dataclass(slots=True)
class _Item:
    value: Any
    hash: UUID
    order: Order | PayloadInvalid | None
    """None until it is parsed."""
    page: Page


def _items(pages: Iterable[ReadPage]) -> Iterator[_Item]:
    for page in pages:
        orders = page.orders or repeat(None)
        for value, hash_, order in zip(page.items, page.hashes, orders, strict=False):
            yield _Item(value, hash_, order, page.page)


def _store(
    run: SyncRun,
    pages: Sequence[ReadPage],
    items: Sequence[_Item],
    reader: ItemReader,
    unchanged: Mapping[UUID, Collection[str]],
) -> None:
    """Store the items but for unchanged ones, whose sales have the given ids.

    Raises LeaseLost and _UnchangedConcerned.
    """
    result = PageResult(run)
    different = [item for item in items if item.hash not in unchanged]
    skipped = len(items) - len(different)
    result.counts.update(processed=skipped, unchanged=skipped)
    if not different:
        _checkpoint(pages, result)
        return
    orders = _sourced_orders(different, reader, result)
    with transaction.atomic():
        lock_user(run.integration.user_id)
        apply_bisecting(
            orders,
            lambda part: _ingest_and_count(part, result),
            lambda sourced, error: _add_rejected(sourced, error, result),
        )
        if result.order_ids.intersection(chain.from_iterable(unchanged.values())):
            raise _UnchangedConcerned
        upsert(result.findings)
        _checkpoint(pages, result)


def _sourced_orders(
    items: Sequence[_Item], reader: ItemReader, result: PageResult
) -> list[SourcedOrder]:
    """Return the items' orders with their source; what is unreadable becomes an error."""
    clock_difference = to_database_time(now := timezone.now()) - now
    orders = []
    for item in items:
        order = reader.parse(item.value) if item.order is None else item.order
        if isinstance(order, PayloadInvalid):
            result.add_error("", order.message)
            continue
        source = ChangeSource(
            observed_at=item.page.fetched_at + clock_difference,
            origin=Origin.RUN,
            origin_id=result.run.id,
            is_snapshot=True,
            # A subscription changes by itself: its order is always read.
            fingerprint=None if order.subscription else item.hash,
        )
        orders.append(SourcedOrder(order, source))
    return orders


def _ingest_and_count(orders: Sequence[SourcedOrder], result: PageResult) -> None:
    for sourced, ingested in zip(orders, ingest(result.run.integration, orders), strict=True):
        result.order_ids.update(ingested.sale.order_ids if ingested.sale else ())
        if ingested.rejection:
            result.add_error(sourced.order.external_id, ingested.rejection.message)
            continue
        counts = ingested.sale is None or ingested.sale.is_associated
        is_changed = counts and ingested.outcome in (Outcome.CREATED, Outcome.UPDATED)
        result.counts["processed"] += 1
        result.counts[str(ingested.outcome) if is_changed else "unchanged"] += 1
        if ingested.warnings and ingested.outcome in (Outcome.CREATED, Outcome.UPDATED):
            _add_warnings(ingested, result)
        if counts:
            _add_missed_webhook(ingested, result)
        elif ingested.outcome == Outcome.CREATED:
            _add_unassociated(ingested, result)


def _add_unassociated(ingested: IngestResult, result: PageResult) -> None:
    if sale := ingested.sale:
        value = sale.total_price
        result.add_finding(FindingKind.UNASSOCIATED, sale.external_id, value=value)


def _add_warnings(ingested: IngestResult, result: PageResult) -> None:
    external_id = ingested.sale.external_id if ingested.sale else ""
    message = " ".join(warning.message for warning in ingested.warnings)
    result.add_finding(FindingKind.WARNING, external_id, message=message)


def _add_missed_webhook(ingested: IngestResult, result: PageResult) -> None:
    """Record a sale or a change that webhooks should have reported since the connection."""
    run, sale = result.run, ingested.sale
    since = run.integration.connected_at
    if run.trigger == Trigger.INITIAL or sale is None or since is None:
        return
    if ingested.outcome == Outcome.CREATED and sale.sale_date >= since:
        result.counts["missed"] += 1
        result.add_finding(FindingKind.MISSED, sale.external_id, value=sale.total_price)
    elif ingested.outcome == Outcome.UPDATED and (changes := _seen_by_webhooks(ingested)):
        result.add_finding(
            FindingKind.DIFFERS,
            sale.external_id,
            fields=[_describe(change) for change in changes],
            value=sale.total_price,
        )


def _seen_by_webhooks(ingested: IngestResult) -> list[FieldChange]:
    """Return the changes that webhooks could report, which tell no hash."""
    return [change for change in ingested.changes if change.field not in ORDER_ID_FIELDS]


def _describe(change: FieldChange) -> dict[str, str]:
    """Return a difference as JSON; metadata, which may be personal data, without its values."""
    if change.field in ("metadata", HistoryField.CLIENT):
        return {"field": str(change.field)}
    before, after = str(change.before or ""), str(change.after or "")
    return {"field": str(change.field), "before": before, "after": after}


def _add_rejected(sourced: SourcedOrder, error: Exception, result: PageResult) -> None:
    fault = type(error).__name__
    log.error("sale_refused", fault=fault)
    result.add_error(sourced.order.external_id, f"Não foi possível gravar ({fault}).")


def _checkpoint(pages: Sequence[ReadPage], result: PageResult) -> None:
    run, last = result.run, pages[-1]
    for name in COUNTERS:
        setattr(run, name, getattr(run, name) + result.counts[name])
    run.pages += len(pages)
    run.next_page, run.page_digest = last.page.number + 1, last.page.digest
    run.total, run.sales_limit = last.page.total, last.sales_limit
    run.attempts = 0  # a platform that asks to wait every hundred pages does not fail the run
    names = ("pages", "next_page", "page_digest", "total", "sales_limit", "attempts")
    run.checkpoint(*COUNTERS, *names)
    log_at_commit(
        "sync_pages_stored",
        lease=str(run.lease),
        first_page=pages[0].page.number,
        page=last.page.number,
        is_last=last.is_last,
    )
    live_updates.publish_progress(run)
