"""Coinzz's status words and what they mean here. Pure.

Coinzz publishes no list: these were gathered from its panel, its documents and recorded bodies
(README.md says how sure each is). A new word is one line in a table, or one mapping by staff.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, Generic, Literal, TypeAlias, TypeVar
from unicodedata import combining, normalize

from sales.statuses import SaleStatus, ShippingStatus, SubscriptionStatus

Axis: TypeAlias = Literal["order", "shipping", "subscription"]
StatusT = TypeVar("StatusT", SaleStatus, ShippingStatus, SubscriptionStatus)

WORD_LENGTH: Final = 100
"""Characters of a status word that are looked at and kept."""


@lru_cache(maxsize=1024)
def normalise_word(word: str) -> str:
    """The form in which words are compared: no case, accents, extra spaces or feminine ending."""
    letters = normalize("NFKD", normalize("NFKD", word[:WORD_LENGTH]).casefold())
    plain = "".join(letter for letter in letters if not combining(letter))[:WORD_LENGTH]
    # A final "a" becomes "o" in every word, in the tables as well, so that both genders meet.
    return " ".join(part[:-1] + "o" if part.endswith("a") else part for part in plain.split())


ORDER_WORDS: Final[dict[SaleStatus, tuple[str, ...]]] = {
    SaleStatus.PAID: ("Aprovado", "Pago"),
    SaleStatus.PENDING: (
        "",
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
        "Inadimplente",
    ),
    SaleStatus.SHIPPED: ("Enviado",),
    SaleStatus.DELIVERED: ("Entregue", "Recebido", "Concluído", "Finalizado"),
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

SHIPPING_WORDS: Final[dict[ShippingStatus, tuple[str, ...]]] = {
    ShippingStatus.PENDING: (
        "",
        "A enviar",
        "Pendente",
        "A confirmar",
        "Aguardando análise",
        "Processando",
        "Processando nota",
        "Falha na emissão fiscal",
    ),
    ShippingStatus.SHIPPED: (
        "Enviado",
        "shipped",
        "A caminho",
        "Em trânsito",
        "Saiu para entrega",
        "Aguardando retirada na agência",
        "Parcialmente enviado",
        "Parcialmente recebido",
    ),
    ShippingStatus.DELIVERED: ("Recebido", "Entregue", "delivered"),
    ShippingStatus.FAILED: ("Sem sucesso", "A reagendar"),
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
    SubscriptionStatus.PENDING: ("", "pendente"),
    SubscriptionStatus.SUSPENDED: ("suspensa",),
    SubscriptionStatus.CANCELLED: ("cancelada",),
}


@dataclass(frozen=True, slots=True)
class _Vocabulary(Generic[StatusT]):
    """One axis: its statuses, and the words of its table in their normalised form."""

    axis: Axis
    statuses: type[StatusT]
    words: Mapping[str, StatusT]


def _vocabulary(
    axis: Axis, statuses: type[StatusT], table: Mapping[StatusT, tuple[str, ...]]
) -> _Vocabulary[StatusT]:
    meanings = {normalise_word(word): status for status, words in table.items() for word in words}
    return _Vocabulary(axis, statuses, meanings)


_ORDER = _vocabulary("order", SaleStatus, ORDER_WORDS)
_SHIPPING = _vocabulary("shipping", ShippingStatus, SHIPPING_WORDS)
_SUBSCRIPTION = _vocabulary("subscription", SubscriptionStatus, SUBSCRIPTION_WORDS)
_STATUSES: Final = {
    vocabulary.axis: vocabulary.statuses for vocabulary in (_ORDER, _SHIPPING, _SUBSCRIPTION)
}


@dataclass(frozen=True, slots=True)
class StatusMapper:
    """What a status word means: the tables above, and over them what staff have mapped.

    `mapped` holds (axis, normalised word) → status; ValueError where the axis has no such status.
    Each method answers the status and, where the word has no meaning, the word in lower case.
    """

    mapped: Mapping[tuple[Axis, str], str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for (axis, _), status in self.mapped.items():
            _STATUSES[axis](status)

    def sale_status(self, word: str) -> tuple[SaleStatus, str]:
        return self._read(_ORDER, word)

    def shipping_status(self, word: str) -> tuple[ShippingStatus, str]:
        return self._read(_SHIPPING, word)

    def subscription_status(self, word: str) -> tuple[SubscriptionStatus, str]:
        return self._read(_SUBSCRIPTION, word)

    def _read(self, vocabulary: _Vocabulary[StatusT], word: str) -> tuple[StatusT, str]:
        key = normalise_word(word)
        status = self.mapped.get((vocabulary.axis, key)) or vocabulary.words.get(key)
        if status:
            return vocabulary.statuses(status), ""
        return vocabulary.statuses("PENDING"), " ".join(word.casefold().split())[:WORD_LENGTH]


@dataclass(frozen=True, slots=True)
class RecordingMapper(StatusMapper):
    """Meanings that also tell which of staff's mappings were needed since `heard` was emptied."""

    heard: set[tuple[Axis, str]] = field(default_factory=set)

    def _read(self, vocabulary: _Vocabulary[StatusT], word: str) -> tuple[StatusT, str]:
        key = (vocabulary.axis, normalise_word(word))
        if key in self.mapped:
            self.heard.add(key)
        return StatusMapper._read(self, vocabulary, word)


DEFAULT_MEANINGS: Final = StatusMapper()
