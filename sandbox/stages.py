"""The lives an order can lead at Coinzz: each stage's status words and what may follow."""

from collections.abc import Mapping
from random import Random
from typing import NamedTuple


class Stage(NamedTuple):
    order_status: str
    shipping_status: str
    following: Mapping[str, float] = {}
    """The chance of each stage that may come next; what is missing to 1 stays here for good."""
    days: tuple[float, float] = (0.5, 3.0)
    """How long an order rests here before it moves on."""
    subscription_status: str = "ativa"


STAGES: Mapping[str, Stage] = {
    "cod_created": Stage(
        "Aguardando envio", "A enviar", {"cod_shipped": 0.93, "cod_cancelled": 0.07}
    ),
    "cod_shipped": Stage(
        "Aguardando envio",
        "Enviado",
        {
            "cod_delivered": 0.70,
            "cod_rescheduled": 0.15,
            "cod_frustrated": 0.13,
            "cod_inspected": 0.02,
        },
        days=(1, 5),
    ),
    "cod_rescheduled": Stage(
        "Aguardando envio", "A reagendar", {"cod_delivered": 0.65, "cod_frustrated": 0.35}
    ),
    # A word that no document lists: receivers must cope with those too.
    "cod_inspected": Stage("Em conferência", "Enviado", {"cod_delivered": 1.0}),
    "cod_delivered": Stage("Aprovado", "Recebido", {"cod_refunded": 0.04}, days=(2, 7)),
    "cod_frustrated": Stage("Frustrada", "Sem sucesso", {"cod_returned": 0.7}),
    "cod_returned": Stage("Frustrada", "Devolvido"),
    "cod_refunded": Stage("Reembolsado", "Devolvido"),
    "cod_cancelled": Stage("Cancelado", "Cancelado"),
    "pix_waiting": Stage(
        "Aguardando pagamento",
        "A enviar",
        {"pix_paid": 0.74, "pix_expired": 0.26},
        days=(0.01, 0.5),
    ),
    # In the words of the older documents the order's own status follows its parcel.
    "pix_paid": Stage("Aprovada", "A enviar", {"pix_shipped": 1.0}),
    "pix_shipped": Stage("Enviada", "Enviado", {"pix_delivered": 1.0}, days=(2, 8)),
    "pix_delivered": Stage("Entregue", "Entregue", {"pix_refunded": 0.03}, days=(2, 7)),
    "pix_refunded": Stage("Reembolsado", "Devolvido"),
    "pix_expired": Stage("Expirada", "Cancelado", {"pix_paid": 0.04}),
    "card_review": Stage(
        "Em análise", "A enviar", {"card_paid": 0.86, "card_refused": 0.14}, days=(0.01, 0.3)
    ),
    "card_paid": Stage("Aprovado", "A enviar", {"card_shipped": 0.97, "card_refunded": 0.03}),
    "card_shipped": Stage("Aprovado", "Enviado", {"card_delivered": 1.0}, days=(2, 8)),
    "card_delivered": Stage(
        "Aprovado", "Entregue", {"card_returned": 0.05, "card_chargeback": 0.02}, days=(2, 20)
    ),
    "card_refused": Stage("Recusada", "Cancelado"),
    "card_refunded": Stage("Reembolsado", "Cancelado"),
    "card_returned": Stage("Reembolsado", "Devolvido"),
    "card_chargeback": Stage("Chargeback", "Entregue"),
    "subscription_late": Stage(
        "Inadimplente",
        "A enviar",
        {"subscription_paid": 0.6, "subscription_cancelled": 0.4},
        subscription_status="pendente",
    ),
    "subscription_paid": Stage(
        "Aprovado", "A enviar", {"subscription_cancelled": 0.1}, days=(5, 29)
    ),
    "subscription_renewed": Stage("Aprovado", "A enviar"),
    "subscription_cancelled": Stage("Cancelado", "Cancelado", subscription_status="cancelada"),
}

ORDER_STARTS: Mapping[str, float] = {"cod_created": 0.62, "pix_waiting": 0.23, "card_review": 0.15}
RENEWAL_STARTS: Mapping[str, float] = {"subscription_paid": 0.8, "subscription_late": 0.2}
SUBSCRIPTION_STARTS: Mapping[str, float] = {"subscription_paid": 1.0}
STARTS: Mapping[str, float] = {**ORDER_STARTS, "subscription_paid": 0.05}

_LIKELY = 0.5

OPEN_STAGES = frozenset(
    name for name, stage in STAGES.items() if sum(stage.following.values()) > _LIKELY
)
"""Those that an order normally leaves again."""


def draw(dice: Random, chances: Mapping[str, float]) -> str:
    """Choose one of `chances` by their weight."""
    (name,) = dice.choices(tuple(chances), weights=tuple(chances.values()))
    return name


def following(stage: str, dice: Random, *, forced: bool = False) -> str | None:
    """Say where an order goes from `stage`, or None where it stays for good.

    `forced` lets it stay only where nothing can follow.
    """
    chances = STAGES[stage].following
    likelihood = sum(chances.values())
    return draw(dice, chances) if chances and (forced or dice.random() < likelihood) else None


def reluctance(stage: str) -> int:
    """Rank stages by how readily an order leaves them: 0 open, 1 settled, 2 final."""
    if stage in OPEN_STAGES:
        return 0
    return 1 if STAGES[stage].following else 2
