"""The stages of an order at Coinzz: their status words and the transitions between them."""

from collections.abc import Mapping
from random import Random
from typing import NamedTuple


class Stage(NamedTuple):
    order_status: str
    shipping_status: str
    transitions: Mapping[str, float] = {}
    """The probability of each next stage. The rest to 1 is the probability to stay for good."""
    days: tuple[float, float] = (0.5, 3.0)
    """The shortest and the longest stay."""
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
    # A status word that no document lists. Receivers must handle such words.
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
    # The older documents' words, in which the order's status follows its parcel.
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

ORDER_FIRST_STAGES: Mapping[str, float] = {
    "cod_created": 0.62,
    "pix_waiting": 0.23,
    "card_review": 0.15,
}
RENEWAL_FIRST_STAGES: Mapping[str, float] = {"subscription_paid": 0.8, "subscription_late": 0.2}
SUBSCRIPTION_FIRST_STAGES: Mapping[str, float] = {"subscription_paid": 1.0}
FIRST_STAGES: Mapping[str, float] = {**ORDER_FIRST_STAGES, "subscription_paid": 0.05}

_OPEN_PROBABILITY = 0.5

OPEN_STAGES = frozenset(
    name for name, stage in STAGES.items() if sum(stage.transitions.values()) > _OPEN_PROBABILITY
)
"""The stages that most orders leave again."""


def weighted_choice(random: Random, weights: Mapping[str, float]) -> str:
    (name,) = random.choices(tuple(weights), weights=tuple(weights.values()))
    return name


def next_stage(stage: str, random: Random, *, force: bool = False) -> str | None:
    """Return the stage after `stage`, or None if the order stays for good.

    With `force` it stays only in a final stage.
    """
    transitions = STAGES[stage].transitions
    probability = sum(transitions.values())
    if not transitions or not (force or random.random() < probability):
        return None
    return weighted_choice(random, transitions)


def finality(stage: str) -> int:
    """Return 0 for an open stage, 1 for one that few orders leave, and 2 for a final one."""
    if stage in OPEN_STAGES:
        return 0
    return 1 if STAGES[stage].transitions else 2
