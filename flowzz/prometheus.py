"""`/metrics` for Prometheus: what was counted, and the state of the moment."""

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

from flowzz.core import heartbeat, rate_limits, redis_metrics
from integrations.monitoring import metrics as monitoring

COUNTERS = (*monitoring.COUNTERS, rate_limits.REFUSED)
LOOPBACK = {"127.0.0.1", "::1"}
PROXY_HEADERS = ("X-Forwarded-For", "X-Real-IP", "Forwarded")


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """With METRICS_TOKEN for its bearer; without one set, for this machine's own programs only."""
    if settings.METRICS_TOKEN:
        if not _has_token(request):
            return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    elif not _is_local(request):
        return HttpResponse(status=404)
    return HttpResponse(generate_latest(REGISTRY), content_type=CONTENT_TYPE_PLAIN_0_0_4)


class State(Collector):
    """All metrics; what can't be read now is left out, and its source shown as down."""

    def collect(self) -> Iterator[Metric]:
        yield from _of_redis()
        yield from _of_database()


def _of_redis() -> Iterator[Metric]:
    try:
        fields = redis_metrics.read()
        found = [
            *(metric.family(fields) for metric in COUNTERS),
            _heartbeats(),
            *monitoring.redis_gauges(),
        ]
    except RedisError:
        found = []
    yield GaugeMetricFamily("flowzz_redis_up", "Whether Redis answers.", float(bool(found)))
    yield from found


def _of_database() -> Iterator[Metric]:
    try:
        found = list(monitoring.database_gauges())
    except (OperationalError, InterfaceError):
        found = []
    yield GaugeMetricFamily("flowzz_database_up", "Whether PostgreSQL answers.", float(bool(found)))
    yield from found


def _heartbeats() -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        "flowzz_heartbeat_age_seconds", "Since beat or any worker was heard from.", labels=["part"]
    )
    for part, age in heartbeat.ages().items():
        family.add_metric([part], float("inf") if age is None else age)
    return family


def _has_token(request: HttpRequest) -> bool:
    sent = request.headers.get("Authorization", "").encode()
    return secrets.compare_digest(sent, f"Bearer {settings.METRICS_TOKEN}".encode())


def _is_local(request: HttpRequest) -> bool:
    """Whether it comes from this machine, and not through a proxy on it."""
    is_forwarded = any(name in request.headers for name in PROXY_HEADERS)
    return request.META.get("REMOTE_ADDR") in LOOPBACK and not is_forwarded


REGISTRY = CollectorRegistry()
REGISTRY.register(State())
