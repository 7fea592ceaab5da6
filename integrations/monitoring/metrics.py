"""Prometheus metrics: counters of all packages, and gauges read at each scrape.

The metric names are public: dashboards and alert rules of operators use them.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import Count, QuerySet
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily

from flowzz.core.db.jobs import UNDER_WAY
from integrations import modes
from integrations.inbox import metrics as inbox
from integrations.inbox import queue_stats
from integrations.models import Alert, AlertKind, Circuit, Integration, IntegrationStatus, SyncRun
from integrations.providers.registry import provider_names
from integrations.sync.breaker import breaker_for
from integrations.sync.runs import RUNS
from integrations.webhooks import fallback_buffer
from integrations.webhooks.responses import RESPONSES

COUNTERS = (RESPONSES, inbox.PROCESSED, inbox.QUARANTINED, inbox.PROCESSING_SECONDS, RUNS)


def database_gauges() -> Iterator[GaugeMetricFamily]:
    """Read gauges from PostgreSQL. Raises OperationalError or InterfaceError if it is down."""
    oldest = queue_stats.oldest_due()
    yield GaugeMetricFamily(
        "flowzz_inbox_waiting_events",
        f"Events to be processed, up to {queue_stats.MAX_COUNTED}.",
        queue_stats.count_waiting(),
    )
    yield GaugeMetricFamily(
        "flowzz_inbox_quarantined_events",
        f"Quarantined events, up to {queue_stats.MAX_COUNTED}.",
        queue_stats.count_quarantined(),
    )
    yield GaugeMetricFamily(
        "flowzz_inbox_oldest_due_seconds",
        "How long the oldest due event has been waiting.",
        (timezone.now() - oldest).total_seconds() if oldest else 0.0,
    )
    yield _count_by(
        "kind",
        AlertKind.values,
        Alert.objects.filter(resolved_at=None),
        name="flowzz_alerts_open",
        documentation="Open alerts.",
    )
    yield _count_by(
        "shown_status",
        IntegrationStatus.values,
        Integration.objects.annotate(shown_status=modes.effective_status_field()),
        label="status",
        name="flowzz_integrations",
        documentation="Integrations.",
    )
    yield _count_by(
        "state",
        UNDER_WAY,
        SyncRun.objects.filter(state__in=UNDER_WAY),
        name="flowzz_sync_runs_under_way",
        documentation="Sync runs that have not ended.",
    )


def redis_gauges() -> Iterator[GaugeMetricFamily]:
    """Read gauges from Redis. Raises RedisError."""
    yield GaugeMetricFamily(
        "flowzz_spooled_events",
        "Webhooks in the fallback buffer, waiting for the database.",
        fallback_buffer.length(),
    )
    circuit = GaugeMetricFamily(
        "flowzz_circuit_state", "1 for the current state.", labels=["provider", "state"]
    )
    for name in provider_names():
        current = breaker_for(name).state().state
        for state in Circuit.values:
            circuit.add_metric([name, state], float(state == current))
    yield circuit


def _count_by(
    field: str,
    values: Iterable[str],
    rows: "QuerySet[Any]",
    *,
    name: str,
    documentation: str,
    label: str = "",
) -> GaugeMetricFamily:
    """Count rows by a field's value; values without rows are reported as zero."""
    counts = dict(rows.order_by().values_list(field).annotate(count=Count("*")))
    family = GaugeMetricFamily(name, documentation, labels=[label or field])
    for value in values:
        family.add_metric([value], counts.get(value, 0))
    return family
