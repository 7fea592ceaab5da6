"""Wrong or changed clocks of web machines, workers, beat and Redis."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from celery.beat import ScheduleEntry
from celery.schedules import schedule
from django.db.models.functions import Now
from django.utils import timezone
from time_machine import travel

from flowzz.celery import app
from flowzz.core import redis
from flowzz.core.db import db_time, jobs
from flowzz.core.db.db_time import read_clock, to_database_time
from flowzz.core.db.jobs import JobState, claimable_ids
from flowzz.core.workers import beat_scheduler
from integrations import dispatch, tasks
from integrations.inbox import drain, processing, queue_stats, store
from integrations.inbox.store import InboundWebhook
from integrations.models import EventState, Integration, SalesImport, SyncRun, Trigger, WebhookEvent
from integrations.models.events import MAX_WAIT
from integrations.runtime_settings import SYNC_OVERLAP
from integrations.sync import runs
from integrations.sync.breaker import CircuitBreaker
from sales.models import Export
from tests import payloads
from tests.api_client import Frontend
from tests.factories import SyncRunFactory
from tests.integrations.sellers import Seller

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
MOMENT = 0.02
AHEAD = 10**13
"""Milliseconds since the epoch: the year 2286."""


@pytest.fixture
def seller() -> Seller:
    return Seller()


def in_an_hour() -> travel:
    return travel(datetime.now(UTC) + HOUR)


def an_hour_ago() -> travel:
    return travel(datetime.now(UTC) - HOUR)


@pytest.mark.parametrize("clock", [in_an_hour, an_hour_ago])
def test_times_are_converted_to_the_databases_clock(clock: Callable[[], travel]) -> None:
    now = timezone.now()
    with clock():
        converted = to_database_time(timezone.now())

    assert abs(converted - now) < timedelta(minutes=1)


def test_buffered_webhook_stays_after_one_that_was_stored_before(
    seller: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_with_a_late_reply() -> datetime:
        now = read_clock()
        time.sleep(0.2)
        return now

    seller.post(payloads.encode(payloads.order(order_status="Aprovado")))
    body = payloads.encode(payloads.order(order_status="Cancelado"))
    webhook = InboundWebhook(provider="coinzz", token_hash="", body=body, headers={})
    monkeypatch.setattr(db_time, "read_clock", read_with_a_late_reply)
    store.store_buffered([(webhook, seller.integration)])
    seller.drain()

    assert seller.states == [("DONE", "created"), ("DONE", "updated")]
    assert seller.sale().status == "CANCELLED"


def test_webhook_after_the_webs_clock_was_set_back_is_applied(seller: Seller) -> None:
    for status, clock in (("Aprovado", in_an_hour), ("Cancelado", an_hour_ago)):
        with clock():
            seller.post(payloads.encode(payloads.order(order_status=status)))
    seller.drain()

    assert seller.states == [("DONE", "created"), ("DONE", "updated")]
    assert seller.sale().status == "CANCELLED"


def test_buffered_webhook_is_not_received_in_the_future(seller: Seller) -> None:
    with in_an_hour():
        late = InboundWebhook(provider="coinzz", token_hash="", body=b"{}", headers={})
    store.store_buffered([(late, seller.integration)])

    assert seller.events[0].received_at <= timezone.now()


def test_worker_with_a_fast_clock_claims_no_run_of_another(integration: Integration) -> None:
    run = runs.request_run(integration, Trigger.USER)
    SyncRun.objects.update(state=JobState.RUNNING, heartbeat_at=Now())
    with in_an_hour():
        assert claimable_ids(SyncRun) == []

    SyncRun.objects.update(state=JobState.QUEUED, not_before=Now() + timedelta(minutes=1))
    with in_an_hour():
        assert claimable_ids(SyncRun) == []

    SyncRun.objects.update(not_before=Now())
    with an_hour_ago():
        assert claimable_ids(SyncRun) == [run.id]


def test_worker_with_a_fast_clock_claims_no_import_and_no_export(integration: Integration) -> None:
    beating: dict[str, Any] = {"state": "RUNNING", "heartbeat_at": timezone.now()}
    SalesImport.objects.create(integration=integration, **beating)
    Export.objects.create(requested_by=integration.user, **beating)
    with in_an_hour():
        assert (claimable_ids(SalesImport), claimable_ids(Export)) == ([], [])


def test_fast_clock_does_not_move_the_cursor_too_far(integration: Integration) -> None:
    with in_an_hour():
        runs.execute(runs.request_run(integration, Trigger.USER).id)

    integration.refresh_from_db()
    assert integration.sync_cursor is not None
    assert integration.sync_cursor <= timezone.now()
    newest = integration.user.sales.latest("observed_at").observed_at
    assert newest <= timezone.now()


@pytest.mark.parametrize("clock", [in_an_hour, an_hour_ago])
def test_failed_event_is_retried_by_the_databases_clock(
    seller: Seller, monkeypatch: pytest.MonkeyPatch, clock: Callable[[], travel]
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError

    seller.receive(payloads.order())
    with clock():
        monkeypatch.setattr(processing, "ingest", fail)
        seller.drain()
        assert drain.integrations_with_work() == []

    [event] = seller.events
    assert event.next_attempt_at is not None
    assert 20 < (event.next_attempt_at - timezone.now()).total_seconds() < 40
    WebhookEvent.objects.update(next_attempt_at=Now())
    with clock():
        monkeypatch.undo()
        seller.drain()
    assert [state for state, _ in seller.states] == [EventState.DONE]


def test_failed_event_is_retried_after_the_databases_clock_was_set_back(seller: Seller) -> None:
    seller.receive(payloads.order())
    WebhookEvent.objects.update(state=EventState.RETRY, next_attempt_at=Now() + HOUR)

    assert drain.integrations_with_work() == [seller.integration.id]
    oldest = queue_stats.oldest_due()
    assert oldest
    assert oldest <= timezone.now()
    seller.drain()
    assert seller.states == [("DONE", "created")]


def test_no_event_waits_so_long_that_its_clock_seems_to_be_set_back() -> None:
    longest = processing.BACKOFF * 2 ** (processing.MAX_ATTEMPTS - 2) * (1 + processing.JITTER)
    assert longest < MAX_WAIT


def test_worker_with_a_fast_clock_deletes_nothing(seller: Seller) -> None:
    seller.process(payloads.order())
    run = SyncRunFactory.create(integration=seller.integration, state=JobState.SUCCEEDED)
    WebhookEvent.objects.create(provider="coinzz", body_hash=b"")
    with travel(datetime.now(UTC) + timedelta(days=500)):
        tasks.delete_expired_payloads()
        tasks.delete_old_records()

    assert [event.body is None for event in seller.events] == [False]
    assert WebhookEvent.objects.count() == 2
    assert SyncRun.objects.filter(id=run.id).exists()


class Beat(beat_scheduler.Scheduler):
    """A scheduler with two entries that are not in the database."""

    schedule = {
        name: ScheduleEntry(
            name=name, task=name, schedule=schedule(seconds), app=app, last_run_at=timezone.now()
        )
        for name, seconds in (("often", 30), ("seldom", 60))
    }

    def apply_entry(self, entry: ScheduleEntry, **_: object) -> None:
        self.sent.append(entry.name)

    def sent_now(self) -> list[str | None]:
        self.sent: list[str | None] = []
        while self.tick() == 0:
            pass
        return sorted(self.sent, key=str)


def test_beat_continues_after_its_clock_was_set_back() -> None:
    scheduler = Beat(app=app, lazy=True)

    with travel(datetime.now(UTC) + HOUR, tick=False) as clock:
        assert scheduler.sent_now() == ["often", "seldom"]
        clock.shift(-HOUR)
        scheduler.sent_now()
        clock.shift(61)
        assert scheduler.sent_now() == ["often", "seldom"]


@pytest.fixture
def breaker() -> Iterator[CircuitBreaker]:
    yield CircuitBreaker(redis.client(), "of-clocks", failures=1, open_seconds=MOMENT)
    redis.client().delete("flowzz:breaker:of-clocks")


def test_circuit_closes_after_the_clock_of_redis_was_set_back(breaker: CircuitBreaker) -> None:
    breaker.failed()
    for name in ("waits_since", "next_probe_at", "opened_at"):
        redis.client().hset("flowzz:breaker:of-clocks", name, str(AHEAD))

    assert breaker.state().retry_after <= MOMENT
    redis.client().hset("flowzz:breaker:of-clocks", "next_probe_at", 0)
    breaker.before_call()
    breaker.succeeded()
    assert breaker.state().state == "closed"


def test_drain_is_enqueued_after_the_clock_of_redis_was_set_back(
    seller: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[object] = []
    monkeypatch.setattr(jobs, "enqueue", lambda task, id_: sent.append(id_))
    for name, seconds in (
        ("enqueued", dispatch.COALESCE_SECONDS),
        ("running", dispatch.RUNNING_SECONDS),
    ):
        redis.client().set(f"flowzz:drain-{name}:{seller.integration.id}", AHEAD, ex=seconds)

    dispatch.enqueue_drain(seller.integration.id)
    dispatch.enqueue_drain(seller.integration.id)

    assert sent == [seller.integration.id]


@pytest.mark.parametrize(
    ("day", "first", "last"),
    [
        ("2018-02-17", "00:00:00", "23:30:00"),  # its last hour came twice
        ("2018-11-04", "00:30:00", "23:59:59"),  # its first hour did not come
        ("2025-12-31", "00:00:00", "23:59:59"),
        ("2026-01-01", "00:00:00", "23:59:59"),
    ],
)
def test_sale_is_counted_on_its_local_day(seller: Seller, day: str, first: str, last: str) -> None:
    seller.process(
        payloads.order("ord1", date_order=f"{day} {first}"),
        payloads.order("ord2", date_order=f"{day} {last}"),
    )

    found = Frontend(seller.integration.user).fetch("sales", dateFrom=day, dateTo=day).json()

    assert [sale["externalId"] for sale in found["data"]] == ["ord2", "ord1"]


def test_jobs_go_on_after_the_databases_clock_was_set_back(integration: Integration) -> None:
    run = runs.request_run(integration, Trigger.USER)
    a_year = timedelta(days=365)
    SyncRun.objects.update(state=JobState.RUNNING, heartbeat_at=Now() + a_year)
    assert claimable_ids(SyncRun) == [run.id]

    SyncRun.objects.update(state=JobState.QUEUED, not_before=Now() + a_year)
    assert claimable_ids(SyncRun) == [run.id]

    SyncRun.objects.update(not_before=Now() + timedelta(days=1))
    assert claimable_ids(SyncRun) == []


def test_cursor_in_the_future_skips_no_sales(integration: Integration) -> None:
    integration.sync_cursor = timezone.now() + timedelta(days=1)
    run = runs.request_run(integration, Trigger.USER)
    assert run.cursor_from is not None
    assert run.cursor_from <= timezone.now() - SYNC_OVERLAP.value()
