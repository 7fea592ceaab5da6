"""Health checks, for load balancers, `docker compose` and monitoring."""

from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe
from redis import RedisError

from flowzz.core import heartbeat, redis
from flowzz.core.db.migration_checks import invalid_indexes, unknown_migrations
from integrations.inbox import queue_stats
from integrations.monitoring.health import QUEUE_LATE


@require_safe
def live(request: HttpRequest) -> JsonResponse:
    """The process answers."""
    return JsonResponse({"status": "ok"})


@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """Database, Redis and migrations are as the code needs them; else 503 and which is not."""
    checks = {"database": _database_state(), "redis": _has_redis()}
    healthy = all(value == "ok" for value in checks.values())
    return JsonResponse(
        {"status": "ok" if healthy else "unavailable", "checks": checks},
        status=200 if healthy else 503,
    )


@require_safe
def workers(request: HttpRequest) -> JsonResponse:
    """Beat and a worker were heard from lately, and no event waits too long; else 503.

    A late heartbeat of the workers means that all are gone, or busy. Ages are in seconds.
    """
    heartbeats, oldest = _heartbeats(), _oldest_due_seconds()
    healthy = (
        all(age is not None and age < heartbeat.LATE_SECONDS for age in heartbeats.values())
        and oldest is not None
        and oldest < QUEUE_LATE.total_seconds()
    )
    return JsonResponse(
        {
            "status": "ok" if healthy else "unavailable",
            "heartbeatAges": heartbeats,
            "oldestDueSeconds": oldest,
        },
        status=200 if healthy else 503,
    )


def _heartbeats() -> dict[heartbeat.Component, float | None]:
    try:
        return dict(heartbeat.ages())
    except RedisError:
        return dict.fromkeys(heartbeat.COMPONENTS)


def _oldest_due_seconds() -> float | None:
    """0 where nothing waits; None where the database can't tell."""
    try:
        oldest = queue_stats.oldest_due()
    except (DatabaseError, InterfaceError):
        return None
    return (timezone.now() - oldest).total_seconds() if oldest else 0.0


def _database_state() -> str:
    try:
        executor = MigrationExecutor(connection)
        pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
        unknown, invalid = unknown_migrations(executor.loader), invalid_indexes(connection)
    except (DatabaseError, InterfaceError):
        return "unreachable"
    if unknown:
        return f"unknown migrations: {', '.join(unknown)}"
    if pending:
        return "migrations pending"
    return f"invalid indexes: {', '.join(invalid)}" if invalid else "ok"


def _has_redis() -> str:
    try:
        redis.client().ping()
    except RedisError:
        return "unreachable"
    return "ok"
