"""Sync runs against a sandbox over HTTP."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from flowzz.core.db.jobs import MAX_TAKEOVERS, JobState, claimable_ids
from integrations.models import (
    FindingKind,
    Integration,
    IntegrationStatus,
    SyncFinding,
    SyncRun,
    Trigger,
)
from integrations.providers.coinzz import COINZZ
from integrations.providers.coinzz.api.transport import TooManyRequests
from integrations.providers.contracts import Page
from integrations.sync import pages, runs
from integrations.sync.breaker import breaker_for
from integrations.sync.reading import ItemReader, ReadPage
from sales.models import Origin, Sale, SaleStatusChange
from sandbox.store import Page as StoredPage
from sandbox.store import Store
from tests.sandbox.client import SandboxClient

pytestmark = pytest.mark.django_db


def carry_out(
    integration: Integration, trigger: Trigger = Trigger.USER, *, is_full: bool = False
) -> SyncRun:
    run = runs.request_run(integration, trigger, is_full=is_full)
    runs.execute(run.id)
    run.refresh_from_db()
    integration.refresh_from_db()
    return run


def counts(run: SyncRun) -> dict[str, int]:
    names = ("processed", "created", "updated", "unchanged", "errors", "missed")
    return {name: getattr(run, name) for name in names}


def test_first_run_stores_all_sales_and_moves_the_cursor_to_its_start(
    integration: Integration,
) -> None:
    run = carry_out(integration, Trigger.INITIAL)

    assert run.state == JobState.SUCCEEDED
    assert counts(run) == {
        "processed": 120,
        "created": 120,
        "updated": 0,
        "unchanged": 0,
        "errors": 0,
        "missed": 0,
    }
    assert run.pages == 3
    assert Sale.objects.filter(user=integration.user, source=COINZZ).count() == 120
    assert integration.sync_cursor == run.started_at == run.cursor_to
    assert integration.last_sync_status == "success"
    assert integration.sales_synced == 120
    assert set(SaleStatusChange.objects.values_list("origin", "origin_id")) == {
        (Origin.RUN, run.id)
    }


def test_first_run_stops_at_the_limit_of_sales(
    integration: Integration, settings: Settings
) -> None:
    settings.SYNC_INITIAL_SALES = 70

    run = carry_out(integration, Trigger.INITIAL)

    assert (run.state, run.processed, run.pages) == (JobState.SUCCEEDED, 70, 2)


@pytest.mark.parametrize("absent", [[], ["TOTAL"], ["LAST_PAGE"], ["TOTAL", "LAST_PAGE"]])
def test_limit_is_lifted_if_the_oldest_sales_come_first(
    integration: Integration, settings: Settings, monkeypatch: pytest.MonkeyPatch, absent: list[str]
) -> None:
    settings.SYNC_INITIAL_SALES = 60
    for name in absent:
        setattr(settings, f"COINZZ_API_{name}_KEY", ["absent"])
    newest_first = Store.changed_since

    def oldest_first(
        store: Store, account: str, since: float, *, page: int, per_page: int
    ) -> StoredPage:
        everything = newest_first(store, account, since, page=1, per_page=1000)
        bodies = everything.bodies[::-1][(page - 1) * per_page : page * per_page]
        return StoredPage(bodies, everything.total)

    monkeypatch.setattr(Store, "changed_since", oldest_first)

    run = carry_out(integration, Trigger.INITIAL)

    assert (run.state, run.created, run.sales_limit) == (JobState.SUCCEEDED, 120, None)


def test_next_run_stores_changes_and_records_missed_webhooks(
    integration: Integration, coinzz: SandboxClient, settings: Settings
) -> None:
    integration.connected_at = timezone.now() - timedelta(seconds=1)
    integration.save()
    carry_out(integration, Trigger.INITIAL)
    Integration.objects.filter(id=integration.id).update(sync_cursor=timezone.now())
    integration.refresh_from_db()
    coinzz.control("POST", "orders", count=4)

    settings.SYNC_OVERLAP = timedelta(seconds=2)
    run = carry_out(integration)

    assert (run.created, run.missed) == (4, 4)
    assert run.created + run.updated + run.unchanged == run.processed
    missed = SyncFinding.objects.filter(run=run, kind=FindingKind.MISSED)
    assert missed.count() == 4
    assert all(finding.value is not None for finding in missed)


def test_full_run_without_changes_counts_all_sales_as_unchanged(integration: Integration) -> None:
    carry_out(integration, Trigger.INITIAL)

    run = carry_out(integration, is_full=True)

    assert (run.processed, run.created, run.updated, run.unchanged) == (120, 0, 0, 120)
    assert run.cursor_from is None


def test_changed_sales_are_updated(integration: Integration, coinzz: SandboxClient) -> None:
    carry_out(integration, Trigger.INITIAL)
    coinzz.control("POST", "change", count=7)

    run = carry_out(integration, is_full=True)

    assert (run.created, run.updated, run.unchanged) == (0, 7, 113)
    assert run.findings.filter(kind=FindingKind.DIFFERS).count() == 7


def test_second_request_joins_the_run_under_way(integration: Integration) -> None:
    first = runs.request_run(integration, Trigger.SCHEDULE)

    assert runs.request_run(integration, Trigger.USER) == first
    assert SyncRun.objects.count() == 1


def test_full_request_is_refused_while_a_run_is_under_way(integration: Integration) -> None:
    runs.request_run(integration, Trigger.SCHEDULE)

    with pytest.raises(runs.RunUnderWay):
        runs.request_run(integration, Trigger.USER, is_full=True)


def test_disconnected_integration_cannot_sync(integration: Integration) -> None:
    integration.status = IntegrationStatus.DISCONNECTED

    with pytest.raises(runs.NotConnected):
        runs.request_run(integration, Trigger.USER)


@pytest.mark.usefixtures("pages_alone")
def test_killed_run_resumes_at_its_page(integration: Integration) -> None:
    """A killed worker leaves two committed pages, a lease and an old heartbeat."""
    run = runs.request_run(integration, Trigger.INITIAL)
    calls = iter([None, None, SystemExit()])

    def die_at_the_third_page(run: SyncRun, batch: Sequence[ReadPage]) -> None:
        if error := next(calls):
            raise error
        pages.apply_pages(run, batch)

    with patch.object(runs, "apply_pages", die_at_the_third_page), pytest.raises(SystemExit):
        runs.execute(run.id)
    run.refresh_from_db()
    assert (run.state, run.processed, run.next_page) == (JobState.RUNNING, 100, 3)
    runs.execute(run.id)
    run.refresh_from_db()
    assert run.state == JobState.RUNNING  # the lease has not expired

    expired = timezone.now() - timedelta(minutes=2, seconds=1)
    SyncRun.objects.filter(id=run.id).update(heartbeat_at=expired)
    assert claimable_ids(SyncRun) == [run.id]
    started_at = run.started_at
    runs.execute(run.id)

    run.refresh_from_db()
    assert (run.state, run.processed, run.created, run.pages) == (JobState.SUCCEEDED, 120, 120, 3)
    assert run.cursor_to == started_at
    assert Sale.objects.count() == 120


def test_run_that_ends_its_workers_again_and_again_fails(integration: Integration) -> None:
    run = runs.request_run(integration, Trigger.USER)
    expired = {"state": JobState.RUNNING, "heartbeat_at": timezone.now() - timedelta(minutes=3)}
    SyncRun.objects.update(**expired, takeovers=MAX_TAKEOVERS - 1)
    runs.execute(run.id)

    run.refresh_from_db()
    integration.refresh_from_db()
    assert (run.state, run.error_code, run.processed) == (JobState.FAILED, "WORKER_LOST", 0)
    assert run.error == integration.last_sync_error
    assert "parou 5 vezes no mesmo ponto" in run.error
    assert integration.sync_cursor is None


def test_page_of_a_lost_lease_is_rolled_back(integration: Integration) -> None:
    run = runs.request_run(integration, Trigger.INITIAL)

    def take_over(run: SyncRun, batch: Sequence[ReadPage]) -> None:
        SyncRun.objects.filter(id=run.id).update(lease=uuid4())
        pages.apply_pages(run, batch)

    with patch.object(runs, "apply_pages", take_over):
        runs.execute(run.id)

    run.refresh_from_db()
    integration.refresh_from_db()
    assert (run.state, run.processed, Sale.objects.count()) == (JobState.RUNNING, 0, 0)
    assert integration.sync_cursor is None


@pytest.mark.usefixtures("pages_alone")
def test_cancelled_run_stops_and_does_not_move_the_cursor(integration: Integration) -> None:
    run = runs.request_run(integration, Trigger.INITIAL)

    def cancel(_: SyncRun) -> None:
        runs.cancel(integration.runs.all())

    runs.execute(run.id, on_progress=cancel)

    run.refresh_from_db()
    integration.refresh_from_db()
    assert (run.state, run.processed) == (JobState.CANCELLED, 50)
    assert integration.sync_cursor is None


@pytest.mark.usefixtures("pages_alone")
def test_page_of_a_cancelled_run_is_rolled_back(integration: Integration) -> None:
    run = runs.request_run(integration, Trigger.INITIAL)

    def cancel_during_the_second_page(run: SyncRun, batch: Sequence[ReadPage]) -> None:
        if batch[0].page.number == 2:
            assert runs.cancel(SyncRun.objects.filter(id=run.id))
        pages.apply_pages(run, batch)

    with patch.object(runs, "apply_pages", cancel_during_the_second_page):
        runs.execute(run.id)

    run.refresh_from_db()
    integration.refresh_from_db()
    assert (run.state, run.processed, run.next_page) == (JobState.CANCELLED, 50, 2)
    assert Sale.objects.count() == 50
    assert (integration.sync_cursor, integration.last_sync_at) == (None, None)
    assert not runs.cancel(SyncRun.objects.filter(id=run.id))


def test_refused_key_sets_the_integration_to_error(
    integration: Integration, coinzz: SandboxClient, caplog: pytest.LogCaptureFixture
) -> None:
    coinzz.control("POST", "faults", fault="status:401")

    run = carry_out(integration)

    [line] = [record.msg for record in caplog.records if record.name == runs.__name__]
    assert isinstance(line, dict)
    assert (line["event"], line["code"], line["attempt"]) == ("sync_failed", "KEY_REFUSED", 1)
    assert line["message"] == integration.last_sync_error

    assert (run.state, run.error_code) == (JobState.FAILED, "KEY_REFUSED")
    assert integration.status == IntegrationStatus.ERROR
    assert integration.last_sync_error == "API key inválida. Verifique nas configurações do Coinzz."
    with pytest.raises(runs.NotConnected):
        runs.request_run(integration, Trigger.USER)


def test_transient_failure_is_retried_twice(
    integration: Integration, coinzz: SandboxClient
) -> None:
    coinzz.control("POST", "faults", fault="status:500")
    run = runs.request_run(integration, Trigger.USER)
    waits = []

    with patch("integrations.providers.coinzz.api.client.CoinzzClient._wait", return_value=0):
        for _ in range(3):
            breaker_for(COINZZ).succeeded()
            SyncRun.objects.filter(id=run.id).update(not_before=None)
            runs.execute(run.id)
            run.refresh_from_db()
            waits.append(run.not_before and round((run.not_before - timezone.now()).seconds, -1))

    integration.refresh_from_db()
    assert waits == [60, 120, None]
    assert (run.state, run.attempts) == (JobState.FAILED, 3)
    assert integration.last_sync_status == "error"
    assert integration.sync_cursor is None
    assert integration.status == IntegrationStatus.CONNECTED


@pytest.mark.parametrize(("retry_after", "expected_wait"), [(None, 60), (30.0, 60), (600.0, 600)])
def test_run_waits_for_the_retry_after_of_coinzz(
    integration: Integration, retry_after: float | None, expected_wait: int
) -> None:
    run = runs.request_run(integration, Trigger.USER)
    limited = TooManyRequests("O Coinzz limitou o número de consultas.", retry_after=retry_after)

    with patch(
        "integrations.providers.coinzz.api.client.CoinzzClient.fetch_sales", side_effect=limited
    ):
        runs.execute(run.id)

    run.refresh_from_db()
    assert (run.state, run.attempts) == (JobState.QUEUED, 1)
    assert run.not_before is not None
    assert expected_wait - 5 < (run.not_before - timezone.now()).total_seconds() <= expected_wait


def test_open_circuit_requeues_without_counting_an_attempt(integration: Integration) -> None:
    run = runs.request_run(integration, Trigger.USER)
    for _ in range(5):
        breaker_for(COINZZ).failed()

    runs.execute(run.id)

    run.refresh_from_db()
    assert (run.state, run.attempts, run.error_code) == (JobState.QUEUED, 0, "CIRCUIT_OPEN")
    assert run.not_before is not None
    assert 55 < (run.not_before - timezone.now()).total_seconds() <= 60
    assert claimable_ids(SyncRun) == []


def test_html_response_fails_the_run(integration: Integration, coinzz: SandboxClient) -> None:
    coinzz.control("POST", "faults", fault="html", path="sales", after=1)

    run = carry_out(integration, Trigger.INITIAL)

    assert (run.state, run.error_code, run.processed) == (JobState.FAILED, "ENDPOINT_MISSING", 50)
    assert integration.sync_cursor is None


def test_unreadable_value_is_a_finding_once(integration: Integration) -> None:
    def with_an_unreadable_quantity(
        reader: ItemReader, page: Page, *args: Any, **details: Any
    ) -> ReadPage:
        if page.number == 1:
            page.items[3]["order"]["order_quantity"] = "dois"
        return read(reader, page, *args, **details)

    read = ItemReader.read
    with patch.object(ItemReader, "read", with_an_unreadable_quantity):
        first = carry_out(integration, Trigger.INITIAL)
        second = carry_out(integration, is_full=True)

    assert (first.created, first.errors, second.unchanged) == (120, 0, 120)
    [finding] = SyncFinding.objects.filter(kind=FindingKind.WARNING)
    assert (finding.run_id, finding.message) == (
        first.id,
        "order.order_quantity: número inválido; esperado um inteiro a partir de zero.",
    )


def test_unreadable_sale_is_recorded_and_the_others_are_stored(integration: Integration) -> None:
    run = runs.request_run(integration, Trigger.INITIAL)

    def with_an_unreadable_sale(
        reader: ItemReader, page: Page, *args: Any, **details: Any
    ) -> ReadPage:
        if page.number == 1:
            page.items[3]["order"]["order_final_price"] = "muito"
        return read(reader, page, *args, **details)

    read = ItemReader.read
    with patch.object(ItemReader, "read", with_an_unreadable_sale):
        runs.execute(run.id)

    run.refresh_from_db()
    assert (run.state, run.processed, run.created, run.errors) == (JobState.SUCCEEDED, 120, 119, 1)
    finding = SyncFinding.objects.get(kind=FindingKind.ERROR)
    assert finding.external_id.startswith("ord")
    assert "order_final_price" in finding.message
