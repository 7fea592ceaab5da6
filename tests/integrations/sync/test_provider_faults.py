"""Faults of the provider: a run ends with complete data or a clear failure."""

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from flowzz.core import redis
from flowzz.core.db.jobs import JobState
from integrations.models import Integration, SyncRun, Trigger
from integrations.providers.coinzz import COINZZ
from integrations.sync import runs
from integrations.sync.breaker import breaker_for
from sales.models import Sale
from tests.sandbox.client import SandboxClient

pytestmark = pytest.mark.django_db

TRANSIENT = [
    "status:500",
    "status:503",
    "status:429",
    "reset",
    "truncated",
    "empty_page",
    "duplicate_page",
]
PERMANENT = ["html", "redirect", "wrong_shape", "loop_next", "status:404"]


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("integrations.providers.coinzz.api.client.CoinzzClient._wait", lambda *_: 0)


def carry_out(run: SyncRun) -> None:
    SyncRun.objects.filter(id=run.id).update(not_before=None)
    runs.execute(run.id)
    run.refresh_from_db()


def is_complete(integration: Integration, coinzz: SandboxClient) -> bool:
    """Check that a full run changes nothing and that all sales of Coinzz are stored."""
    again = runs.request_run(integration, Trigger.USER, is_full=True)
    carry_out(again)
    total: int = coinzz.sales()["meta"]["total"]
    assert (again.state, again.processed) == (JobState.SUCCEEDED, total)
    return again.unchanged == total == Sale.objects.filter(user=integration.user).count()


@pytest.mark.parametrize("fault", TRANSIENT)
def test_transient_fault_is_retried_within_the_run(
    integration: Integration, coinzz: SandboxClient, fault: str
) -> None:
    coinzz.control("POST", "faults", fault=fault, path="sales", after=1, times=2)
    run = runs.request_run(integration, Trigger.INITIAL)

    carry_out(run)

    integration.refresh_from_db()
    assert (run.state, run.pages, run.created) == (JobState.SUCCEEDED, 3, 120)
    assert integration.sync_cursor == run.started_at
    assert is_complete(integration, coinzz)


@pytest.mark.parametrize("fault", TRANSIENT)
def test_lasting_fault_requeues_the_run_which_resumes_at_its_page(
    integration: Integration, coinzz: SandboxClient, fault: str
) -> None:
    coinzz.control("POST", "faults", fault=fault, path="sales", after=1, times=None)
    run = runs.request_run(integration, Trigger.INITIAL)

    carry_out(run)

    integration.refresh_from_db()
    assert (run.state, run.attempts, run.processed) == (JobState.QUEUED, 1, 50)
    assert run.error_code == "PROVIDER_UNAVAILABLE"
    assert integration.sync_cursor is None
    coinzz.control("DELETE", "faults")
    carry_out(run)
    integration.refresh_from_db()
    assert (run.state, run.pages, run.created) == (JobState.SUCCEEDED, 3, 120)
    assert (run.error_code, run.error) == ("", "")
    assert integration.sync_cursor == run.started_at
    assert is_complete(integration, coinzz)


def test_faults_between_which_pages_are_stored_do_not_fail_the_run(
    integration: Integration, coinzz: SandboxClient, settings: Settings
) -> None:
    settings.SYNC_PAGE_SIZE = 20
    run = runs.request_run(integration, Trigger.USER, is_full=True)
    for page in range(1, 5):
        coinzz.control("POST", "faults", fault="status:500", path="sales", after=1, times=4)
        carry_out(run)
        assert (run.state, run.attempts, run.pages) == (JobState.QUEUED, 1, page)

    carry_out(run)
    assert (run.state, run.attempts, run.processed) == (JobState.SUCCEEDED, 0, 120)


@pytest.mark.parametrize("fault", PERMANENT)
def test_response_that_no_retry_helps_fails_the_run_and_the_next_run_is_complete(
    integration: Integration, coinzz: SandboxClient, fault: str
) -> None:
    coinzz.control("POST", "faults", fault=fault, path="sales", after=1, times=1)
    run = runs.request_run(integration, Trigger.INITIAL)

    carry_out(run)

    integration.refresh_from_db()
    assert (run.state, run.error_code, run.processed) == (
        JobState.FAILED,
        "ENDPOINT_MISSING" if fault in ("html", "status:404") else "UNEXPECTED_RESPONSE",
        50,
    )
    assert integration.sync_cursor is None
    following = runs.request_run(integration, Trigger.SCHEDULE)
    carry_out(following)
    assert (following.state, following.processed) == (JobState.SUCCEEDED, 120)
    assert is_complete(integration, coinzz)


@pytest.mark.usefixtures("pages_alone")
@pytest.mark.parametrize("change", ["orders", "change"])
def test_changes_during_a_run_are_stored_by_the_next_run(
    integration: Integration, coinzz: SandboxClient, change: str
) -> None:
    run = runs.request_run(integration, Trigger.INITIAL)

    runs.execute(run.id, on_progress=lambda _: coinzz.control("POST", change, count=7))
    integration.refresh_from_db()
    following = runs.request_run(integration, Trigger.SCHEDULE)
    carry_out(following)

    run.refresh_from_db()
    assert (run.state, following.state) == (JobState.SUCCEEDED, JobState.SUCCEEDED)
    assert integration.sync_cursor == run.started_at
    assert is_complete(integration, coinzz)


@pytest.mark.parametrize(
    "fault", [*PERMANENT, "status:401", "status:403", "truncated", "empty_page"]
)
def test_response_that_concerns_one_account_counts_for_no_other(
    integration: Integration, coinzz: SandboxClient, fault: str
) -> None:
    for _ in range(4):
        breaker_for(COINZZ).failed()
    before = breaker_for(COINZZ).state()
    coinzz.control("POST", "faults", fault=fault, path="sales", times=None)

    for _ in range(2):
        carry_out(runs.request_run(integration, Trigger.INITIAL))
        Integration.objects.update(status="CONNECTED")

    assert breaker_for(COINZZ).state() == before


def test_circuit_opens_probes_and_closes(integration: Integration, coinzz: SandboxClient) -> None:
    coinzz.control("POST", "faults", fault="status:500", path="sales", times=None)
    run = runs.request_run(integration, Trigger.INITIAL)

    carry_out(run)  # four failures: the call and its three retries
    assert breaker_for(COINZZ).state().state == "closed"
    carry_out(run)  # the fifth

    assert breaker_for(COINZZ).state().state == "open"
    assert (run.state, run.attempts, run.error_code) == (JobState.QUEUED, 1, "CIRCUIT_OPEN")
    assert run.not_before is not None
    assert 55 < (run.not_before - timezone.now()).total_seconds() <= 60
    allow_probe()
    carry_out(run)  # the probe fails
    assert breaker_for(COINZZ).state().state == "open"
    assert run.error_code == "CIRCUIT_OPEN"
    coinzz.control("DELETE", "faults")
    allow_probe()
    carry_out(run)  # the probe succeeds
    assert breaker_for(COINZZ).state().state == "closed"
    assert (run.state, run.created) == (JobState.SUCCEEDED, 120)


def allow_probe() -> None:
    """Pretend that the circuit has been open for a minute."""
    redis.client().hset(f"flowzz:breaker:{COINZZ}", "next_probe_at", 0)
