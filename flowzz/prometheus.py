"""`/metrics` for Prometheus: the counters in Redis, and gauges of the current state."""

import secrets
from collections.abc import Iterator

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector
from redis import RedisError

from flowzz.core import rate_limits, redis_metrics
from flowzz.core.workers import heartbeat
from integrations.monitoring import metrics as monitoring

COUNTERS = (*monitoring.COUNTERS, rate_limits.REFUSED)
LOOPBACK = {"127.0.0.1", "::1"}
PROXY_HEADERS = ("X-Forwarded-For", "X-Real-IP", "Forwarded")


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Export all metrics to bearers of METRICS_TOKEN; if it is not set, to local programs only."""
    if settings.METRICS_TOKEN:
        if not _has_token(request):
            return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    elif not _is_local(request):
        return HttpResponse(status=404)
    return HttpResponse(generate_latest(REGISTRY), content_type=CONTENT_TYPE_PLAIN_0_0_4)


class AllMetrics(Collector):
    """Collects from Redis and the database. A source that fails is reported as down."""

    def collect(self) -> Iterator[Metric]:
        yield from _redis_metrics()
        yield from _database_metrics()


def _redis_metrics() -> Iterator[Metric]:
    try:
        fields = redis_metrics.read()
        counters = (metric.family(fields) for metric in COUNTERS)
        families = [*counters, _heartbeat_ages(), *monitoring.redis_gauges()]
    except RedisError:
        families = []
    yield GaugeMetricFamily("flowzz_redis_up", "Whether Redis answers.", float(bool(families)))
    yield from families


def _database_metrics() -> Iterator[Metric]:
    try:
        families = list(monitoring.database_gauges())
    except (OperationalError, InterfaceError):
        families = []
    is_up = float(bool(families))
    yield GaugeMetricFamily("flowzz_database_up", "Whether PostgreSQL answers.", is_up)
    yield from families


def _heartbeat_ages() -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        "flowzz_heartbeat_age_seconds",
        "Time since the last heartbeat of beat or of any worker.",
        labels=["part"],
    )
    for component, age in heartbeat.ages().items():
        family.add_metric([component], float("inf") if age is None else age)
    return family


def _has_token(request: HttpRequest) -> bool:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    is_equal = secrets.compare_digest(token.strip().encode(), settings.METRICS_TOKEN.encode())
    return scheme.lower() == "bearer" and is_equal


def _is_local(request: HttpRequest) -> bool:
    """Return whether a request comes from this machine, and not through a proxy on it."""
    is_forwarded = any(name in request.headers for name in PROXY_HEADERS)
    return request.META.get("REMOTE_ADDR") in LOOPBACK and not is_forwarded


REGISTRY = CollectorRegistry()
REGISTRY.register(AllMetrics())
