"""Are the workers and beat heard from, and does nothing wait too long?"""

import time
from datetime import timedelta
from typing import Any

import pytest
from celery.signals import before_task_publish
from django.db import InterfaceError, OperationalError
from django.db.migrations.executor import MigrationExecutor
from django.test import Client
from django.utils import timezone
from redis import ConnectionError as RedisLost

from flowzz.core import heartbeat, redis
from integrations import tasks
from integrations.inbox import queue_stats
from tests import payloads
from tests.integrations.sellers import Seller

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _empty_redis() -> None:
    redis.client().flushdb()


def ask() -> tuple[int, dict[str, Any]]:
    response = Client().get("/health/workers")
    return response.status_code, response.json()


def all_beat() -> None:
    for part in heartbeat.COMPONENTS:
        heartbeat.record(part)


def test_unavailable_before_the_first_heartbeat() -> None:
    assert ask() == (
        503,
        {
            "status": "unavailable",
            "heartbeatAges": {"beat": None, "worker": None},
            "oldestDueSeconds": 0.0,
        },
    )


def test_pulse_shows_that_beat_and_a_worker_live() -> None:
    before_task_publish.send(sender=tasks.record_heartbeat.name, headers={})
    tasks.record_heartbeat()
    status, body = ask()
    assert (status, body["status"]) == (200, "ok")


def test_other_tasks_show_nothing_of_beat() -> None:
    before_task_publish.send(sender="integrations.tasks.enqueue_due_work", headers={})
    assert heartbeat.ages()["beat"] is None


@pytest.mark.parametrize("part", heartbeat.COMPONENTS)
def test_unavailable_once_a_part_was_not_heard_from_for_two_minutes(part: str) -> None:
    all_beat()
    redis.client().hset(heartbeat.KEY, part, str(time.time() - 119))
    assert ask()[0] == 200
    redis.client().hset(heartbeat.KEY, part, str(time.time() - 121))
    assert ask()[0] == 503


def test_unavailable_while_an_event_is_due_for_five_minutes() -> None:
    all_beat()
    seller = Seller()
    seller.receive(payloads.order(), at=timezone.now() - timedelta(seconds=295))
    assert ask()[0] == 200
    seller.receive(payloads.order("ordyyyyy"), at=timezone.now() - timedelta(seconds=301))
    assert ask()[0] == 503
    seller.drain()
    assert ask()[0] == 200


def test_unavailable_without_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    def lost() -> None:
        raise RedisLost

    monkeypatch.setattr(redis, "client", lost)
    heartbeat.record("worker")
    assert ask()[0] == 503


def test_unavailable_without_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    def lost() -> None:
        raise OperationalError

    all_beat()
    monkeypatch.setattr(queue_stats, "oldest_due", lost)
    status, body = ask()
    assert (status, body["oldestDueSeconds"]) == (503, None)


def ask_ready() -> tuple[int, dict[str, Any]]:
    response = Client().get("/health/ready")
    return response.status_code, response.json()["checks"]


def test_ready_with_database_redis_and_all_migrations() -> None:
    assert ask_ready() == (200, {"database": "ok", "redis": "ok"})


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_not_ready_without_the_database(
    monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def lost(*_: Any) -> None:
        raise error

    monkeypatch.setattr(MigrationExecutor, "migration_plan", lost)
    assert ask_ready() == (503, {"database": "unreachable", "redis": "ok"})


def test_not_ready_before_a_migration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MigrationExecutor, "migration_plan", lambda *_: ["one"])
    assert ask_ready() == (503, {"database": "migrations pending", "redis": "ok"})


def test_not_ready_without_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    def lost() -> None:
        raise RedisLost

    monkeypatch.setattr(redis, "client", lost)
    assert ask_ready() == (503, {"database": "ok", "redis": "unreachable"})


def test_process_lives_whatever_is_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis, "client", None)
    assert Client().get("/health/live").json() == {"status": "ok"}
