"""The current state of the system, read in a constant number of statements."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Q
from django.urls import reverse
from django.utils import timezone

from flowzz.backoffice.display import Figure, change_url, list_url
from flowzz.core.db.jobs import UNDER_WAY
from flowzz.core.formatting import format_number
from integrations import modes
from integrations.admin.integrations.filters import LEVEL_TONES, HealthLevel, level_of
from integrations.admin.overview.charts import CIRCUIT_STATES
from integrations.admin.overview.formatting import format_time_since
from integrations.inbox import queue_stats
from integrations.models import (
    Alert,
    Circuit,
    Integration,
    IntegrationStatus,
    SyncRun,
    WebhookEvent,
)
from integrations.models.events import UNFINISHED
from integrations.models.monitoring import needs_someone
from integrations.monitoring.alert_recipients import kinds_for_nobody
from integrations.monitoring.health import QUEUE_LATE, Health, assess_all
from integrations.providers.registry import all_providers
from integrations.sync.breaker import breaker_for
from sales.models import Sale

MAX_ROWS = 6
MAX_COUNTED = 100_000
UNUSED = (IntegrationStatus.PENDING, IntegrationStatus.DISCONNECTED)
CIRCUIT_HINTS = {
    Circuit.CLOSED: "responde às chamadas",
    Circuit.HALF_OPEN: "uma chamada experimenta se ela voltou",
    Circuit.OPEN: "não responde: as sincronizações esperam",
}


@dataclass(frozen=True, slots=True)
class UnhealthyIntegration:
    integration: Integration
    health: Health
    tone: str
    href: str


@dataclass(frozen=True, slots=True)
class CurrentState:
    urgent: Sequence[Figure]
    """What needs someone, the largest number first."""
    other_figures: Sequence[Figure]
    unhealthy_integrations: Sequence[UnhealthyIntegration]
    alerts: Sequence[Alert]
    has_recipients: bool
    """Whether somebody of staff is told of every kind of alert."""
    runs: Sequence[SyncRun]
    is_connected: bool
    """Whether any integration is connected."""
    has_received: bool
    """Whether any webhook was ever received."""


def read_current_state() -> CurrentState:
    assessed = assess_all()
    alerts = Alert.objects.filter(needs_someone()).select_related(
        "integration__user", "assigned_to"
    )
    runs = SyncRun.objects.filter(state__in=UNDER_WAY).select_related("integration__user")
    levels = Counter(level_of(health) for _, health in assessed)
    counts = Integration.objects.aggregate(
        disconnected=Count("id", filter=Q(status=IntegrationStatus.DISCONNECTED)),
        connected=Count("id", filter=~Q(status__in=UNUSED)),
        received=Count("last_webhook_at"),
    )
    return CurrentState(
        urgent=_urgent_figures(levels),
        other_figures=[
            *_circuit_figures(),
            *_health_figures(levels, counts),
            *_unassociated_figures(),
        ],
        unhealthy_integrations=_unhealthy(assessed[:MAX_ROWS]),
        alerts=list(alerts.gravest_first()[:MAX_ROWS]),
        has_recipients=not kinds_for_nobody(),
        runs=list(runs.order_by("-id")[:MAX_ROWS]),
        is_connected=bool(counts["connected"]),
        has_received=bool(counts["received"]),
    )


def _health_figures(levels: Counter[HealthLevel], counts: Mapping[str, int]) -> list[Figure]:
    url = list_url(Integration, status__exact=IntegrationStatus.DISCONNECTED)
    return [
        *(
            Figure(
                level.label,
                format_number(levels[level]),
                tone,
                href=list_url(Integration, saude=level.value),
            )
            for level, tone in LEVEL_TONES.items()
        ),
        Figure("Desconectadas", format_number(counts["disconnected"]), href=url),
    ]


def _unhealthy(worst: Sequence[tuple[UUID, Health]]) -> list[UnhealthyIntegration]:
    health_by_id = {id_: health for id_, health in worst if health.reasons}
    integrations = Integration.objects.select_related("user").in_bulk(list(health_by_id))
    return [
        UnhealthyIntegration(
            integrations[id_], health, LEVEL_TONES[level_of(health)], change_url(integrations[id_])
        )
        for id_, health in health_by_id.items()
        if id_ in integrations
    ]


def _urgent_figures(levels: Counter[HealthLevel]) -> list[Figure]:
    """Return what needs someone, the largest number first."""
    alerts = Alert.objects.filter(needs_someone()).count()
    quarantined = queue_stats.count_quarantined()
    waiting, hint, is_late = _queue()
    counts = {
        "Em quarentena": (quarantined, reverse("backoffice:quarantine"), "", bool(quarantined)),
        "Alertas abertos": (alerts, list_url(Alert, trabalho="abertos"), "", bool(alerts)),
        "Integrações com problema": (
            levels[HealthLevel.BAD],
            list_url(Integration, saude=HealthLevel.BAD.value),
            f"{format_number(levels[HealthLevel.FAIR])} em atenção",
            bool(levels[HealthLevel.BAD]),
        ),
        "Eventos a processar": (
            waiting,
            list_url(WebhookEvent, state__exact=UNFINISHED),
            hint,
            is_late,
        ),
    }
    ordered = sorted(counts.items(), key=lambda item: item[1][0], reverse=True)
    return [
        Figure(label, format_number(count), "bad" if is_bad else "good", hint, url)
        for label, (count, url, hint, is_bad) in ordered
    ]


def _queue() -> tuple[int, str, bool]:
    """Return how many events wait, how long the oldest does in words, and whether it is late."""
    oldest = queue_stats.oldest_due()
    if oldest is None:
        return queue_stats.count_waiting(), "nenhum está atrasado", False
    age = (timezone.now() - oldest).total_seconds()
    hint = f"o mais antigo espera {format_time_since(oldest)}"
    return queue_stats.count_waiting(), hint, age > QUEUE_LATE.total_seconds()


def _unassociated_figures() -> list[Figure]:
    """Return the number of sales that count nowhere, read from their partial index, if any."""
    count = Sale.objects.filter(is_associated=False)[:MAX_COUNTED].count()
    url = list_url(Sale, nao_associadas=1)
    hint = "não entram em número nenhum"
    figure = Figure("Vendas não associadas", format_number(count), "warning", hint, url)
    return [figure] if count else []


def _circuit_figures() -> list[Figure]:
    figures = []
    for provider in all_providers():
        label = f"API do {provider.label}"
        if not modes.is_api_enabled(provider.name):
            hint = "desligada em Configurações"
            figures.append(Figure(label, "Desligada", hint=hint, href=list_url(SyncRun)))
            continue
        circuit = breaker_for(provider.name).state()
        value, tone = CIRCUIT_STATES[circuit.state]
        hint = CIRCUIT_HINTS[Circuit(circuit.state)]
        if circuit.opened_at:
            hint = f"{hint}, {format_time_since(circuit.opened_at)}"
        figures.append(Figure(label, value, tone, hint, list_url(SyncRun)))
    return figures
