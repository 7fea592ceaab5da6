"""A run's turns: it leaves its worker to other runs between two pages."""

from collections.abc import Iterator
from datetime import timedelta
from unittest.mock import Mock, patch

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from flowzz.core.db.jobs import JobState, claimable_ids
from integrations import dispatch
from integrations.admin.sync.findings import describe_difference
from integrations.inbox import drain
from integrations.models import FindingKind, Integration, SyncRun, Trigger
from integrations.providers.coinzz.api.client import CoinzzClient
from integrations.sync import fingerprints, pages, runs
from integrations.webhooks import fallback_buffer
from sales.models import Sale
from tests import payloads
from tests.integrations.sync.syncing import sync_page
from tests.sandbox.client import SandboxClient

pytestmark = pytest.mark.django_db


@pytest.fixture
def enqueued() -> Iterator[Mock]:
    with patch.object(dispatch, "enqueue_run") as enqueue_run:
        yield enqueue_run


def take_turn(run: SyncRun) -> SyncRun:
    """Execute a run whose turn ends with its next page."""
    runs.execute(run.id, turn_seconds=0)
    run.refresh_from_db()
    return run


def test_run_leaves_its_worker_after_a_slow_page_and_fetches_none_twice(
    integration: Integration, enqueued: Mock
) -> None:
    run = runs.request_run(integration, Trigger.INITIAL)
    with patch.object(
        CoinzzClient, "fetch_sales", autospec=True, side_effect=CoinzzClient.fetch_sales
    ) as fetch:
        states = [(take_turn(run).state, run.next_page) for _ in range(3)]

    assert states == [(JobState.QUEUED, 2), (JobState.QUEUED, 3), (JobState.SUCCEEDED, 4)]
    assert [call.args[2] for call in fetch.call_args_list] == [1, 2, 3]
    enqueued.assert_called_with(run.id)
    assert enqueued.call_count == 2
    assert (run.attempts, run.created, Sale.objects.count()) == (0, 120, 120)
    integration.refresh_from_db()
    assert integration.sync_cursor == run.started_at


def test_queued_run_can_be_taken_at_once(integration: Integration, enqueued: Mock) -> None:
    run = take_turn(runs.request_run(integration, Trigger.INITIAL))
    assert (run.lease, run.is_postponed, claimable_ids(SyncRun)) == (None, False, [run.id])


@pytest.mark.usefixtures("enqueued")
def test_last_page_within_the_limit_of_sales_needs_no_further_turn(
    integration: Integration, settings: Settings
) -> None:
    settings.SYNC_INITIAL_SALES = 70
    run = runs.request_run(integration, Trigger.INITIAL)
    states = [take_turn(run).state for _ in range(2)]
    assert (states, run.processed) == ([JobState.QUEUED, JobState.SUCCEEDED], 70)


@pytest.mark.usefixtures("enqueued")
def test_next_turn_notices_a_page_that_repeats_the_last_one(
    integration: Integration, coinzz: SandboxClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CoinzzClient, "_wait", lambda *_: 0)
    run = take_turn(runs.request_run(integration, Trigger.INITIAL))
    coinzz.control("POST", "faults", fault="duplicate_page", path="sales", times=None)
    take_turn(run)
    assert (run.state, run.attempts, run.processed) == (JobState.QUEUED, 1, 50)


def test_page_waits_for_a_long_inbox_in_the_queue(
    integration: Integration, enqueued: Mock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its sales would be reported as missed if it were stored before their webhooks."""
    run = runs.request_run(integration, Trigger.INITIAL)
    with monkeypatch.context() as patched:
        patched.setattr(pages, "MAX_DRAIN_SECONDS", 0)
        patched.setattr(pages, "has_work", lambda _: True)
        patched.setattr(fallback_buffer, "drain_in_order", lambda _: batch_of(1000))
        runs.execute(run.id)
    run.refresh_from_db()
    assert (run.state, run.attempts, run.next_page) == (JobState.QUEUED, 0, 1)
    enqueued.assert_called_once_with(run.id)
    runs.execute(run.id)
    run.refresh_from_db()
    assert (run.state, run.created) == (JobState.SUCCEEDED, 120)


def batch_of(size: int) -> drain.DrainedBatch:
    return drain.DrainedBatch(size=size, is_more_due=False)


def test_draining_keeps_the_lease(integration: Integration) -> None:
    run = sync_page(integration, [payloads.order()])
    batches = map(batch_of, [1000, 1000, 0])
    with (
        patch.object(pages, "has_work", return_value=True),
        patch.object(fallback_buffer, "drain_in_order", lambda _: next(batches)),
        patch.object(run, "heartbeat") as heartbeat,
    ):
        assert pages.apply_received_webhooks(run)
    assert heartbeat.call_count == 2


def test_page_without_webhooks_costs_one_statement_before_it_is_stored(
    integration: Integration, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    run = sync_page(integration, [payloads.order()])
    with django_assert_num_queries(1):
        assert pages.apply_received_webhooks(run)


def test_statements_of_a_page_do_not_grow_with_its_sales(integration: Integration) -> None:
    counts = []
    for size in (2, 40):
        items = [payloads.order(f"{size}-{number}") for number in range(size)]
        with CaptureQueriesContext(connection) as queries:
            sync_page(integration, items)
        counts.append(len(queries))
    assert counts == [17, 17]  # three of them make the run and read its items


def test_first_sync_compares_no_fingerprints(integration: Integration) -> None:
    run = runs.request_run(integration, Trigger.INITIAL)
    with patch.object(fingerprints, "find_unchanged") as find_unchanged:
        runs.execute(run.id)
    assert not find_unchanged.called


def test_sale_that_moves_to_another_person_is_a_difference_without_ids_of_clients(
    integration: Integration,
) -> None:
    ana = {"client_name": "Ana Luz", "client_documment": payloads.cpf(291417776)}
    bia = {"client_name": "Bia Reis", "client_documment": payloads.cpf(734100037)}
    sync_page(integration, [payloads.order(client=ana)])
    Integration.objects.update(connected_at=timezone.now() - timedelta(days=1))
    integration.refresh_from_db()

    run = sync_page(integration, [payloads.order(client=bia)])

    assert (run.updated, run.unchanged) == (1, 0)
    (finding,) = run.findings.all()
    assert (finding.kind, finding.fields) == (FindingKind.DIFFERS, [{"field": "client_id"}])
    assert describe_difference(finding.fields[0]) == "Cliente"
