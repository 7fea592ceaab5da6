"""Webhooks of whole order lifecycles, and the sales that must exist once all are processed."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from itertools import islice
from random import Random
from typing import Any, NamedTuple

from sandbox.orders import people
from tests import generated


class Stage(NamedTuple):
    """Coinzz's two status words, and the sale's status and shipping status."""

    order_status: str
    shipping_status: str
    status: str
    shipping: str


CASH_ON_DELIVERY = (
    Stage("Aguardando envio", "A enviar", "PENDING", "PENDING"),
    Stage("Enviado", "Em trânsito", "SHIPPED", "SHIPPED"),
    Stage("Enviado", "Sem sucesso", "SHIPPED", "FAILED"),
    Stage("Entregue", "Recebido", "DELIVERED", "DELIVERED"),
)
PIX = (
    Stage("Pendente", "A enviar", "PENDING", "PENDING"),
    Stage("Aprovado", "A enviar", "PAID", "PENDING"),
    Stage("Aprovado", "Enviado", "PAID", "SHIPPED"),
)
PIX_PAID_LATE = (
    Stage("Pendente", "A enviar", "PENDING", "PENDING"),
    Stage("Expirado", "A enviar", "CANCELLED", "PENDING"),
    Stage("Aprovado", "A enviar", "PAID", "PENDING"),
)
CARD_REFUNDED = (
    Stage("Em análise", "A enviar", "PENDING", "PENDING"),
    Stage("Aprovado", "Enviado", "PAID", "SHIPPED"),
    Stage("Reembolsado", "Devolvido", "REFUNDED", "RETURNED"),
)
# No status is ever left backward, so that the end does not depend on the order of arrival.
FORWARD_ONLY = (CASH_ON_DELIVERY[0], CASH_ON_DELIVERY[1], CASH_ON_DELIVERY[3])
LIFECYCLES = (CASH_ON_DELIVERY, PIX, PIX_PAID_LATE, CARD_REFUNDED)
BUYERS_PER_SELLER = 12
RESEND_PROBABILITY = 0.15
BROKEN_PROBABILITY = 0.01


@dataclass(frozen=True)
class Seller:
    """A connected integration. `path` is the path of its webhook URL."""

    user_id: str
    integration_id: str
    path: str


@dataclass(frozen=True)
class Webhook:
    """A body, one character per byte. A resent webhook has the same key and the same body."""

    key: str
    body: str


@dataclass(frozen=True)
class ExpectedSale:
    """A sale as it must be at the end."""

    seller: Seller
    number: str
    stages: tuple[Stage, ...]
    buyer: str
    markers: frozenset[str] = frozenset()
    """Unknown fields, each of which only one of the order's senders sends."""


@dataclass
class LoadPlan:
    """The webhooks to send, in sequences that keep their order, and the expected sales."""

    sequences: list[tuple[Seller, list[Webhook]]] = field(default_factory=list)
    sales: list[ExpectedSale] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)
    """The keys of unreadable bodies."""

    def sent(self, keys: Collection[str]) -> "LoadPlan":
        """Return the sequences that have begun, whose first webhook has one of the keys."""
        sequences = [pair for pair in self.sequences if pair[1][0].key in keys]
        numbers = {webhooks[0].key.partition("-")[0] for _, webhooks in sequences}
        return LoadPlan(
            sequences,
            [sale for sale in self.sales if sale.number in numbers],
            self.broken & {webhooks[0].key for _, webhooks in sequences},
        )

    def to_json(self) -> str:
        """Return the sequences in the format that the load generator reads."""
        return json.dumps(
            [
                {
                    "path": seller.path,
                    "webhooks": [[webhook.key, webhook.body] for webhook in webhooks],
                }
                for seller, webhooks in self.sequences
            ]
        )


def plan_orders(sellers: Sequence[Seller], *, webhooks: int, random: Random) -> LoadPlan:
    """Plan whole order lifecycles, some with a resent webhook, and a few broken bodies."""
    buyers = {seller: [_buyer(random) for _ in range(BUYERS_PER_SELLER)] for seller in sellers}
    plan, missing = LoadPlan(), webhooks
    while missing > 0:
        number = f"ord{len(plan.sequences):06}"
        seller = random.choice(sellers)
        if random.random() < BROKEN_PROBABILITY:
            plan.broken.add(number)
            plan.sequences.append((seller, [Webhook(number, f'{{"order": "{number}')]))
            missing -= 1
            continue
        stages = random.choice(LIFECYCLES)[: max(missing, 1)]
        buyer = random.choice(buyers[seller])
        sequence = _lifecycle(number, stages, buyer, sender="")
        if random.random() < RESEND_PROBABILITY:
            sequence.append(random.choice(sequence))
        plan.sequences.append((seller, sequence))
        missing -= len(sequence)
        plan.sales.append(ExpectedSale(seller, number, stages, buyer["client_documment"]))
    return plan


def plan_generated_bodies(sellers: Sequence[Seller], *, webhooks: int, random: Random) -> LoadPlan:
    """Plan bodies of every kind, without any expected sale."""
    plan = LoadPlan()
    for index, body in enumerate(islice(generated.bodies(random), webhooks)):
        webhook = Webhook(f"any{index:06}", body.decode("latin-1"))
        plan.sequences.append((random.choice(sellers), [webhook]))
    return plan


def plan_concurrent_senders(
    sellers: Sequence[Seller], *, orders: int, senders: int, random: Random
) -> LoadPlan:
    """Plan orders that several clients send at the same time, each with a field of its own."""
    plan = LoadPlan()
    for index in range(orders):
        number, seller, buyer = f"ord{index:06}", sellers[index % len(sellers)], _buyer(random)
        markers = [f"marker_{sender}" for sender in range(senders)]
        for marker in markers:
            plan.sequences.append((seller, _lifecycle(number, FORWARD_ONLY, buyer, sender=marker)))
        document = buyer["client_documment"]
        plan.sales.append(ExpectedSale(seller, number, FORWARD_ONLY, document, frozenset(markers)))
    return plan


def _lifecycle(
    number: str, stages: Sequence[Stage], buyer: dict[str, str], *, sender: str
) -> list[Webhook]:
    keys = [f"{number}-{sender}-{step}" for step in range(len(stages))]
    return [
        Webhook(key, json.dumps(_body(key, number, stage, buyer, sender)))
        for key, stage in zip(keys, stages, strict=True)
    ]


def _body(
    key: str, number: str, stage: Stage, buyer: dict[str, str], sender: str
) -> dict[str, Any]:
    return {
        "Postack": key,
        "client": buyer,
        "order": {
            "order_number": number,
            "order_status": stage.order_status,
            "shipping_status": stage.shipping_status,
            "order_final_price": "197.00",
            "order_quantity": 3,
            "product_name": "Creme Exemplo",
            "method_payment": "Pix",
            "date_order": "2026-10-02 22:41:07",
        },
        **({sender: key} if sender else {}),
    }


def _buyer(random: Random) -> dict[str, str]:
    document = people.cpf(random)
    return {
        "client_name": f"Pessoa {document[:6]}",
        "client_documment": document,
        "client_phone": f"629{random.randrange(10**8):08}",
    }
