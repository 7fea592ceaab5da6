"""How healthy an integration is: a score, and the reasons for what is missing to 100."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import Count
from django.utils import timezone

from flowzz.core.formatting import format_count
from integrations import modes
from integrations.inbox import queue_stats
from integrations.models import EventState, Integration, IntegrationStatus, WebhookEvent
from integrations.monitoring import refusals
from integrations.monitoring.refusals import RefusedTotal
from integrations.webhooks import tokens
from integrations.webhooks.tokens import TokenUnreadable

SYNC_LATE = timedelta(hours=24)
QUEUE_LATE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthInputs:
    status: str
    uses_api: bool
    """False in webhook mode: then nothing about keys and syncs counts."""
    now: datetime
    connected_at: datetime | None
    api_key_set_at: datetime | None
    mode_changed_at: datetime | None
    api_key_max_age: timedelta
    sync_cursor: datetime | None
    """The start of the last sync that succeeded."""
    last_sync_status: str
    quarantined: int
    waiting_since: datetime | None
    """When the next event became due, which waits for its processing since."""
    paused_at: datetime | None = None
    has_readable_url: bool = True
    refused: Sequence[RefusedTotal] = ()
    """The webhooks that were refused in the last hour."""


@dataclass(frozen=True, slots=True)
class Health:
    """A score of at most 100; each reason says what lowers it and what its reader can do."""

    score: int
    reasons: tuple[str, ...]
    """Reasons written for staff."""
    seller_reasons: tuple[str, ...] = ()


def assess_integration(integration: Integration) -> Health:
    """Assess one integration; four statements."""
    events = WebhookEvent.objects.filter(integration=integration)
    return assess(
        _inputs(
            integration,
            quarantined=events.filter(state=EventState.QUARANTINED).count(),
            waiting_since=queue_stats.due_since_of(integration),
            has_readable_url=tokens.is_readable(integration),
            refused=refusals.refused_webhooks(integration, refusals.HOUR),
        )
    )


def assess_all() -> list[tuple[uuid.UUID, Health]]:
    """Assess every integration that is not disconnected, the worst first; four statements.

    Returns ids, without users and secrets: there may be thousands, and few are shown.
    """
    dead = WebhookEvent.objects.filter(state=EventState.QUARANTINED, integration__isnull=False)
    counts = dead.order_by().values_list("integration_id").annotate(count=Count("*"))
    quarantined = dict[uuid.UUID | None, int](counts)
    waiting_since = queue_stats.due_since()
    refused = refusals.many_refused_last_hour()
    integrations = Integration.objects.exclude(status=IntegrationStatus.DISCONNECTED)
    healths = [
        (
            integration.id,
            assess(
                _inputs(
                    integration,
                    quarantined=quarantined.get(integration.id, 0),
                    waiting_since=waiting_since.get(integration.id),
                    refused=refused.get(integration.id, ()),
                )
            ),
        )
        for integration in integrations.order_by("id").values_list(
            "id", "provider", "mode", *_FIELDS, named=True
        )
    ]
    return sorted(healths, key=lambda pair: pair[1].score)


def assess(inputs: HealthInputs) -> Health:
    if inputs.status == IntegrationStatus.DISCONNECTED:
        reason = "A integração está desconectada. Conecte com a chave de API, ou só por webhooks."
        return Health(0, (reason,), (reason,))
    checks = [*_general_checks(inputs), *(_sync_checks(inputs) if inputs.uses_api else ())]
    lost = [check for check in checks if check.applies]
    return Health(
        max(0, 100 - sum(check.points for check in lost)),
        tuple(check.reason for check in lost),
        tuple(check.seller_reason or check.reason for check in lost),
    )


_FIELDS = (
    "status",
    "connected_at",
    "api_key_set_at",
    "mode_changed_at",
    "sync_cursor",
    "last_sync_status",
    "paused_at",
)


def _inputs(integration: Any, **counted: Any) -> HealthInputs:
    return HealthInputs(
        **{name: getattr(integration, name) for name in _FIELDS},
        uses_api=modes.uses_api(integration),
        now=timezone.now(),
        api_key_max_age=settings.API_KEY_MAX_AGE,
        **counted,
    )


class _Check(NamedTuple):
    """`points` are what the check costs; the seller reads `reason` if it has no text for them."""

    applies: bool
    points: int
    reason: str
    seller_reason: str = ""


def _general_checks(inputs: HealthInputs) -> list[_Check]:
    is_paused = inputs.paused_at is not None
    return [
        _Check(
            inputs.status == IntegrationStatus.PENDING,
            40,
            "A integração ainda não foi conectada. Informe a chave de API, ou conecte só por "
            "webhooks.",
        ),
        _Check(
            is_paused,
            30,
            "A integração está pausada: os webhooks esperam e nada é sincronizado. "
            "Retome quando for a hora.",
            "Nossa equipe pausou a integração. O que chega fica guardado e é processado quando ela "
            "for retomada.",
        ),
        _Check(
            not inputs.has_readable_url,
            10,
            TokenUnreadable().message,
            "O endereço de webhook não pode mais ser mostrado. O que você já usa continua "
            "recebendo; para ver um endereço, crie outro e troque-o na plataforma.",
        ),
        _Check(
            inputs.quarantined > 0,
            10,
            f"{format_count(inputs.quarantined, 'evento', 'eventos')} em quarentena. "
            "A equipe precisa ver as causas.",
            f"{format_count(inputs.quarantined, 'aviso', 'avisos')} de venda em análise pela nossa "
            "equipe. Nada se perdeu, e você não precisa fazer nada.",
        ),
        _Check(
            refusals.are_many(inputs.refused),
            20,
            f"Na última hora, {refusals.describe(inputs.refused)}. Veja o diagnóstico.",
            f"Na última hora, {refusals.describe(inputs.refused)}. "
            f"{refusals.seller_advice(inputs.refused)}",
        ),
        _Check(
            not is_paused and _is_older(inputs.waiting_since, inputs.now - QUEUE_LATE),
            20,
            "Há eventos esperando há mais de 5 minutos.",
            "Suas vendas mais novas estão guardadas, mas ainda não aparecem: o processamento está "
            "atrasado, e nossa equipe já cuida disso.",
        ),
    ]


def _sync_checks(inputs: HealthInputs) -> list[_Check]:
    since = [inputs.sync_cursor, inputs.connected_at, inputs.api_key_set_at, inputs.mode_changed_at]
    synced_at = max(filter(None, since), default=None)
    return [
        _Check(
            inputs.status == IntegrationStatus.ERROR,
            60,
            "A chave de API foi recusada. Conecte de novo com uma chave válida.",
        ),
        _Check(
            inputs.last_sync_status == "error",
            20,
            "A última sincronização falhou. A próxima tenta de novo; veja o erro.",
            "A última sincronização falhou. A próxima tenta de novo sozinha.",
        ),
        _Check(
            inputs.paused_at is None and _is_older(synced_at, inputs.now - SYNC_LATE),
            20,
            "Nenhuma sincronização deu certo nas últimas 24 horas.",
            "Nenhuma sincronização deu certo nas últimas 24 horas. As vendas que chegam por "
            "webhook continuam entrando.",
        ),
        _Check(
            _is_older(inputs.api_key_set_at, inputs.now - inputs.api_key_max_age),
            10,
            "A chave de API é antiga. Crie uma nova e conecte com ela.",
        ),
    ]


def _is_older(time: datetime | None, limit: datetime) -> bool:
    return time is not None and time < limit
