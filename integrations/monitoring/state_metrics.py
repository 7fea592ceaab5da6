"""The state of the moment for Prometheus, read when it asks; cheap with any number of events."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import Count, QuerySet
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily

from flowzz.core import redis
from flowzz.core.db.jobs import UNDER_WAY
from integrations.inbox import queue_stats
from integrations.models import (
    Alert,
    AlertKind,
    Circuit,
    Integration,
    IntegrationStatus,
    SyncRun,
)
from integrations.providers.registry import provider_names
from integrations.sync.breaker import breaker_for
from integrations.webhooks import fallback_buffer


def of_database() -> Iterator[GaugeMetricFamily]:
    """Raises OperationalError or InterfaceError where the database can't be reached."""
    waiting, dead = queue_stats.count_waiting(), queue_stats.count_quarantined()
    oldest = queue_stats.oldest_due()
    age = (timezone.now() - oldest).total_seconds() if oldest else 0.0
    yield GaugeMetricFamily(
        "flowzz_inbox_waiting_events", f"Events to be done, up to {queue_stats.MOST}.", waiting
    )
    yield GaugeMetricFamily(
        "flowzz_inbox_quarantined_events", f"Dead letters, up to {queue_stats.MOST}.", dead
    )
    yield GaugeMetricFamily(
        "flowzz_inbox_oldest_due_seconds", "How long the oldest event waits to be done.", age
    )
    yield _by(
        "flowzz_alerts_open",
        "Open alerts.",
        "kind",
        AlertKind.values,
        Alert.objects.filter(resolved_at=None),
    )
    yield _by(
        "flowzz_integrations",
        "Integrations.",
        "status",
        IntegrationStatus.values,
        Integration.objects.all(),
    )
    yield _by(
        "flowzz_sync_runs_under_way",
        "Sync runs that have not ended.",
        "state",
        UNDER_WAY,
        SyncRun.objects.filter(state__in=UNDER_WAY),
    )


def of_redis() -> Iterator[GaugeMetricFamily]:
    """Raises RedisError."""
    yield GaugeMetricFamily(
        "flowzz_spooled_events",
        "Webhooks kept in Redis until the database is back.",
        redis.client().llen(fallback_buffer.KEY),
    )
    circuit = GaugeMetricFamily(
        "flowzz_circuit_state", "1 for the state it is in.", labels=["provider", "state"]
    )
    for name in provider_names():
        current = breaker_for(name).state().state
        for state in Circuit.values:
            circuit.add_metric([name, state], float(state == current))
    yield circuit


def _by(
    name: str, help_: str, field: str, values: Iterable[str], rows: "QuerySet[Any]"
) -> GaugeMetricFamily:
    """Count rows by a field; every value it can have is there, with zero too."""
    counts = dict(rows.order_by().values_list(field).annotate(count=Count("pk")))
    family = GaugeMetricFamily(name, help_, labels=[field])
    for value in values:
        family.add_metric([value], counts.get(value, 0))
    return family
