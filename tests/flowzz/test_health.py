"""Health checks of web processes and workers."""

import time
from datetime import timedelta
from typing import Any

import pytest
from celery.signals import before_task_publish
from django.db import InterfaceError, OperationalError, connection
from django.db.migrations.executor import MigrationExecutor
from django.test import Client
from django.utils import timezone
from redis import ConnectionError as RedisLost

from flowzz.core import redis
from flowzz.core.workers import heartbeat
from integrations import tasks
from integrations.inbox import queue_stats
from tests import payloads
from tests.integrations.sellers import Seller

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _empty_redis() -> None:
    redis.client().flushdb()


def check_workers() -> tuple[int, dict[str, Any]]:
    response = Client().get("/health/workers")
    return response.status_code, response.json()


def record_all_heartbeats() -> None:
    for component in heartbeat.COMPONENTS:
        heartbeat.record(component)


def test_unavailable_before_the_first_heartbeat() -> None:
    assert check_workers() == (
        503,
        {
            "status": "unavailable",
            "heartbeatAges": dict.fromkeys(("beat", "control", "inbox", "sync", "bulk")),
            "oldestDueSeconds": 0.0,
        },
    )


def test_heartbeat_task_proves_that_beat_and_a_worker_run() -> None:
    before_task_publish.send(sender=tasks.record_heartbeat.name, headers={})
    tasks.record_heartbeat()
    for queue in ("inbox", "sync", "bulk"):
        assert check_workers()[0] == 503
        heartbeat.record(queue)
    status, body = check_workers()
    assert (status, body["status"]) == (200, "ok")


def test_other_tasks_do_not_prove_that_beat_runs() -> None:
    before_task_publish.send(sender="integrations.tasks.enqueue_due_work", headers={})
    assert heartbeat.ages()["beat"] is None


@pytest.mark.parametrize("component", heartbeat.COMPONENTS)
def test_unavailable_two_minutes_after_the_last_heartbeat(component: str) -> None:
    record_all_heartbeats()
    redis.client().hset(heartbeat.KEY, component, str(time.time() - 100))
    assert check_workers()[0] == 200
    redis.client().hset(heartbeat.KEY, component, str(time.time() - 121))
    assert check_workers()[0] == 503


def test_unavailable_while_an_event_has_been_due_for_five_minutes() -> None:
    record_all_heartbeats()
    seller = Seller()
    seller.receive(payloads.order(), received_at=timezone.now() - timedelta(seconds=295))
    assert check_workers()[0] == 200
    seller.receive(payloads.order("ordyyyyy"), received_at=timezone.now() - timedelta(seconds=301))
    assert check_workers()[0] == 503
    seller.drain()
    assert check_workers()[0] == 200


def test_unavailable_without_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise RedisLost

    monkeypatch.setattr(redis, "client", fail)
    heartbeat.record("inbox")
    assert check_workers()[0] == 503


def test_unavailable_without_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise OperationalError

    record_all_heartbeats()
    monkeypatch.setattr(queue_stats, "oldest_due", fail)
    status, body = check_workers()
    assert (status, body["oldestDueSeconds"]) == (503, None)


def check_readiness() -> tuple[int, dict[str, Any]]:
    response = Client().get("/health/ready")
    return response.status_code, response.json()["checks"]


def test_ready_with_database_redis_and_all_migrations() -> None:
    assert check_readiness() == (200, {"database": "ok", "redis": "ok"})


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_not_ready_without_the_database(
    monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def fail(*_: Any) -> None:
        raise error

    monkeypatch.setattr(MigrationExecutor, "migration_plan", fail)
    assert check_readiness() == (503, {"database": "unreachable", "redis": "ok"})


def test_not_ready_before_a_migration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MigrationExecutor, "migration_plan", lambda *_: ["one"])
    assert check_readiness() == (503, {"database": "migrations pending", "redis": "ok"})


def test_not_ready_without_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise RedisLost

    monkeypatch.setattr(redis, "client", fail)
    assert check_readiness() == (503, {"database": "ok", "redis": "unreachable"})


def test_process_is_live_without_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis, "client", None)
    assert Client().get("/health/live").json() == {"status": "ok"}


def test_database_that_takes_no_writes_is_not_ready() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL transaction_read_only = on")
    response = Client().get("/health/ready")
    assert (response.status_code, response.json()["checks"]["database"]) == (503, "refuses writes")
