"""Pages of a run, fetched and read in a thread while those before them are stored.

The thread makes the run's requests, one at a time, and uses no database. Pages that come fast are
handed over together. An error of the thread is raised when all pages before it were handed over.
"""

import contextvars
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Condition, Event, Thread
from typing import Any, Final, Self
from uuid import UUID

import structlog

from integrations.models import Integration, SyncRun
from integrations.providers.contracts import ApiClient, MappedWord, Order, Page
from integrations.providers.errors import FetchStopped, PayloadInvalid
from integrations.providers.readers import mapped_words
from integrations.providers.registry import get_provider
from integrations.sync import fingerprints

log = structlog.stdlib.get_logger(__name__)

MAX_SALES: Final = 1000
MAX_BYTES: Final = 4 * 1024 * 1024
"""Limits of pages stored together; as much may be fetched meanwhile. A page may exceed them."""
WAIT_SECONDS: Final = 0.1
"""A fetched page waits so long for others, to be stored together with them."""
_POLL_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPage:
    """A page, with the items that its run stores and what was read of them."""

    page: Page
    items: Sequence[Any]
    words: Sequence[MappedWord]
    """The mapped words that the items were read with."""
    hashes: Sequence[UUID]
    """The items' fingerprints."""
    orders: Sequence[Order | PayloadInvalid] | None
    """The parsed items; None where most items are expected to be unchanged, and parsed later."""
    sales_limit: int | None = None
    """The run's limit, as far as this page lets it stand."""
    is_last: bool = False


class ItemReader:
    """Reads items with the status words that are mapped now."""

    def __init__(self, integration: Integration) -> None:
        self.words = mapped_words(integration.provider)
        self.provider_reader = get_provider(integration.provider).reader(self.words)
        self.is_first_sync = integration.sync_cursor is None
        """Then there are no earlier fingerprints to compare."""

    def read(self, page: Page, items: Sequence[Any], **details: Any) -> ReadPage:
        return ReadPage(
            page=page,
            items=items,
            words=self.words,
            hashes=fingerprints.compute(items, self.words),
            orders=[self.parse(item) for item in items] if self.is_first_sync else None,
            **details,
        )

    def read_again(self, page: ReadPage) -> ReadPage:
        return self.read(page.page, page.items, sales_limit=page.sales_limit, is_last=page.is_last)

    def parse(self, item: Any) -> Order | PayloadInvalid:
        try:
            return self.provider_reader.parse_order(item)
        except PayloadInvalid as error:
            return error


def read_pages(run: SyncRun, client: ApiClient, reader: ItemReader) -> Iterator[ReadPage]:
    """Fetch pages from the run's checkpoint on, until the run's limit of sales is reached."""
    limit, count = run.sales_limit, run.processed
    since, first, previous, total = run.cursor_from, run.next_page, run.page_digest, run.total
    with client:
        pages = client.sales_pages(since, start_page=first, previous=previous, total=total)
        for page in pages:
            if limit and page.number == 1 and _exceeds(page, limit):
                later = client.fetch_sales(since, page.last_page or page.number + 1)
                # Without the newest sales on the first pages, all pages are needed.
                if _newest_sale_date(later, reader) > _newest_sale_date(page, reader):
                    log.warning("sync_pages_not_newest_first")
                    limit = None
            items = page.items[: max(limit - count, 0)] if limit else page.items
            count += len(items)
            is_last = not page.has_next or bool(limit and count >= limit)
            yield reader.read(page, items, sales_limit=limit, is_last=is_last)
            if is_last:
                return


def _exceeds(first: Page, limit: int) -> bool:
    """Return whether there are more sales than the limit, as far as the first page tells."""
    return first.has_next if first.total is None else first.total > limit


def _newest_sale_date(page: Page, reader: ItemReader) -> datetime:
    orders = map(reader.parse, page.items)
    dates = (order.sale.sale_date for order in orders if isinstance(order, Order) and order.sale)
    return max(filter(None, dates), default=datetime.min.replace(tzinfo=UTC))


class PagesAhead:
    """Iterates over `pages` in a thread, which fetches none after `deadline` (`time.monotonic`).

    Use it in a `with`, whose end sets `stop` and waits for the request that is being made.
    """

    def __init__(self, pages: Iterator[ReadPage], *, stop: Event, deadline: float) -> None:
        self._stop, self._deadline = stop, deadline
        self._ready: deque[ReadPage] = deque()
        self._in_use: list[ReadPage] = []
        self._error: Exception | None = None
        self._has_ended = False
        self._changed = Condition()
        context = contextvars.copy_context()  # the log's
        self._thread = Thread(target=context.run, args=(self._fetch, pages), name="sync-pages")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *details: object) -> None:
        with self._changed:
            self._stop.set()
            self._changed.notify_all()
        self._thread.join()

    def batches(self, keep_alive: Callable[[], None]) -> Iterator[list[ReadPage]]:
        """Yield the pages in order, some together; call `keep_alive` at least every two seconds.

        Raises what the thread raised.
        """
        while batch := self._next_batch(keep_alive):
            yield batch
        if self._error:
            raise self._error

    def _next_batch(self, keep_alive: Callable[[], None]) -> list[ReadPage]:
        with self._changed:
            self._in_use = []
            self._changed.notify_all()
        while not self._wait(lambda: bool(self._ready), _POLL_SECONDS):
            keep_alive()
        keep_alive()
        self._wait(lambda: _reach_limit(self._ready), WAIT_SECONDS)
        with self._changed:
            while self._ready and not _reach_limit(self._in_use):
                self._in_use.append(self._ready.popleft())
            return self._in_use

    def _wait(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Return whether the condition holds, or the thread has ended, within some seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: condition() or self._has_ended, seconds)

    def _fetch(self, pages: Iterator[ReadPage]) -> None:
        try:
            for page in pages:
                with self._changed:
                    self._ready.append(page)
                    self._changed.notify_all()
                    self._changed.wait_for(self._may_fetch)
                if self._stop.is_set() or time.monotonic() > self._deadline:
                    break
        except FetchStopped:
            pass
        except Exception as error:  # noqa: BLE001 - raised by `batches`
            self._error = error
        finally:
            with self._changed:
                self._has_ended = True
                self._changed.notify_all()

    def _may_fetch(self) -> bool:
        return self._stop.is_set() or not _reach_limit([*self._in_use, *self._ready], batches=2)


def _reach_limit(pages: Iterable[ReadPage], *, batches: int = 1) -> bool:
    """Return whether pages fill so many batches, by their number of sales or by their size."""
    sales, size = 0, 0
    for page in pages:
        sales += len(page.items)
        size += page.page.body_size
    return sales >= batches * MAX_SALES or size >= batches * MAX_BYTES
