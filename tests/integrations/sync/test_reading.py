"""Pages that are fetched while those before them are stored."""

import math
import time
from collections.abc import Iterator
from dataclasses import replace
from threading import Event
from typing import Any
from unittest.mock import Mock, patch

import pytest
from django.utils import timezone

from flowzz.core.db.jobs import JobState, LeaseLost
from integrations.models import Integration, StatusMapping, SyncRun, Trigger
from integrations.providers.coinzz import COINZZ
from integrations.providers.coinzz.api.client import CoinzzClient
from integrations.providers.contracts import Page
from integrations.providers.errors import KeyRefused
from integrations.sync import reading, runs
from integrations.sync.pages import apply_pages
from integrations.sync.reading import ItemReader, PagesAhead, ReadPage
from sales.models import Sale
from tests import payloads
from tests.factories import SyncRunFactory
from tests.integrations.sellers import Seller
from tests.sandbox.client import SandboxClient
from tests.waiting import wait_until


def page(number: int, *, sales: int = 50, size: int = 0) -> ReadPage:
    content = Page(
        number=number,
        last_page=None,
        total=None,
        items=[{}] * sales,
        has_next=True,
        fetched_at=timezone.now(),
        body_size=size,
    )
    return ReadPage(page=content, items=content.items, words=(), hashes=(), orders=None)


def numbers(batches: Iterator[list[ReadPage]]) -> list[list[int]]:
    return [[page.page.number for page in batch] for batch in batches]


def ahead(
    pages: Iterator[ReadPage], *, stop: Event | None = None, deadline: float = math.inf
) -> PagesAhead:
    return PagesAhead(pages, stop=stop or Event(), deadline=deadline)


def test_fast_pages_are_stored_together_up_to_the_limits() -> None:
    small = (page(number, sales=200) for number in range(1, 8))
    with ahead(small) as pages:
        assert numbers(pages.batches(Mock())) == [[1, 2, 3, 4, 5], [6, 7]]
    large = (page(number, size=reading.MAX_BYTES) for number in range(1, 4))
    with ahead(large) as pages:
        assert numbers(pages.batches(Mock())) == [[1], [2], [3]]


def test_slow_page_is_waited_for_by_no_other() -> None:
    stored = Event()

    def slow() -> Iterator[ReadPage]:
        yield page(1)
        stored.wait()
        yield page(2)

    with ahead(slow()) as pages:
        batches = pages.batches(Mock())
        assert [read.page.number for read in next(batches)] == [1]
        stored.set()
        assert numbers(batches) == [[2]]


def test_no_more_than_a_batch_is_fetched_while_one_is_stored() -> None:
    fetched = []

    def endless() -> Iterator[ReadPage]:
        for number in range(1, 1000):
            fetched.append(number)
            yield page(number, sales=reading.MAX_SALES)

    with ahead(endless()) as pages:
        batches = pages.batches(Mock())
        next(batches)
        wait_until(lambda: len(fetched) == 2)
        next(batches)
        wait_until(lambda: len(fetched) == 3)
        time.sleep(0.2)  # for a thread that does not stop
        assert fetched == [1, 2, 3]


def test_error_is_raised_after_the_pages_before_it() -> None:
    def refused_at_the_third() -> Iterator[ReadPage]:
        yield page(1)
        yield page(2)
        raise KeyRefused("API key inválida.")

    with ahead(refused_at_the_third()) as pages:
        batches = pages.batches(Mock())
        assert [read.page.number for read in next(batches)] == [1, 2]
        with pytest.raises(KeyRefused):
            next(batches)


def test_after_the_deadline_no_page_is_fetched_and_those_that_were_are_handed_over() -> None:
    with ahead((page(number) for number in range(1, 9)), deadline=0) as pages:
        assert numbers(pages.batches(Mock())) == [[1]]


def test_lease_is_kept_while_a_page_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_POLL_SECONDS", 0.01)
    kept = Mock()

    def slow() -> Iterator[ReadPage]:
        wait_until(lambda: kept.call_count > 3)
        yield page(1)

    with ahead(slow()) as pages:
        assert numbers(pages.batches(kept)) == [[1]]


def test_end_of_the_run_stops_the_thread() -> None:
    stop = Event()

    def endless() -> Iterator[ReadPage]:
        yield page(1)
        assert stop.wait(60)
        yield page(2)

    with ahead(endless(), stop=stop) as pages:
        next(pages.batches(Mock()))
    assert not pages._thread.is_alive()


@pytest.mark.django_db
def test_run_that_is_cancelled_during_a_wait_for_coinzz_ends(
    integration: Integration, coinzz: SandboxClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without an end of the wait, the test would exceed its time."""
    coinzz.control("POST", "faults", fault="status:500", path="sales", times=None)
    monkeypatch.setattr(CoinzzClient, "_wait", lambda *_: 3600)
    run = runs.request_run(integration, Trigger.USER)
    with patch.object(SyncRun, "keep_alive", side_effect=[None, LeaseLost]) as keep_alive:
        runs.execute(run.id)
    run.refresh_from_db()
    assert (keep_alive.call_count, run.state, run.processed) == (2, JobState.RUNNING, 0)


@pytest.mark.django_db
@pytest.mark.usefixtures("pages_alone")
def test_page_that_was_fetched_and_not_stored_is_fetched_again(
    integration: Integration, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = runs.request_run(integration, Trigger.INITIAL)
    fetch, fetched = CoinzzClient.fetch_sales, []

    def noted(client: CoinzzClient, *arguments: Any) -> Page:
        fetched.append(arguments[1])
        return fetch(client, *arguments)

    monkeypatch.setattr(CoinzzClient, "fetch_sales", noted)

    def fail_with_the_second_page_at_hand(run: SyncRun) -> None:
        wait_until(lambda: fetched == [1, 2])
        if run.state == JobState.RUNNING:
            raise ZeroDivisionError

    runs.execute(run.id, on_progress=fail_with_the_second_page_at_hand)
    run.refresh_from_db()
    assert (run.state, run.next_page, run.processed) == (JobState.QUEUED, 2, 50)
    SyncRun.objects.update(not_before=None)
    runs.execute(run.id)
    run.refresh_from_db()
    assert (run.state, run.created, Sale.objects.count()) == (JobState.SUCCEEDED, 120, 120)
    assert fetched == [1, 2, 2, 3]


@pytest.mark.django_db
@pytest.mark.parametrize("is_first", [True, False])
def test_word_that_is_mapped_after_its_page_was_read_counts(is_first: bool) -> None:
    seller = Seller()
    seller.integration.sync_cursor = None if is_first else timezone.now()
    run = SyncRunFactory.create(integration=seller.integration)
    order = payloads.order("ordaaaaa", shipping_status="Em rota especial")
    content = replace(page(1).page, items=[order])
    read = ItemReader(seller.integration).read(content, content.items)
    StatusMapping.objects.create(
        provider=COINZZ, field="shipping", word="em rota especial", status="SHIPPED"
    )
    apply_pages(run, [read])
    assert seller.sale("ordaaaaa").shipping_status == "SHIPPED"
