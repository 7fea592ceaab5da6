"""The rules of alerts: which integrations violate a rule now, and what to do about it.

Every rule checks all integrations in a constant number of statements.
"""

from collections.abc import Callable
from datetime import timedelta

import structlog
from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, Exists, OuterRef, Q
from django.db.models.functions import Greatest
from django.utils import timezone

from flowzz.core.db.jobs import JobState
from flowzz.core.formatting import format_count
from integrations.inbox import queue_stats
from integrations.models import (
    AlertKind,
    EventState,
    Integration,
    IntegrationStatus,
    SyncRun,
    WebhookBaseline,
    WebhookEvent,
)
from integrations.models.events import is_due
from integrations.models.runs import ENDED
from integrations.monitoring import alerts, baseline
from integrations.monitoring.alerts import Violations
from integrations.monitoring.health import QUEUE_LATE, SYNC_LATE
from integrations.providers.registry import all_providers, get_provider
from integrations.sync.breaker import breaker_for

log = structlog.stdlib.get_logger(__name__)

CIRCUIT_LATE = timedelta(minutes=10)
FAILED_RUNS = 3
IN_USE = (IntegrationStatus.CONNECTED, IntegrationStatus.ERROR)
"""An integration whose key was refused still receives webhooks."""


def evaluate_alert_rules() -> None:
    """Open and resolve the alerts of every rule. A failing rule does not affect the others."""
    for kind in RULES:
        evaluate_alert_rule(kind)


def evaluate_alert_rule(kind: AlertKind) -> None:
    try:
        alerts.reconcile(kind, RULES[kind]())
    except Exception:
        log.exception("alert_rule_failed", kind=kind)


def sync_late() -> Violations:
    """No successful sync for 24 h, counted from the last (re)connection at the earliest.

    Paused integrations are left out.
    """
    since = Greatest("sync_cursor", "connected_at", "api_key_set_at")
    late = Integration.objects.alias(since=since).filter(
        status__in=IN_USE, paused_at=None, since__lt=timezone.now() - SYNC_LATE
    )
    return {
        id_: f"Nenhuma sincronização com o {_label(provider)} deu certo nas últimas 24 horas. "
        "Veja em Integrações o erro da última e peça uma nova; se ele falar da chave de API, "
        "conecte de novo com uma chave válida."
        for id_, provider in late.values_list("id", "provider")
    }


def sync_failing() -> Violations:
    """The last three runs that ended have all failed."""
    ended = SyncRun.objects.filter(integration=OuterRef("id"), state__in=ENDED)
    last = ArraySubquery(ended.order_by("-finished_at").values("state")[:FAILED_RUNS])
    failing = Integration.objects.alias(last=last).filter(
        status__in=IN_USE, last_sync_status="error", last=[JobState.FAILED] * FAILED_RUNS
    )
    return {
        id_: f"As últimas três sincronizações com o {_label(provider)} falharam. O último erro "
        f"foi: {error} Nada se perde: a próxima continua de onde a última parou. Se o erro se "
        "repetir, procure o suporte."
        for id_, provider, error in failing.values_list("id", "provider", "last_sync_error")
    }


def key_refused() -> Violations:
    """The provider refused the API key: no sync until the owner connects with a valid one."""
    refused = Integration.objects.filter(status=IntegrationStatus.ERROR)
    return {
        id_: f"{error} Conecte a integração de novo com uma chave válida; "
        "até lá nenhuma sincronização é feita."
        for id_, error in refused.values_list("id", "last_sync_error")
    }


def key_old() -> Violations:
    """The API key is older than API_KEY_MAX_AGE."""
    old = Integration.objects.filter(
        status=IntegrationStatus.CONNECTED,
        api_key_set_at__lt=timezone.now() - settings.API_KEY_MAX_AGE,
    )
    return {
        id_: f"A chave de API do {_label(provider)} tem mais de {settings.API_KEY_MAX_AGE.days} "
        f"dias. Crie uma nova no {_label(provider)} em Configurações → API e conecte de novo "
        "com ela; nada mais muda."
        for id_, provider in old.values_list("id", "provider")
    }


def circuit_open() -> Violations:
    """A provider's API has been down for ten minutes: one alert for staff."""
    limit = timezone.now() - CIRCUIT_LATE
    down = [
        provider.label
        for provider in all_providers()
        if (opened_at := breaker_for(provider.name).state().opened_at) and opened_at < limit
    ]
    if not down:
        return {}
    return {
        None: f"A API do {', '.join(down)} não responde há mais de 10 minutos; as sincronizações "
        "foram adiadas e voltam sozinhas, e os webhooks seguem normais. Confira se há aviso de "
        "instabilidade na plataforma e se o servidor alcança o endereço configurado da API."
    }


def dead_letters() -> Violations:
    """Events are in quarantine. Events without an integration are one alert for staff."""
    dead = WebhookEvent.objects.filter(
        Q(integration=None) | Q(integration__status__in=IN_USE), state=EventState.QUARANTINED
    )
    counts = dead.order_by().values_list("integration_id").annotate(count=Count("id"))
    return {
        id_: f"{format_count(count, 'evento', 'eventos')} em quarentena"
        + (
            ". A equipe precisa ver as causas em Quarentena, e reprocessar ou descartar."
            if id_
            else " sem integração que seja a dona. Em Quarentena, atribua ou descarte."
        )
        for id_, count in counts
    }


def queue_late() -> Violations:
    """An event has been due for more than five minutes."""
    limit = timezone.now() - QUEUE_LATE
    return {
        id_: "Há eventos esperando há mais de 5 minutos. Nada se perde: são processados na ordem "
        "em que chegaram. A equipe deve conferir em /health/workers se há workers em atividade "
        "e o que dizem os seus logs."
        for id_, due_since in queue_stats.due_since().items()
        if due_since < limit
    }


def silence() -> Violations:
    """No webhook has arrived for far longer than usual at these hours and weekdays."""
    now = timezone.now()
    # A waiting event has arrived, but `last_webhook_at` is updated only when it is drained.
    waiting = WebhookEvent.objects.filter(is_due(), integration=OuterRef("integration_id"))
    baselines = WebhookBaseline.objects.filter(
        ~Exists(waiting),
        integration__status__in=IN_USE,
        integration__last_webhook_at__lt=now - baseline.SHORTEST_SILENCE,
    ).values_list(
        "integration_id", "integration__provider", "integration__last_webhook_at", "hourly_rates"
    )
    return {
        id_: f"Nenhum webhook do {_label(provider)} chegou desde "
        f"{timezone.localtime(since):%d/%m às %H:%M}, muito mais tempo do que de costume neste "
        f"horário e dia da semana. Confira no {_label(provider)} se o postback está ativo e "
        "aponta para o endereço mostrado em Integrações."
        for id_, provider, since, rates in baselines.iterator()
        if since and baseline.is_unusual_silence(rates, since, now)
    }


def _label(provider: str) -> str:
    return get_provider(provider).label


RULES: dict[AlertKind, Callable[[], Violations]] = {
    AlertKind.SYNC_LATE: sync_late,
    AlertKind.SYNC_FAILING: sync_failing,
    AlertKind.KEY_REFUSED: key_refused,
    AlertKind.KEY_OLD: key_old,
    AlertKind.CIRCUIT_OPEN: circuit_open,
    AlertKind.DEAD_LETTERS: dead_letters,
    AlertKind.QUEUE_LATE: queue_late,
    AlertKind.SILENCE: silence,
}
