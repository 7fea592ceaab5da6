"""Health checks for load balancers, `docker compose` and monitoring."""

from typing import cast

from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe
from redis import RedisError, ResponseError

from flowzz.core import redis
from flowzz.core.db.backend.base import DatabaseWrapper
from flowzz.core.db.migration_checks import invalid_indexes, unknown_migrations
from flowzz.core.workers import heartbeat
from integrations.inbox import queue_stats, store
from integrations.monitoring.health import QUEUE_LATE

DATABASE_SECONDS = 3.0
"""How long to wait for PostgreSQL, which may be frozen."""


@require_safe
def live(request: HttpRequest) -> JsonResponse:
    """Respond as long as the process runs."""
    return JsonResponse({"status": "ok"})


@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """Respond with 503 and the reason unless database, migrations and Redis are ready for use."""
    checks = {"database": _database_state(), "redis": _redis_state()}
    is_healthy = all(value == "ok" for value in checks.values())
    return JsonResponse(
        {"status": "ok" if is_healthy else "unavailable", "checks": checks},
        status=200 if is_healthy else 503,
    )


@require_safe
def workers(request: HttpRequest) -> JsonResponse:
    """Respond with 503 if beat or all workers stopped, or events wait too long.

    A late heartbeat of the workers means that all are gone or busy. Ages are in seconds.
    """
    heartbeat_ages, oldest_due = _heartbeat_ages(), _oldest_due_seconds()
    is_healthy = (
        all(age is not None and age < heartbeat.LATE_SECONDS for age in heartbeat_ages.values())
        and oldest_due is not None
        and oldest_due < QUEUE_LATE.total_seconds()
    )
    return JsonResponse(
        {
            "status": "ok" if is_healthy else "unavailable",
            "heartbeatAges": heartbeat_ages,
            "oldestDueSeconds": oldest_due,
        },
        status=200 if is_healthy else 503,
    )


def _heartbeat_ages() -> dict[heartbeat.Component, float | None]:
    try:
        return dict(heartbeat.ages())
    except RedisError:
        return dict.fromkeys(heartbeat.COMPONENTS)


def _oldest_due_seconds() -> float | None:
    """Return how long the oldest due event waits, 0 without one, None if the database fails."""
    try:
        oldest = queue_stats.oldest_due()
    except (DatabaseError, InterfaceError):
        return None
    return (timezone.now() - oldest).total_seconds() if oldest else 0.0


def _database_state() -> str:
    """Return what prevents the use of PostgreSQL, which must take writes."""
    try:
        with cast(DatabaseWrapper, connection).deadline(DATABASE_SECONDS):
            executor = MigrationExecutor(connection)
            pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
            unknown, invalid = unknown_migrations(executor.loader), invalid_indexes(connection)
    except (DatabaseError, InterfaceError):
        return "unreachable"
    if unknown:
        return f"unknown migrations: {', '.join(unknown)}"
    if pending:
        return "migrations pending"
    if invalid:
        return f"invalid indexes: {', '.join(invalid)}"
    return _write_state()


def _write_state() -> str:
    try:
        with cast(DatabaseWrapper, connection).deadline(DATABASE_SECONDS):
            store.check_writable()
    except (DatabaseError, InterfaceError):
        return "refuses writes"
    return "ok"


def _redis_state() -> str:
    """Return `ok`, or why Redis takes no writes: a full one, or a replica, still answers."""
    try:
        redis.client().set("flowzz:ready", 1, ex=60)
    except ResponseError:
        return "refuses writes"
    except RedisError:
        return "unreachable"
    return "ok"
