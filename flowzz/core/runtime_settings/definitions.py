"""The settings that staff may change while everything runs; the environment gives the default."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Generic, TypeVar

import structlog
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from flowzz.accounts.models import Setting
from flowzz.core.env import UNITS, spelled_rate
from flowzz.core.runtime_settings.cache import SAVED

log = structlog.stdlib.get_logger(__name__)

T = TypeVar("T")
AmountT = TypeVar("AmountT", int, timedelta)


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustable(Generic[T]):
    """A setting by its name there; `read` raises ValueError, in words for staff."""

    name: str
    label: str
    hint: str
    read: Callable[[str], T]
    write: Callable[[T], str]

    @property
    def default(self) -> T:
        value: T = getattr(settings, self.name)
        return value

    def value(self) -> T:
        """What holds now, known within seconds; costs no SQL."""
        return self._of(SAVED.get(self.name))

    def exact(self) -> T:
        """What the database says at this moment: for what can't be undone."""
        saved = Setting.objects.filter(name=self.name).values_list("value", flat=True)
        return self._of(saved.first())

    def _of(self, saved: str | None) -> T:
        if saved is None:
            return self.default
        try:
            return self.read(saved)
        except ValueError:
            log.error("saved_setting_unreadable", setting=self.name)
            return self.default


def _addresses(text: str) -> list[str]:
    addresses = [part for part in re.split(r"[\s,;]+", text) if part]
    for address in addresses:
        try:
            validate_email(address)
        except ValidationError:
            raise ValueError(
                f"“{address}” não é um e-mail. Separe os endereços por vírgula."
            ) from None
    return addresses


def _rate(text: str) -> str:
    try:
        return spelled_rate(text.strip())
    except ValueError:
        raise ValueError(
            "Escreva quantos e por quanto tempo: 10/min, 1000/h, 5/s ou 100/d."
        ) from None


def _short(rate: str) -> str:
    """`10/minute` as staff write it: `10/min`."""
    count, unit = rate.split("/")
    return f"{count}/{next(short for short, long in UNITS.items() if long == unit)}"


def _count(least: int, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        digits = text.strip().replace(".", "")
        if not re.fullmatch(r"[0-9]{1,9}", digits) or not least <= int(digits) <= most:
            raise ValueError(f"Escreva um número inteiro de {least} a {most}.")
        return int(digits)

    return read


def _limit(name: str, label: str, hint: str) -> Adjustable[str]:
    return Adjustable(name=name, label=label, hint=hint, read=_rate, write=_short)


def _amount(
    name: str, label: str, hint: str = "", *, unit: AmountT, least: int, most: int
) -> Adjustable[AmountT]:
    """So many of a unit: of a day, say, or of one."""
    read = _count(least, most)
    return Adjustable(
        name=name,
        label=label,
        hint=f"{hint} De {least} a {most}.".lstrip(),
        read=lambda text: read(text) * unit,
        write=lambda amount: str(amount // unit),
    )


ALERT_EMAILS: Adjustable[list[str]] = Adjustable(
    name="ALERT_EMAILS",
    label="E-mails da equipe que recebem os alertas",
    hint="Separados por vírgula. O dono da integração sempre recebe os dela.",
    read=_addresses,
    write=", ".join,
)
WEBHOOK_RATE = _limit(
    "RATE_LIMIT_WEBHOOK",
    "Webhooks de uma integração",
    "Acima disso a plataforma recebe 429 e envia de novo depois.",
)
API_RATE = _limit("RATE_LIMIT_API", "Chamadas de um usuário à API", "Todas as chamadas juntas.")
SYNC_RATE = _limit("RATE_LIMIT_SYNC", "Sincronizações pedidas por um usuário", "Pela API.")
IMPORT_RATE = _limit("RATE_LIMIT_IMPORT", "Arquivos importados por um usuário", "Prévias contam.")
LOGIN_RATE = _limit(
    "RATE_LIMIT_LOGIN", "Tentativas de login de um endereço IP", "Na API e nesta administração."
)
SCHEMA_RATE = _limit(
    "RATE_LIMIT_SCHEMA", "Leituras da descrição da API por um endereço IP", "Em /api/schema."
)
PAYLOAD_RETENTION = _amount(
    "PAYLOAD_RETENTION",
    "Dias que o corpo dos webhooks é guardado",
    "Depois disso ele é removido de noite, e não há como voltar; as vendas ficam.",
    unit=timedelta(days=1),
    least=7,
    most=3650,
)
DUPLICATE_WINDOW = _amount(
    "DUPLICATE_WINDOW",
    "Horas em que um webhook igual conta como repetido",
    "Um repetido é guardado e não é aplicado.",
    unit=timedelta(hours=1),
    least=1,
    most=720,
)
SYNC_OVERLAP = _amount(
    "SYNC_OVERLAP",
    "Minutos que a sincronização volta atrás do cursor",
    "Para não perder o que a plataforma mostra com atraso.",
    unit=timedelta(minutes=1),
    least=0,
    most=10_080,
)
SYNC_INITIAL_AGE = _amount(
    "SYNC_INITIAL_AGE",
    "Dias que a primeira sincronização busca",
    "Vale o que for menor: estes dias ou o número de vendas abaixo.",
    unit=timedelta(days=1),
    least=1,
    most=3650,
)
SYNC_INITIAL_SALES = _amount(
    "SYNC_INITIAL_SALES",
    "Vendas que a primeira sincronização busca, no máximo",
    unit=1,
    least=1,
    most=1_000_000,
)

GROUPS: dict[str, tuple[Adjustable[Any], ...]] = {
    "Alertas": (ALERT_EMAILS,),
    "Limites": (WEBHOOK_RATE, API_RATE, SYNC_RATE, IMPORT_RATE, LOGIN_RATE, SCHEMA_RATE),
    "Webhooks": (PAYLOAD_RETENTION, DUPLICATE_WINDOW),
    "Sincronização": (SYNC_OVERLAP, SYNC_INITIAL_AGE, SYNC_INITIAL_SALES),
}
"""As the page shows them."""
BY_NAME = {one.name: one for group in GROUPS.values() for one in group}
