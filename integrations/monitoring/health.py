"""How well an integration is: facts → a score and its reasons. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from flowzz.core.formatting import counted
from integrations.models import IntegrationStatus

SYNC_LATE = timedelta(hours=24)
QUEUE_LATE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    status: str
    now: datetime
    connected_at: datetime | None
    api_key_set_at: datetime | None
    api_key_max_age: timedelta
    last_sync_at: datetime | None
    last_sync_status: str
    quarantined: int
    oldest_pending_at: datetime | None
    paused_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Health:
    """100 is perfect; each reason says what takes points away and what to do."""

    score: int
    reasons: tuple[str, ...]


def assess(facts: Facts) -> Health:
    if facts.status == IntegrationStatus.DISCONNECTED:
        return Health(0, ("A integração está desconectada. Conecte com a chave de API.",))
    lost = [(points, reason) for applies, points, reason in _checks(facts) if applies]
    score = max(0, 100 - sum(points for points, _ in lost))
    return Health(score, tuple(reason for _, reason in lost))


def _checks(facts: Facts) -> list[tuple[bool, int, str]]:
    synced = facts.last_sync_at or facts.connected_at
    return [
        (
            facts.status == IntegrationStatus.ERROR,
            60,
            "A chave de API foi recusada. Conecte de novo com uma chave válida.",
        ),
        (
            facts.status == IntegrationStatus.PENDING,
            40,
            "A integração ainda não foi conectada. Informe a chave de API.",
        ),
        (
            facts.last_sync_status == "error",
            20,
            "A última sincronização falhou. A próxima tenta de novo; veja o erro.",
        ),
        (
            facts.paused_at is not None,
            30,
            "A integração está pausada: os webhooks esperam e nada é sincronizado. "
            "Retome quando for a hora.",
        ),
        (
            facts.paused_at is None and synced is not None and facts.now - synced > SYNC_LATE,
            20,
            "Nenhuma sincronização nas últimas 24 horas.",
        ),
        (
            facts.quarantined > 0,
            10,
            f"{counted(facts.quarantined, 'evento', 'eventos')} em quarentena. "
            "A equipe precisa ver as causas.",
        ),
        (
            facts.paused_at is None
            and facts.oldest_pending_at is not None
            and facts.now - facts.oldest_pending_at > QUEUE_LATE,
            20,
            "Há eventos esperando há mais de 5 minutos.",
        ),
        (
            facts.api_key_set_at is not None
            and facts.now - facts.api_key_set_at > facts.api_key_max_age,
            10,
            "A chave de API é antiga. Crie uma nova e conecte com ela.",
        ),
    ]
