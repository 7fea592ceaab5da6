"""The rules of alerts: which integrations violate a rule now, and what to do about it.

Every rule checks all integrations in a constant number of statements.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, Greatest
from django.utils import timezone

from flowzz.core import redis
from flowzz.core.db.jobs import UNDER_WAY, JobState
from flowzz.core.formatting import format_count
from integrations import modes
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
from integrations.monitoring import alerts, baseline, refusals
from integrations.monitoring.alerts import Message, Violations
from integrations.monitoring.health import QUEUE_LATE, SYNC_LATE
from integrations.providers.contracts import Provider
from integrations.providers.errors import EndpointMissing
from integrations.providers.registry import all_providers, get_provider
from integrations.sync.breaker import breaker_for
from integrations.sync.runs import WorkerLost

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
        # Read first: what another worker opens or resolves meanwhile, it has seen later than us.
        open_alerts = alerts.open_alerts(kind)
        alerts.reconcile(kind, RULES[kind](), open_alerts)
    except Exception:
        log.exception("alert_rule_failed", kind=kind)


def sync_late() -> Violations:
    """No successful sync for 24 h, counted from the last (re)connection at the earliest.

    Paused integrations are left out. So are those that were resumed and whose sync is under way:
    one that was not requested too long ago, after none that failed.
    """
    now = timezone.now()
    since = Greatest("sync_cursor", "connected_at", "api_key_set_at", "mode_changed_at")
    late = _synced().filter(paused_at=None).alias(since=since)
    late = late.filter(since__lt=now - SYNC_LATE).exclude(
        provider__in=_recently_off(all_providers())
    )
    last = Coalesce(Subquery(_ended_runs().values("state")[:1]), Value(""))
    new = SyncRun.objects.filter(
        integration=OuterRef("id"), state__in=UNDER_WAY, created_at__gt=now - SYNC_LATE
    )
    late = late.alias(last=last).exclude(~Q(last=JobState.FAILED), Exists(new))
    return {
        id_: Message(
            f"Nenhuma sincronização com o {_label(provider)} deu certo nas últimas 24 horas. Veja "
            "em Sincronizações o erro da última e peça uma nova; se ele falar da chave de API, "
            "peça a quem vende que conecte de novo.",
            f"Nenhuma sincronização com o {_label(provider)} deu certo nas últimas 24 horas. As "
            "vendas que chegam por webhook continuam entrando. Veja em Integrações o erro da "
            "última e peça uma nova; se ele falar da chave de API, conecte de novo com uma chave "
            "válida.",
        )
        for id_, provider in late.values_list("id", "provider")
    }


def sync_failing() -> Violations:
    """The last three runs that ended have all failed, or the last one ended its workers."""
    last = ArraySubquery(_ended_runs().values("state")[:FAILED_RUNS])
    is_failing = Q(last=[JobState.FAILED] * FAILED_RUNS) | Q(last_error=WorkerLost.code)
    failing = _synced().alias(last=last).filter(is_failing, last_sync_status="error")
    failed = "A sincronização com o {} vem falhando. O último erro foi: {} "
    return {
        id_: Message(
            failed.format(_label(provider), error) + "A próxima continua de onde a última parou. "
            "Faça o diagnóstico da integração e veja o que ele pede.",
            failed.format(_label(provider), error) + "Nada se perde: a próxima continua de onde a "
            "última parou. Se o erro se repetir, procure o suporte.",
        )
        for id_, provider, error in failing.values_list("id", "provider", "last_sync_error")
    }


def key_refused() -> Violations:
    """The provider refused the API key: no sync until the owner connects with a valid one."""
    refused = Integration.objects.filter(modes.in_api_mode(), status=IntegrationStatus.ERROR)
    until_then = "até lá nenhuma sincronização é feita."
    return {
        id_: Message(
            f"{error} Peça a quem vende que conecte de novo com uma chave válida; {until_then}",
            f"{error} Conecte a integração de novo com uma chave válida; {until_then}",
        )
        for id_, error in refused.values_list("id", "last_sync_error")
    }


def key_old() -> Violations:
    """The API key is older than API_KEY_MAX_AGE."""
    old = Integration.objects.filter(
        modes.in_api_mode(),
        status=IntegrationStatus.CONNECTED,
        api_key_set_at__lt=timezone.now() - settings.API_KEY_MAX_AGE,
    )
    is_old = f"A chave de API do {{}} tem mais de {settings.API_KEY_MAX_AGE.days} dias. "
    return {
        id_: Message(
            is_old.format(_label(provider)) + "Quem vende recebeu um lembrete.",
            is_old.format(_label(provider)) + f"Crie uma nova no {_label(provider)} em "
            "Configurações → API e conecte de novo com ela; nada mais muda.",
        )
        for id_, provider in old.values_list("id", "provider")
    }


def circuit_open() -> Violations:
    """A provider's API has been down for ten minutes: one alert for staff."""
    limit = timezone.now() - CIRCUIT_LATE
    down = [
        provider.label
        for provider in all_providers()
        if modes.is_api_enabled(provider.name)
        and (opened_at := breaker_for(provider.name).state().opened_at)
        and opened_at < limit
    ]
    if not down:
        return {}
    return {
        None: Message(
            f"A API do {', '.join(down)} não responde há mais de 10 minutos; as sincronizações "
            "foram adiadas e voltam sozinhas, e os webhooks seguem normais. Confira se há aviso de "
            "instabilidade na plataforma e se o servidor alcança o endereço configurado da API."
        )
    }


def dead_letters() -> Violations:
    """Events are in quarantine, also those of disconnected integrations.

    Events without an integration are one alert for staff.
    """
    dead = WebhookEvent.objects.filter(state=EventState.QUARANTINED)
    counts = dead.order_by().values_list("integration_id").annotate(count=Count("*"))
    return {
        id_: Message(
            f"{format_count(count, 'evento', 'eventos')} em quarentena"
            + (
                ". Veja as causas em Quarentena, e reprocesse ou descarte."
                if id_
                else " sem uma integração. Em Quarentena, atribua ou descarte."
            ),
            "O Flowzz recebeu avisos de venda que não soube ler. Eles estão guardados, e nossa "
            "equipe já os analisa: você não precisa fazer nada.",
        )
        for id_, count in counts
    }


def queue_late() -> Violations:
    """An event has been due for more than five minutes."""
    limit = timezone.now() - QUEUE_LATE
    return {
        id_: Message(
            "Há eventos esperando há mais de 5 minutos. Nada se perde: são processados na ordem em "
            "que chegaram. Confira em /health/workers se há workers em atividade e o que dizem os "
            "seus logs.",
            "Suas vendas mais novas estão guardadas, mas demoram a aparecer no Flowzz. Nossa "
            "equipe já cuida disso: você não precisa fazer nada.",
        )
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
        id_: _silence_since(timezone.localtime(since), _label(provider))
        for id_, provider, since, rates in baselines.iterator()
        if since and baseline.is_unusual_silence(rates, since, now)
    }


def webhooks_refused() -> Violations:
    """More than a few webhooks of an integration in use were refused in the last hour."""
    refused = refusals.many_refused_last_hour()
    in_use = Integration.objects.filter(id__any_of=list(refused), status__in=IN_USE)
    return {
        id_: Message(
            f"Na última hora, {refusals.describe(refused[id_])}. Não foram guardados. "
            f"{refusals.staff_advice(refused[id_])}",
            f"Na última hora, {refusals.describe(refused[id_])}. "
            f"{refusals.seller_advice(refused[id_])}",
        )
        for id_ in in_use.values_list("id", flat=True)
    }


def _silence_since(since: datetime, label: str) -> Message:
    silent = (
        f"Nenhum webhook do {label} chegou desde {since:%d/%m às %H:%M}, muito mais tempo do que "
        "de costume neste horário e dia da semana."
    )
    check = "se o postback está ativo e aponta para o endereço mostrado em Integrações."
    return Message(
        f"{silent} Confira com quem vende, no {label}, {check}",
        f"{silent} Confira no {label} {check}",
    )


def _synced() -> "QuerySet[Integration]":
    """Select the integrations whose syncs are expected to succeed.

    Left out are those that have never synced while the API says that it has no such address:
    they change to webhook mode within 24 hours (`integrations.api_availability`).
    """
    succeeded = _ended_runs().filter(state=JobState.SUCCEEDED)
    last_error = Coalesce(Subquery(_ended_runs().values("error_code")[:1]), Value(""))
    return (
        Integration.objects.filter(modes.in_api_mode(), status__in=IN_USE)
        .alias(last_error=last_error)
        .exclude(~Exists(succeeded), last_error=EndpointMissing.code, sync_cursor=None)
    )


def _recently_off(providers: Iterable[Provider]) -> list[str]:
    """Return the providers whose API was switched off within SYNC_LATE; asked every minute.

    When staff switch it on again, every integration's last sync is old.
    """
    off = []
    for provider in providers:
        key = f"flowzz:api-off:{provider.name}"
        if not modes.is_api_enabled(provider.name):
            redis.client().set(key, 1, ex=SYNC_LATE)
        elif redis.client().exists(key):
            off.append(provider.name)
    return off


def _ended_runs() -> "QuerySet[SyncRun]":
    ended = SyncRun.objects.filter(integration=OuterRef("id"), state__in=ENDED)
    return ended.order_by("-finished_at")


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
    AlertKind.WEBHOOKS_REFUSED: webhooks_refused,
}
