"""Lives of orders as webhooks, and what must be true once all of them have been told."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from random import Random
from typing import Any, NamedTuple

from sandbox.orders import people
from tests import generated


class Stage(NamedTuple):
    """Coinzz's two words, and the sale's status and shipping status that they mean."""

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
# Without a way back, so that its end is one whatever the order in which many tell it.
STRAIGHT = (CASH_ON_DELIVERY[0], CASH_ON_DELIVERY[1], CASH_ON_DELIVERY[3])
LIVES = (CASH_ON_DELIVERY, PIX, PIX_PAID_LATE, CARD_REFUNDED)
BUYERS_PER_SELLER = 12
RESENT = 0.15
BROKEN = 0.01


@dataclass(frozen=True)
class Seller:
    """A connected integration; `path` is where its webhooks go."""

    user_id: str
    integration_id: str
    path: str


@dataclass(frozen=True)
class Telling:
    """One body, of a character a byte. Told again it has the same key and the same bytes."""

    key: str
    body: str


@dataclass(frozen=True)
class Sale:
    """How a sale must stand at the end."""

    seller: Seller
    number: str
    stages: tuple[Stage, ...]
    buyer: str
    marks: frozenset[str] = frozenset()
    """Fields that each of its tellers alone has told."""


@dataclass
class Plan:
    """What the clients tell, each life in its order, and the sales that come of it."""

    lives: list[tuple[Seller, list[Telling]]] = field(default_factory=list)
    sales: list[Sale] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)
    """The keys of bodies that nobody can read."""

    @property
    def tellings(self) -> int:
        return sum(len(tellings) for _, tellings in self.lives)

    def write(self) -> str:
        """The lives, as the load generator reads them."""
        return json.dumps(
            [
                {"path": seller.path, "tellings": [[t.key, t.body] for t in tellings]}
                for seller, tellings in self.lives
            ]
        )


def plan(sellers: Sequence[Seller], *, tellings: int, dice: Random) -> Plan:
    """At least so many tellings: whole lives of orders, some resent, and a few broken bodies."""
    buyers = {seller: [_buyer(dice) for _ in range(BUYERS_PER_SELLER)] for seller in sellers}
    made = Plan()
    while (missing := tellings - made.tellings) > 0:
        number = f"ord{len(made.lives):06}"
        seller = dice.choice(sellers)
        if dice.random() < BROKEN:
            made.broken.add(number)
            made.lives.append((seller, [Telling(number, f'{{"order": "{number}')]))
            continue
        stages, buyer = dice.choice(LIVES)[: max(missing, 1)], dice.choice(buyers[seller])
        told = _life(number, stages, buyer, teller="")
        if dice.random() < RESENT:
            told.append(dice.choice(told))
        made.lives.append((seller, told))
        made.sales.append(Sale(seller, number, stages, buyer["client_documment"]))
    return made


def anything(sellers: Sequence[Seller], *, tellings: int, dice: Random) -> Plan:
    """Bodies of every kind, of which nothing is known but that each is to be kept and judged."""
    made = Plan()
    for index, body in enumerate(islice(generated.bodies(dice), tellings)):
        told = [Telling(f"any{index:06}", body.decode("latin-1"))]
        made.lives.append((dice.choice(sellers), told))
    return made


def crowd(sellers: Sequence[Seller], *, orders: int, tellers: int, dice: Random) -> Plan:
    """Every order is told by so many clients at once, each with a field of its own."""
    made = Plan()
    for index in range(orders):
        number, seller, buyer = f"ord{index:06}", sellers[index % len(sellers)], _buyer(dice)
        marks = [f"mark_{teller}" for teller in range(tellers)]
        for mark in marks:
            made.lives.append((seller, _life(number, STRAIGHT, buyer, teller=mark)))
        made.sales.append(
            Sale(seller, number, STRAIGHT, buyer["client_documment"], frozenset(marks))
        )
    return made


def _life(
    number: str, stages: Sequence[Stage], buyer: dict[str, str], *, teller: str
) -> list[Telling]:
    keys = [f"{number}-{teller}-{step}" for step in range(len(stages))]
    return [
        Telling(key, json.dumps(_body(key, number, stage, buyer, teller)))
        for key, stage in zip(keys, stages, strict=True)
    ]


def _body(
    key: str, number: str, stage: Stage, buyer: dict[str, str], teller: str
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
        **({teller: key} if teller else {}),
    }


def _buyer(dice: Random) -> dict[str, str]:
    document = people.cpf(dice)
    return {
        "client_name": f"Pessoa {document[:6]}",
        "client_documment": document,
        "client_phone": f"629{dice.randrange(10**8):08}",
    }
