"""One page of a sync run: applied and checkpointed in one transaction."""

import time
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain
from typing import Any, TypeAlias
from uuid import UUID

import structlog
from django.db import transaction

from flowzz.core.db.bulk_upsert import gc_paused, upsert
from flowzz.core.db.db_time import to_database_time
from flowzz.core.db.jobs import log_at_commit
from flowzz.core.db.locks import lock_user
from integrations import live_updates
from integrations.inbox.drain import drain, has_work
from integrations.ingest import IngestResult, SourcedOrder, apply_bisecting, ingest
from integrations.models import FindingKind, SyncFinding, SyncRun, Trigger
from integrations.providers.contracts import Client, Page, Reader
from integrations.providers.errors import PayloadInvalid
from integrations.providers.readers import mapped_words, reader_for
from integrations.providers.registry import get_provider
from integrations.sync import fingerprints
from integrations.webhooks import fallback_buffer
from sales.models import Origin
from sales.recording import ChangeSource, Outcome
from sales.sale_changes import ORDER_ID_FIELDS, FieldChange

log = structlog.stdlib.get_logger(__name__)

HashedItem: TypeAlias = tuple[Any, UUID | None]
"""An item with its fingerprint."""

MAX_DRAIN_SECONDS = 5.0
COUNTERS = ("processed", "created", "updated", "unchanged", "errors", "missed")


@dataclass(slots=True)
class PageResult:
    """What a page adds to the run's counters and findings."""

    run: SyncRun
    findings: list[SyncFinding] = field(default_factory=list)
    counts: "Counter[str]" = field(default_factory=Counter)
    """By the names in `COUNTERS`."""
    order_ids: set[str] = field(default_factory=set)
    """The ids of all sales that the page's items concern, unchanged items aside."""

    def add_error(self, external_id: str, message: str) -> None:
        self.counts.update(processed=1, errors=1)
        self.add_finding(FindingKind.ERROR, external_id, message=message)

    def add_finding(self, kind: FindingKind, external_id: str, **details: Any) -> None:
        finding = SyncFinding.new(run_id=self.run.id, kind=kind, external_id=external_id, **details)
        self.findings.append(finding)


def pages_from_checkpoint(run: SyncRun, client: Client) -> Iterator[Page]:
    """Fetch pages from the run's checkpoint on, until the run's limit of sales is reached."""
    for page in client.sales_pages(
        run.cursor_from, start_page=run.next_page, previous=run.page_digest
    ):
        if run.sales_limit and page.number == 1 and _exceeds(page, run.sales_limit):
            _lift_limit_unless_newest_first(run, client, page)
        yield page
        if is_last(run, page):
            return


def is_last(run: SyncRun, page: Page) -> bool:
    return not page.has_next or bool(run.sales_limit and run.processed >= run.sales_limit)


def _exceeds(first: Page, limit: int) -> bool:
    """Return whether there are more sales than the limit, as far as the first page tells."""
    return first.has_next if first.total is None else first.total > limit


def _lift_limit_unless_newest_first(run: SyncRun, client: Client, first: Page) -> None:
    """Fetch all pages if the first ones do not contain the newest sales.

    If the last page's number is unknown, the second page is compared.
    """
    later = client.fetch_sales(run.cursor_from, first.last_page or first.number + 1)
    if _newest_sale_date(run, later) > _newest_sale_date(run, first):
        log.warning("sync_pages_not_newest_first")
        run.sales_limit = None
        run.owned().update(sales_limit=None)


def _newest_sale_date(run: SyncRun, page: Page) -> datetime:
    reader, items = reader_for(run.integration), ((item, None) for item in page.items)
    orders = (sourced.order for sourced in _parse_items(page, items, reader, PageResult(run)))
    dates = (order.sale.sale_date for order in orders if order.sale)
    return max(filter(None, dates), default=datetime.min.replace(tzinfo=UTC))


def drain_inbox(run: SyncRun) -> bool:
    """Apply the webhooks received so far, whose sales would otherwise be reported as missed.

    Returns False if more of them are waiting after MAX_DRAIN_SECONDS. Raises LeaseLost.
    """
    with suppress(fallback_buffer.BufferBusy):
        fallback_buffer.flush_to_inbox()
    deadline = time.monotonic() + MAX_DRAIN_SECONDS
    while has_work(run.integration_id) and drain(run.integration_id):
        run.heartbeat()
        if time.monotonic() > deadline:
            return False
    return True


@gc_paused()
def apply_page(run: SyncRun, page: Page) -> None:
    """Store a page's sales and move the run's checkpoint past the page. Raises LeaseLost."""
    items, integration = page.items, run.integration
    if run.sales_limit:
        items = items[: max(run.sales_limit - run.processed, 0)]
    words = mapped_words(integration.provider)
    reader = get_provider(integration.provider).reader(words)
    hashed = list(zip(items, fingerprints.compute(items, words), strict=True))
    # A first sync has no earlier one whose fingerprints it could find.
    is_first = integration.sync_cursor is None
    unchanged = {} if is_first else fingerprints.find_unchanged(integration, reader, hashed)
    try:
        _store(run, page, hashed, reader, unchanged)
    except _UnchangedConcerned:
        _store(run, page, hashed, reader, {})


class _UnchangedConcerned(Exception):
    """Another item of the page is about the sale of an unchanged one: their order counts."""


def _store(
    run: SyncRun,
    page: Page,
    items: Sequence[HashedItem],
    reader: Reader,
    unchanged: Mapping[UUID, Collection[str]],
) -> None:
    """Store the items but for unchanged ones, whose sales have the given ids.

    Raises LeaseLost and _UnchangedConcerned.
    """
    result = PageResult(run)
    different = [(item, hash_) for item, hash_ in items if hash_ not in unchanged]
    skipped = len(items) - len(different)
    result.counts.update(processed=skipped, unchanged=skipped)
    if not different:
        _checkpoint(page, result)
        return
    orders = _parse_items(page, different, reader, result)
    with transaction.atomic():
        lock_user(run.integration.user_id)
        apply_bisecting(
            orders,
            lambda part: _ingest(part, result),
            lambda sourced, error: _add_rejected(sourced, error, result),
        )
        if result.order_ids.intersection(chain.from_iterable(unchanged.values())):
            raise _UnchangedConcerned
        upsert(result.findings)
        _checkpoint(page, result)


def _parse_items(
    page: Page, items: Iterable[HashedItem], reader: Reader, result: PageResult
) -> list[SourcedOrder]:
    observed_at = to_database_time(page.fetched_at)
    orders = []
    for item, fingerprint in items:
        try:
            order = reader.parse_order(item)
        except PayloadInvalid as error:
            result.add_error(error.external_id, error.message)
        else:
            source = ChangeSource(
                observed_at=observed_at,
                origin=Origin.RUN,
                origin_id=result.run.id,
                is_snapshot=True,
                # A subscription changes by itself: its order is always read.
                fingerprint=None if order.subscription else fingerprint,
            )
            orders.append(SourcedOrder(order, source))
    return orders


def _ingest(orders: Sequence[SourcedOrder], result: PageResult) -> None:
    for sourced, ingested in zip(orders, ingest(result.run.integration, orders), strict=True):
        result.order_ids.update(ingested.sale.order_ids if ingested.sale else ())
        if ingested.refusal:
            result.add_error(sourced.order.external_id, ingested.refusal.message)
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
    """Return a difference as JSON; metadata without its values, which may be personal data."""
    if change.field == "metadata":
        return {"field": "metadata"}
    before, after = str(change.before or ""), str(change.after or "")
    return {"field": str(change.field), "before": before, "after": after}


def _add_rejected(sourced: SourcedOrder, error: Exception, result: PageResult) -> None:
    fault = type(error).__name__
    log.error("sale_refused", fault=fault)
    result.add_error(sourced.order.external_id, f"Não foi possível gravar ({fault}).")


def _checkpoint(page: Page, result: PageResult) -> None:
    run = result.run
    for name in COUNTERS:
        setattr(run, name, getattr(run, name) + result.counts[name])
    run.pages += 1
    run.next_page, run.page_digest = page.number + 1, page.digest
    run.total = page.total
    run.checkpoint(*COUNTERS, "pages", "next_page", "page_digest", "total")
    log_at_commit(
        "sync_page_stored", lease=str(run.lease), page=page.number, is_last=is_last(run, page)
    )
    live_updates.publish_progress(run)
