"""The statuses of sales and subscriptions, and the transitions that events may make. Pure."""

from collections.abc import Mapping, Set
from enum import Enum, auto
from typing import Final, TypeAlias

from django.db.models import TextChoices


class SaleStatus(TextChoices):
    PENDING = "PENDING", "Pendente"
    PAID = "PAID", "Pago"
    SHIPPED = "SHIPPED", "Enviado"
    DELIVERED = "DELIVERED", "Entregue"
    CANCELLED = "CANCELLED", "Cancelado"
    REFUNDED = "REFUNDED", "Reembolsado"


REVENUE_STATUSES = (SaleStatus.PAID, SaleStatus.SHIPPED, SaleStatus.DELIVERED)
"""Sales with one of these statuses count as revenue."""


class ShippingStatus(TextChoices):
    PENDING = "PENDING", "A enviar"
    SHIPPED = "SHIPPED", "Enviado"
    DELIVERED = "DELIVERED", "Entregue"
    FAILED = "FAILED", "Tentativa sem sucesso"
    RETURNED = "RETURNED", "Devolvido"
    CANCELLED = "CANCELLED", "Cancelado"


class SubscriptionStatus(TextChoices):
    ACTIVE = "ACTIVE", "Ativa"
    PENDING = "PENDING", "Pendente"
    SUSPENDED = "SUSPENDED", "Suspensa"
    CANCELLED = "CANCELLED", "Cancelada"


class SaleStatusField(TextChoices):
    """The fields of a sale that hold a status; each has a transition table of its own."""

    STATUS = "status", "Status"
    SHIPPING = "shipping_status", "Entrega"


class HistoryField(TextChoices):
    """The fields of a sale whose earlier values are kept in its history."""

    STATUS = "status", "Status"
    SHIPPING = "shipping_status", "Entrega"
    PRICE = "total_price", "Valor total"
    QUANTITY = "quantity", "Quantidade"
    PRODUCT = "product_name", "Produto"
    SKU = "product_sku", "Código do produto"
    CLIENT = "client_id", "Cliente"


FIRST_REACHED: Final[dict[tuple[str, str], str]] = {
    (SaleStatusField.STATUS, SaleStatus.PAID): "paid_at",
    (SaleStatusField.STATUS, SaleStatus.SHIPPED): "shipped_at",
    (SaleStatusField.STATUS, SaleStatus.DELIVERED): "delivered_at",
    (SaleStatusField.STATUS, SaleStatus.CANCELLED): "cancelled_at",
    (SaleStatusField.SHIPPING, ShippingStatus.SHIPPED): "shipped_at",
    (SaleStatusField.SHIPPING, ShippingStatus.DELIVERED): "delivered_at",
}
"""The fields that are set when a sale reaches a status for the first time."""

TransitionTable: TypeAlias = Mapping[str, Set[str]]
"""Maps each status to the statuses that an event may change it to."""

OPEN_REFUND: Final = "OPEN_REFUND"
"""REFUNDED by a dispute or a refund in progress, which may still be reversed."""
_REFUNDS: Final = {"REFUNDED", OPEN_REFUND}

STATUS_TRANSITIONS: TransitionTable = {
    "PENDING": {"PAID", "SHIPPED", "DELIVERED", "CANCELLED", *_REFUNDS},
    "PAID": {"SHIPPED", "DELIVERED", "CANCELLED", *_REFUNDS},
    "SHIPPED": {"DELIVERED", "CANCELLED", *_REFUNDS},
    "DELIVERED": {"CANCELLED", *_REFUNDS},
    "CANCELLED": {"PAID", "SHIPPED", "DELIVERED", *_REFUNDS},
    OPEN_REFUND: {"PAID", "SHIPPED", "DELIVERED", "REFUNDED"},
    "REFUNDED": {OPEN_REFUND},
}
SHIPPING_TRANSITIONS: TransitionTable = {
    "PENDING": {"SHIPPED", "DELIVERED", "FAILED", "RETURNED", "CANCELLED"},
    "SHIPPED": {"DELIVERED", "FAILED", "RETURNED", "CANCELLED"},
    "FAILED": {"PENDING", "SHIPPED", "DELIVERED", "RETURNED", "CANCELLED"},
    "CANCELLED": {"SHIPPED", "DELIVERED", "RETURNED"},
    "DELIVERED": {"RETURNED"},
    "RETURNED": set(),
}


class Transition(Enum):
    """How a reported status relates to the current one."""

    NONE = auto()
    FORWARD = auto()
    BACKWARD = auto()


def classify_transition(
    table: TransitionTable, current: str, reported: str, *, is_late: bool = False
) -> Transition:
    """Return `FORWARD` if an event may change the status from `current` to `reported`.

    A late report is older than the newest one applied. It is `FORWARD` only if the reverse
    transition is not allowed: in the right order, the statuses would have ended the same way.
    """
    if reported == current:
        return Transition.NONE
    if reported not in table[current] or (is_late and current in table[reported]):
        return Transition.BACKWARD
    return Transition.FORWARD
