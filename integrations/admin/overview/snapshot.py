"""The state of the whole at this moment, in a number of statements that doesn't grow."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.urls import reverse
from django.utils import timezone

from flowzz.backoffice.display import change_url
from flowzz.core.db.jobs import UNDER_WAY
from integrations.admin.integrations.health_filter import LEVEL_TONES, HealthLevel, level_of
from integrations.admin.overview.formatting import ago, duration, whole
from integrations.admin.overview.urls import list_of
from integrations.inbox import queue_stats
from integrations.models import (
    Alert,
    Integration,
    IntegrationStatus,
    SyncRun,
)
from integrations.monitoring.health import QUEUE_LATE, Health, assess_all
from integrations.providers.registry import all_providers
from integrations.sync.breaker import breaker_for

EVENTS = "integrations.webhookevent"
SHOWN = 6


@dataclass(frozen=True, slots=True)
class Figure:
    """What `templates/backoffice/figure.html` shows."""

    label: str
    value: str
    href: str
    tone: str = "neutral"
    hint: str = ""


@dataclass(frozen=True, slots=True)
class UnhealthyIntegration:
    """An integration that isn't well, and why."""

    integration: Integration
    health: Health
    tone: str
    href: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    integrations: Sequence[Figure]
    worries: Sequence[UnhealthyIntegration]
    inbox: Sequence[Figure]
    alerts: Sequence[Alert]
    runs: Sequence[SyncRun]


def take_snapshot() -> Snapshot:
    judged = assess_all()
    alerts = Alert.objects.filter(resolved_at=None).select_related("integration__user")
    under_way = SyncRun.objects.filter(state__in=UNDER_WAY).select_related("integration__user")
    return Snapshot(
        integrations=_integrations(Counter(level_of(health) for _, health in judged)),
        worries=_worries({one: health for one, health in judged[:SHOWN] if health.reasons}),
        inbox=[*_inbox(), _alerts(), *_circuits()],
        alerts=list(alerts.order_by("-opened_at")[:SHOWN]),
        runs=list(under_way.order_by("-id")[:SHOWN]),
    )


def _integrations(levels: Counter[HealthLevel]) -> list[Figure]:
    page = "integrations.integration"
    gone = Integration.objects.filter(status=IntegrationStatus.DISCONNECTED).count()
    disconnected = list_of(page, status__exact=IntegrationStatus.DISCONNECTED)
    return [
        *(
            Figure(level.label, whole(levels[level]), list_of(page, saude=level.value), tone)
            for level, tone in LEVEL_TONES.items()
        ),
        Figure("Desconectadas", whole(gone), disconnected),
    ]


def _worries(worst: Mapping[UUID, Health]) -> list[UnhealthyIntegration]:
    found = Integration.objects.select_related("user").in_bulk(list(worst))
    return [_worry(found[one], health) for one, health in worst.items() if one in found]


def _worry(integration: Integration, health: Health) -> UnhealthyIntegration:
    return UnhealthyIntegration(
        integration, health, LEVEL_TONES[level_of(health)], change_url(integration)
    )


def _inbox() -> list[Figure]:
    oldest = queue_stats.oldest_due()
    age = (timezone.now() - oldest).total_seconds() if oldest else 0.0
    to_do = list_of(EVENTS, state__in="PENDING,RETRY")
    is_late = age > QUEUE_LATE.total_seconds()
    quarantined = queue_stats.count_quarantined()
    return [
        Figure("Eventos a processar", whole(queue_stats.count_waiting()), to_do, "info"),
        Figure(
            "Espera do mais antigo",
            duration(age) if oldest else "—",
            to_do,
            "bad" if is_late else "good",
            "" if oldest else "nenhum evento espera",
        ),
        Figure(
            "Em quarentena",
            whole(quarantined),
            reverse("backoffice:quarantine"),
            "bad" if quarantined else "good",
        ),
    ]


def _alerts() -> Figure:
    count = Alert.objects.filter(resolved_at=None).count()
    href = list_of("integrations.alert", resolved_at__isempty=1)
    return Figure("Alertas abertos", whole(count), href, "bad" if count else "good")


def _circuits() -> list[Figure]:
    found = []
    for provider in all_providers():
        state = breaker_for(provider.name).state()
        label, tone, hint = CIRCUITS[state.state]
        since = f"{hint}, {ago(state.opened_at)}" if state.opened_at else hint
        found.append(
            Figure(
                f"Circuito do {provider.label}",
                label,
                list_of("integrations.syncrun"),
                tone,
                since,
            )
        )
    return found


CIRCUITS = {
    "closed": ("Fechado", "good", "as chamadas à API passam"),
    "half_open": ("Em teste", "warning", "uma chamada experimenta a API"),
    "open": ("Aberto", "bad", "a API não responde"),
}
