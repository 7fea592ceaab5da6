"""The states of a sale, and which way they may move. Pure: no models, no vendor word."""

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

    STATUS = "status", "Situação"
    SHIPPING = "shipping_status", "Entrega"


STATUS_MOVES: dict[str, frozenset[str]] = {
    SaleStatus.PENDING: frozenset(SaleStatus) - {SaleStatus.PENDING},
    SaleStatus.PAID: frozenset(
        {SaleStatus.SHIPPED, SaleStatus.DELIVERED, SaleStatus.CANCELLED, SaleStatus.REFUNDED}
    ),
    SaleStatus.SHIPPED: frozenset(
        {SaleStatus.DELIVERED, SaleStatus.CANCELLED, SaleStatus.REFUNDED}
    ),
    SaleStatus.DELIVERED: frozenset({SaleStatus.CANCELLED, SaleStatus.REFUNDED}),
    SaleStatus.CANCELLED: frozenset({SaleStatus.PAID, SaleStatus.REFUNDED}),
    SaleStatus.REFUNDED: frozenset(),
}
"""From each status, those an event may move a sale to (the product's transition table)."""

SHIPPING_MOVES: dict[str, frozenset[str]] = {
    ShippingStatus.PENDING: frozenset(ShippingStatus) - {ShippingStatus.PENDING},
    ShippingStatus.SHIPPED: frozenset(
        {
            ShippingStatus.DELIVERED,
            ShippingStatus.FAILED,
            ShippingStatus.RETURNED,
            ShippingStatus.CANCELLED,
        }
    ),
    ShippingStatus.FAILED: frozenset(
        {
            ShippingStatus.SHIPPED,
            ShippingStatus.DELIVERED,
            ShippingStatus.RETURNED,
            ShippingStatus.CANCELLED,
        }
    ),
    ShippingStatus.CANCELLED: frozenset(
        {ShippingStatus.SHIPPED, ShippingStatus.DELIVERED, ShippingStatus.RETURNED}
    ),
    ShippingStatus.DELIVERED: frozenset({ShippingStatus.RETURNED}),
    ShippingStatus.RETURNED: frozenset(),
}
"""The same for the second axis: a parcel that failed or was suspended can be sent again."""


class Move(TextChoices):
    """What an observed state means for a sale that already has one."""

    NONE = "none"
    FORWARD = "forward"
    BACKWARD = "backward"


def decide(
    moves: dict[str, frozenset[str]], current: str, observed: str, *, late: bool = False
) -> Move:
    """Say whether `observed` moves a sale on from `current`.

    `late` marks an observation older than the newest one applied: it only counts where the
    order of arrival would have led to it as well, that is where the way back is closed.
    """
    if observed == current:
        return Move.NONE
    if observed not in moves[current] or (late and current in moves[observed]):
        return Move.BACKWARD
    return Move.FORWARD
