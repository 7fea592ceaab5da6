"""The queues of the tasks, their time limits, and what workers do before and beside them."""

import gc
import sys
import time
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from celery.concurrency import thread
from celery.fixups.django import DjangoWorkerFixup  # type: ignore[attr-defined]  # untyped
from celery.signals import beat_init, heartbeat_sent, task_postrun, task_prerun, worker_process_init
from django.db import connection
from django_celery_beat.models import PeriodicTask

from flowzz.celery import (
    QUEUES,
    app,
    end_time_limits,
    prepare_processes,
    prepare_worker,
    record_beat_start,
    start_time_limits,
    time_limits,
    warm_up,
)
from flowzz.core import observability, redis
from flowzz.core.env import BASE_DIR
from flowzz.core.workers import heartbeat
from flowzz.core.workers.time_limits import TimeLimits
from flowzz.local import processes

OURS = ("clients.", "flowzz.", "integrations.", "sales.")
app.loader.import_default_modules()
TASKS = {name: task for name, task in app.tasks.items() if name.startswith(OURS)}


def queue_of(name: str) -> str:
    queue: str = app.amqp.router.route({}, name)["queue"].name
    return queue


def test_worker_never_collects_what_it_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_process_init, "receivers", [])
    try:
        prepare_processes()
        assert gc.get_freeze_count() > len(sys.modules)
    finally:
        gc.unfreeze()


@pytest.mark.django_db
def test_processes_report_as_worker_and_beat(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[str] = []
    monkeypatch.setattr(observability, "start", started.append)
    warm_up()
    record_beat_start()
    assert started == ["worker", "beat"]


def test_routes_name_tasks_that_exist() -> None:
    assert QUEUES.keys() - TASKS.keys() == set()


def test_every_queue_has_a_worker_here_and_in_containers() -> None:
    compose = (BASE_DIR / "docker-compose.yml").read_text()
    queues = {queue_of(name) for name in TASKS}

    assert queues == set(processes.QUEUES)
    assert {queue for queue in queues if f"--queues, {queue}," not in compose} == set()


def test_every_task_has_time_limits() -> None:
    limits = {name: (task.soft_time_limit, task.time_limit) for name, task in TASKS.items()}
    assert limits["integrations.tasks.drain_inbox"] == (120, 150)
    assert limits["integrations.tasks.run_sync"] == (3_000, 3_060)
    assert set(limits.values()) == {(120, 150), (3_000, 3_060)}


@pytest.fixture
def _worker_with_threads(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Start what a worker with threads starts, apart from the thread that checks the limits."""
    monkeypatch.setattr(app.amqp.queues, "_consume_from", {"control": None})
    monkeypatch.setattr(TimeLimits, "start", lambda _: None)
    prepare_worker(sender=SimpleNamespace(pool=thread.TaskPool(limit=1)))
    yield
    task_prerun.disconnect(start_time_limits)
    task_postrun.disconnect(end_time_limits)


@pytest.mark.django_db
@pytest.mark.usefixtures("_worker_with_threads")
def test_time_limits_of_every_task_are_in_effect_in_threads() -> None:
    for task in app.tasks.values():
        now = time.monotonic()
        task_prerun.send(sender=task, task_id="1", task=task)
        (running,) = time_limits._running.values()
        task_postrun.send(sender=task, task_id="1", task=task)
        assert task.soft_time_limit
        assert task.time_limit
        soft_since = running.soft_deadline - task.soft_time_limit
        hard_since = running.hard_deadline - task.time_limit
        assert now <= soft_since <= time.monotonic()
        assert hard_since == pytest.approx(soft_since)
        assert time_limits._running == {}


@pytest.mark.django_db
def test_frequent_tasks_wait_for_no_sync_and_no_bulk_task() -> None:
    frequent = PeriodicTask.objects.filter(interval__every__lte=60).values_list("task", flat=True)
    queues = {task: queue_of(task) for task in frequent}
    # The dashboard counts dirty days itself where this task comes too late.
    assert queues.pop("sales.tasks.refresh_daily_stats") == "bulk"
    assert queues.pop("integrations.tasks.continue_seller_erasures") == "bulk"
    assert set(queues.values()) == {"control"}


def test_worker_records_heartbeats_of_its_queues(monkeypatch: pytest.MonkeyPatch) -> None:
    redis.client().delete(heartbeat.KEY)
    monkeypatch.setattr(app.amqp.queues, "_consume_from", {"sync": None, "control": None})

    heartbeat_sent.send(sender=None)
    beat_init.send(sender=None)

    recorded = {component for component, age in heartbeat.ages().items() if age is not None}
    assert recorded == {"beat", "sync"}


@pytest.mark.django_db(transaction=True)
def test_task_keeps_its_connection_and_replaces_a_lost_one() -> None:
    assert DjangoWorkerFixup(app).db_reuse_max > 10**9  # Celery closes none after a task
    task = TASKS["integrations.tasks.record_heartbeat"]
    connection.ensure_connection()
    first = connection.connection
    task_prerun.send(sender=task, task_id="1", task=task)
    assert connection.connection is first

    first.close()
    task_prerun.send(sender=task, task_id="2", task=task)
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    assert connection.connection is not first
