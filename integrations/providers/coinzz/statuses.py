"""Coinzz's status words and our statuses for them. Pure.

Coinzz publishes no list: the words come from its panel, its documents and recorded bodies. Add a
new word to a table; until then staff can map it in the back-office.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, Generic, TypeVar
from unicodedata import combining, normalize

from integrations.providers.contracts import StatusField
from sales.statuses import SaleStatus, ShippingStatus, SubscriptionStatus

StatusT = TypeVar("StatusT", SaleStatus, ShippingStatus, SubscriptionStatus)

WORD_LENGTH: Final = 100
"""Characters of a status word that are compared and stored."""


@lru_cache(maxsize=1024)
def normalize_word(word: str) -> str:
    """Return the form in which words are compared: no case, accents or feminine ending."""
    letters = normalize("NFKD", normalize("NFKD", word[:WORD_LENGTH]).casefold())
    plain = "".join(letter for letter in letters if not combining(letter))[:WORD_LENGTH]
    # A final "a" becomes "o" in every word, also in the tables: both genders are then equal.
    return " ".join(part[:-1] + "o" if part.endswith("a") else part for part in plain.split())


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
        if status := self.mapped.get(key) or vocabulary.words.get(key[1]):
            return vocabulary.statuses(status), ""
        return vocabulary.statuses("PENDING"), " ".join(word.casefold().split())[:WORD_LENGTH]


DEFAULT_MAPPER: Final = StatusMapper()
