"""Coinzz's status words and our statuses for them. Pure.

Coinzz publishes no list: the words come from its panel, its documents and recorded bodies. Add a
new word to a table; until then staff can map it in the back-office.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import unescape
from typing import Final, Generic, TypeVar
from unicodedata import category, normalize

from flowzz.core.caching import cache_short
from integrations.providers.contracts import StatusField
from sales.statuses import SaleStatus, ShippingStatus, SubscriptionStatus

StatusT = TypeVar("StatusT", SaleStatus, ShippingStatus, SubscriptionStatus)

WORD_LENGTH: Final = 100
"""Characters of a status word that are compared and stored."""


_BOTH_ENDINGS: Final = re.compile(r"\((?:[ao]|[ao]?s)\)|/\s*[ao]\W{0,9}$")
"""The second ending in `Aprovado(a)`, `Aprovado(s)` and `Aprovado/a`."""

_REMOVED: Final = ("Cc", "Cf")
_SEPARATING: Final = ("P", "S")
"""Categories of Unicode: control and invisible characters; punctuation, signs and emoji."""

_MISSING: Final = frozenset({"0", "false", "none", "null", "undefined"})
"""Words by which a sender writes no value."""

_ENGLISH: Final = {
    "active": "ativo",
    "approved": "aprovado",
    "canceled": "cancelado",
    "charge back": "chargeback",
    "cancelled": "cancelado",
    "delivered": "entregue",
    "expired": "expirado",
    "overdue": "inadimplente",
    "paid": "pago",
    "pending": "pendente",
    "processing": "processando",
    "refunded": "reembolsado",
    "refused": "recusado",
    "returned": "devolvido",
    "shipped": "enviado",
    "suspended": "suspenso",
    "waiting payment": "aguardando pagamento",
}
"""Codes of Coinzz's API, and other spellings, that mean a word of its webhooks.

Other codes are in the tables.
"""


@cache_short(1024)
def normalize_word(word: str) -> str:
    """Return the form in which words are compared; empty if the word means that there is none.

    Case, accents, gender, number, punctuation, emoji, invisible characters, HTML's entities and
    the language are ignored.
    """
    letters = normalize("NFKD", normalize("NFKD", unescape(word[:WORD_LENGTH])).casefold())
    plain = "".join(map(_compared, _BOTH_ENDINGS.sub("", letters.strip())))[:WORD_LENGTH]
    compared = " ".join(map(_singular, plain.split())) or _emoji(letters)
    return "" if compared in _MISSING else _ENGLISH.get(compared, compared)


def _singular(part: str) -> str:
    """Return one form for both genders and numbers, also of the words in the tables."""
    part = part.rstrip("s") or part
    return part[:-1] + "o" if part.endswith("a") else part


def _emoji(letters: str) -> str:
    """Return the emoji of a word without letters, which is not missing."""
    return "".join(letter for letter in letters if category(letter) == "So")


def _shown(word: str) -> str:
    """Return an unknown word as staff read it: in lower case, without invisible characters."""
    visible = (letter for letter in normalize("NFC", word) if category(letter) not in _REMOVED)
    return " ".join("".join(visible).casefold().split())[:WORD_LENGTH]


def _compared(letter: str) -> str:
    if letter.isalnum():
        return letter
    return " " if letter.isspace() or category(letter).startswith(_SEPARATING) else ""


ORDER_WORDS: Final[dict[SaleStatus, tuple[str, ...]]] = {
    SaleStatus.PAID: ("Aprovado", "Pago"),
    SaleStatus.PENDING: (
        "Pendente",
        "Pedido criado",
        "Aguardando pagamento",
        "Em análise",
        "Análise de risco",
        "Aguardando afiliado",
        "Período de teste",
        "Parcial",
        "Em processamento",
        "Processando",
        "Aguardando envio",
        "Aguardando chegada",
        "Aguardando",
        "Inadimplente",
    ),
    SaleStatus.SHIPPED: ("Enviado", "IN_TRANSIT", "OUT_FOR_DELIVERY"),
    SaleStatus.DELIVERED: ("Entregue", "Recebido", "Concluído", "Finalizado", "COMPLETED"),
    SaleStatus.CANCELLED: (
        "Cancelado",
        "Expirado",
        "Rejeitado",
        "Recusado",
        "Excluído",
        "Frustrado",
    ),
    SaleStatus.REFUNDED: (
        "Reembolsado",
        "Reembolso em andamento",
        "Estornado",
        "Chargeback",
        "Contestado",
        "Reclamado",
    ),
}

OPEN_REFUND_WORDS: Final = ("Reclamada", "Contestada", "Reembolso em andamento", "Chargeback")
"""A dispute can be won, and a refund in progress can be given up."""

SHIPPING_WORDS: Final[dict[ShippingStatus, tuple[str, ...]]] = {
    ShippingStatus.PENDING: (
        "A enviar",
        "Pendente",
        "A confirmar",
        "Aguardando análise",
        "Processando",
        "Processando nota",
        "Falha na emissão fiscal",
        "Aguardando envio",
        "Em separação",
        "Preparando envio",
        "Agendado",
        "Reagendado",
    ),
    ShippingStatus.SHIPPED: (
        "Enviado",
        "A caminho",
        "Em trânsito",
        "Saiu para entrega",
        "Aguardando retirada na agência",
        "Parcialmente enviado",
        "Parcialmente recebido",
        "Postado",
        "Em transporte",
        "Em rota",
        "IN_TRANSIT",
        "OUT_FOR_DELIVERY",
    ),
    ShippingStatus.DELIVERED: ("Recebido", "Entregue", "Completo", "COMPLETED"),
    ShippingStatus.FAILED: ("Sem sucesso", "A reagendar", "Não entregue", "Frustrado"),
    ShippingStatus.RETURNED: ("Devolvido", "Em devolução"),
    ShippingStatus.CANCELLED: (
        "Cancelado",
        "Suspenso",
        "Fundos insuficientes",
        "Saldo insuficiente",
        "Erro",
    ),
}

SUBSCRIPTION_WORDS: Final[dict[SubscriptionStatus, tuple[str, ...]]] = {
    SubscriptionStatus.ACTIVE: ("ativa",),
    SubscriptionStatus.PENDING: ("pendente",),
    SubscriptionStatus.SUSPENDED: ("suspensa",),
    SubscriptionStatus.CANCELLED: ("cancelada",),
}


@dataclass(frozen=True, slots=True)
class _Vocabulary(Generic[StatusT]):
    """The statuses of one field, and the words of its table in their normalized form."""

    field: StatusField
    statuses: type[StatusT]
    words: Mapping[str, StatusT]


def _vocabulary(
    field: StatusField, statuses: type[StatusT], table: Mapping[StatusT, tuple[str, ...]]
) -> _Vocabulary[StatusT]:
    by_word = {normalize_word(word): status for status, words in table.items() for word in words}
    return _Vocabulary(field, statuses, by_word)


_ORDER = _vocabulary(StatusField.ORDER, SaleStatus, ORDER_WORDS)
_SHIPPING = _vocabulary(StatusField.SHIPPING, ShippingStatus, SHIPPING_WORDS)
_SUBSCRIPTION = _vocabulary(StatusField.SUBSCRIPTION, SubscriptionStatus, SUBSCRIPTION_WORDS)
_STATUSES: Final = {
    vocabulary.field: vocabulary.statuses for vocabulary in (_ORDER, _SHIPPING, _SUBSCRIPTION)
}


_OPEN_REFUNDS: Final = frozenset(map(normalize_word, OPEN_REFUND_WORDS))


def is_open_refund(status: SaleStatus | None, word: str) -> bool:
    return status is SaleStatus.REFUNDED and normalize_word(word) in _OPEN_REFUNDS


@dataclass(frozen=True, slots=True)
class StatusMapper:
    """Maps status words to our statuses: by the staff's mappings, else by the tables above.

    `mapped` is (field, normalized word) → status; raises ValueError if the field has no such
    status. Each method returns the status, or None for a missing word, and for an unknown word
    also the word in lower case. The keys of the staff's mappings that decided a status are added
    to `used`.
    """

    mapped: Mapping[tuple[StatusField, str], str] = field(default_factory=dict)
    used: set[tuple[StatusField, str]] = field(default_factory=set)

    def __post_init__(self) -> None:
        for (status_field, _), status in self.mapped.items():
            _STATUSES[status_field](status)

    def sale_status(self, word: str) -> tuple[SaleStatus | None, str]:
        return self._map(_ORDER, word)

    def shipping_status(self, word: str) -> tuple[ShippingStatus | None, str]:
        return self._map(_SHIPPING, word)

    def subscription_status(self, word: str) -> tuple[SubscriptionStatus | None, str]:
        return self._map(_SUBSCRIPTION, word)

    def _map(self, vocabulary: _Vocabulary[StatusT], word: str) -> tuple[StatusT | None, str]:
        key = (vocabulary.field, normalize_word(word))
        if not key[1]:
            return None, ""
        if key in self.mapped:
            self.used.add(key)
        if status := self.mapped.get(key):
            return vocabulary.statuses(status), ""
        if known := vocabulary.words.get(key[1]):
            return known, ""
        return vocabulary.statuses("PENDING"), _shown(word)


DEFAULT_MAPPER: Final = StatusMapper()
