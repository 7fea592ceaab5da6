"""Jobs of all four kinds are claimed, renewed, released and cancelled alike."""

from datetime import timedelta
from typing import Any

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from flowzz.core.db import jobs
from flowzz.core.db.jobs import MAX_TAKEOVERS, Job, JobState, LeaseLost, TooManyTakeovers
from integrations.models import BulkAction, SalesImport, SyncRun
from sales.models import Export
from tests.factories import IntegrationFactory, SyncRunFactory, UserFactory

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
WRITTEN = {"event", "job", "job_id", "lease", "expired", "state"}


@pytest.fixture(params=[SyncRun, SalesImport, Export, BulkAction])
def job(request: pytest.FixtureRequest) -> Job:
    model: type[Job] = request.param
    if model is SalesImport:
        return SalesImport.objects.create(integration=IntegrationFactory.create())
    if model is Export:
        return Export.objects.create(requested_by=UserFactory.create())
    return BulkAction.objects.create() if model is BulkAction else SyncRunFactory.create()


def change(job: Job, **values: Any) -> None:
    type(job)._default_manager.filter(pk=job.pk).update(**values)
    job.refresh_from_db()


def try_to_acquire(job: Job) -> Job | None:
    return jobs.acquire(type(job)._default_manager.all(), job.pk)


def acquire(job: Job) -> Job:
    worker = try_to_acquire(job)
    assert worker is not None
    return worker


def make_expired(job: Job) -> None:
    change(job, heartbeat_at=timezone.now() - 2 * MINUTE)


@pytest.mark.parametrize(
    ("state", "not_before", "heartbeat", "is_claimable"),
    [
        (JobState.QUEUED, None, None, True),
        (JobState.QUEUED, -MINUTE, None, True),
        (JobState.QUEUED, MINUTE, None, False),
        (JobState.RUNNING, None, -MINUTE, False),
        (JobState.RUNNING, None, -3 * MINUTE, True),
        (JobState.SUCCEEDED, None, -3 * MINUTE, False),
        (JobState.FAILED, None, -3 * MINUTE, False),
        (JobState.CANCELLED, None, -3 * MINUTE, False),
    ],
)
def test_due_and_abandoned_jobs_are_claimable(
    job: Job,
    state: str,
    not_before: timedelta | None,
    heartbeat: timedelta | None,
    is_claimable: bool,
) -> None:
    now = timezone.now()
    change(
        job,
        state=state,
        not_before=not_before and now + not_before,
        heartbeat_at=heartbeat and now + heartbeat,
    )
    assert jobs.claimable_ids(type(job)) == ([job.pk] if is_claimable else [])
    assert (try_to_acquire(job) is not None) == is_claimable


def test_acquired_job_is_running_and_not_acquired_twice(job: Job) -> None:
    first = acquire(job)
    assert (first.state, first.not_before) == (JobState.RUNNING, None)
    assert first.started_at == first.heartbeat_at
    assert try_to_acquire(job) is None


def test_heartbeat_stores_progress_and_renews_the_lease(job: Job) -> None:
    worker = acquire(job)
    make_expired(job)
    worker.heartbeat(processed=7)
    job.refresh_from_db()
    assert job.processed == 7
    assert jobs.claimable_ids(type(job)) == []


def test_lease_is_kept_alive_without_a_statement_for_each_step(
    job: Job, django_assert_num_queries: DjangoAssertNumQueries, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = acquire(job)
    worker.keep_alive()
    with django_assert_num_queries(0):
        worker.keep_alive()
    make_expired(job)
    monkeypatch.setattr(jobs, "HEARTBEAT_SECONDS", 0.0)
    worker.keep_alive()
    assert jobs.claimable_ids(type(job)) == []


def test_worker_whose_job_was_taken_over_loses_the_lease(job: Job) -> None:
    first = acquire(job)
    make_expired(job)
    second = acquire(job)
    with pytest.raises(LeaseLost):
        first.heartbeat(processed=1)
    assert not first.finish(JobState.FAILED)
    assert second.finish(JobState.SUCCEEDED)
    job.refresh_from_db()
    assert (job.state, job.processed, job.lease) == (JobState.SUCCEEDED, 0, None)
    assert job.started_at == first.started_at


def test_job_that_ends_its_workers_without_progress_is_not_done_again(job: Job) -> None:
    failures: list[type[Exception]] = []

    def run(worker: Job) -> None:
        jobs.run(worker, Job.heartbeat, lambda _, error: failures.append(type(error)))

    acquire(job)
    for _ in range(MAX_TAKEOVERS - 1):
        make_expired(job)
        acquire(job)
    make_expired(job)
    acquire(job).checkpoint()
    for _ in range(MAX_TAKEOVERS - 1):
        make_expired(job)
        run(acquire(job))
    assert failures == []

    make_expired(job)
    run(acquire(job))
    assert failures == [TooManyTakeovers]


def test_turns_of_a_job_are_no_takeovers(job: Job) -> None:
    for _ in range(MAX_TAKEOVERS + 1):
        acquire(job).release(JobState.QUEUED)
    assert acquire(job).takeovers == 0


def test_requeued_job_waits(job: Job) -> None:
    worker = acquire(job)
    assert worker.requeue(MINUTE)
    job.refresh_from_db()
    assert (job.state, job.lease) == (JobState.QUEUED, None)
    assert job.not_before is not None
    assert 55 < (job.not_before - timezone.now()).total_seconds() <= 60


def test_job_is_cancelled_once_and_its_worker_loses_the_lease(job: Job) -> None:
    worker = acquire(job)
    rows = type(job)._default_manager.all()
    assert (jobs.cancel(rows), jobs.cancel(rows)) == ([job.pk], [])
    with pytest.raises(LeaseLost):
        worker.heartbeat()
    job.refresh_from_db()
    assert job.state == JobState.CANCELLED
    assert job.finished_at is not None


def test_leases_are_logged_when_the_transaction_commits(
    job: Job,
    caplog: pytest.LogCaptureFixture,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    caplog.set_level("INFO")
    with django_capture_on_commit_callbacks(execute=True):
        first = acquire(job)
        make_expired(job)
        second = acquire(job)
        assert not first.release(JobState.QUEUED)
        assert second.release(JobState.QUEUED)
        jobs.cancel(type(job)._default_manager.all())
        assert caplog.records == []
    lines: list[Any] = [record.msg for record in caplog.records]
    names = {"job": type(job)._meta.model_name, "job_id": str(job.pk)}
    expected: list[dict[str, object]] = [
        {"event": "lease_acquired", "lease": str(first.lease), "expired": None},
        {"event": "lease_acquired", "lease": str(second.lease), "expired": str(first.lease)},
        {"event": "lease_released", "lease": str(second.lease), "state": "QUEUED"},
        {"event": "job_cancelled"},
    ]
    assert [{key: line[key] for key in line.keys() & WRITTEN} for line in lines] == [
        names | line for line in expected
    ]


def test_job_whose_task_has_no_time_left_goes_on_later(job: Job) -> None:
    def work(_: Job) -> None:
        raise SoftTimeLimitExceeded

    jobs.run(acquire(job), work, lambda _, error: pytest.fail(str(error)))

    job.refresh_from_db()
    assert (job.state, job.takeovers) == (JobState.QUEUED, 1)
    assert jobs.claimable_ids(type(job)) == [job.pk]


@pytest.mark.parametrize(
    ("error", "is_failed", "log_lines"),
    [(LeaseLost(), False, 1), (KeyError(), True, 1), (ValueError(), True, 0)],
)
def test_error_of_a_job_is_passed_on_and_logged_if_unexpected(
    job: Job, caplog: pytest.LogCaptureFixture, error: Exception, is_failed: bool, log_lines: int
) -> None:
    failures: list[Exception] = []

    def work(_: Job) -> None:
        raise error

    jobs.run(job, work, lambda _, error: failures.append(error), expected=(ValueError,))
    assert failures == ([error] if is_failed else [])
    assert len(caplog.records) == log_lines
