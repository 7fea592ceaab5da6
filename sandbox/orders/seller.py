"""A seller's orders. Seed, account and sequence number determine each of them."""

import string
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from random import Random

from sandbox.orders import catalog
from sandbox.orders.clock import DAY_SECONDS, format_time
from sandbox.orders.order import Json, Order
from sandbox.orders.people import (
    CPF_LENGTH,
    Person,
    email_for,
    full_name,
    invent_person,
    phone,
    punctuate,
)
from sandbox.orders.stages import (
    FIRST_STAGES,
    RENEWAL_FIRST_STAGES,
    STAGES,
    next_stage,
    weighted_choice,
)

HISTORY_DAYS = 90
KEY_LENGTH = 48
_LETTERS = string.ascii_lowercase
_NUMBERS = len(_LETTERS) ** 5
_STRIDE = 7_368_787
"""Coprime to 26, so that its multiples give every order number exactly once."""
_REPEAT_BUYER_PROBABILITY = 0.22


@dataclass(frozen=True, slots=True)
class Seller:
    seed: int
    account: str

    def random(self, *path: object) -> Random:
        """Return a generator that depends only on seed, account and path."""
        return Random("/".join(map(str, (self.seed, self.account, *path))))

    def api_key(self) -> str:
        characters = string.ascii_letters + string.digits
        return f"{self.account}|{''.join(self.random('key').choices(characters, k=KEY_LENGTH))}"

    def order_number(self, sequence: int) -> str:
        """Return `ord` and five letters, unique within the account."""
        rest = (sequence * _STRIDE + int(self.account)) % _NUMBERS
        letters = ""
        for _ in range(5):
            rest, letter = divmod(rest, len(_LETTERS))
            letters += _LETTERS[letter]
        return f"ord{letters}"

    def first_order_of_buyer(self, sequence: int) -> int:
        """Return the sequence number of the first order by the buyer of this order."""
        random = self.random("buyer", sequence)
        if sequence and random.random() < _REPEAT_BUYER_PROBABILITY:
            return self.first_order_of_buyer(random.randrange(sequence))
        return sequence

    def new_order(
        self, sequence: int, created_at: float, first_stages: Mapping[str, float] = FIRST_STAGES
    ) -> Order:
        """Return a new order. `created_at` is in seconds since the epoch."""
        random = self.random(sequence)
        stage = weighted_choice(random, first_stages)
        first_order = self.first_order_of_buyer(sequence)
        person = invent_person(self.random("person", first_order))
        section = catalog.order_section(random, stage, created_at)
        section["order_number"] = self.order_number(sequence)
        section["first_order"] = catalog.flag(random, first_order == sequence)
        section["second_order"] = catalog.flag(random, first_order != sequence)
        body: Json = {"client": self._client(person, random), "order": section}
        catalog.add_utms(body, random)
        order = Order(sequence=sequence, stage=stage, changed_at=created_at, body=body)
        if stage.startswith("subscription"):
            _add_subscription(order, created_at)
        order.enter_stage(stage, created_at, random)
        return order

    def renewal(self, previous: Order, sequence: int, created_at: float) -> Order:
        """Return the order of a subscription's next cycle.

        `created_at` is in seconds since the epoch.
        """
        order = deepcopy(previous)
        order.sequence = sequence
        section = order.body["order"]
        section.update(order_number=self.order_number(sequence), date_order=format_time(created_at))
        section.update(tracking_code=None, courier_name=None, delivery_time=None)
        subscription = order.subscription or {}
        subscription["cycle"] = str(int(subscription["cycle"]) + 1)
        subscription["next_charge_date"] = format_time(created_at + 30 * DAY_SECONDS)
        random = self.random(sequence)
        order.enter_stage(weighted_choice(random, RENEWAL_FIRST_STAGES), created_at, random)
        return order

    def history(self, count: int, now: float) -> Iterator[Order]:
        """Yield `count` orders of the last HISTORY_DAYS days, advanced according to their age."""
        for sequence in range(count):
            random = self.random("past", sequence)
            days_ago = (count - sequence - random.random()) / count * HISTORY_DAYS
            order = self.new_order(sequence, now - days_ago * DAY_SECONDS)
            _advance_until(order, now, random)
            yield order

    def affiliation_request(self, at: float, random: Random) -> Json:
        name = full_name(random)
        return {
            "affiliate_name": name,
            "affiliate_email": email_for(name),
            "affiliate_phone": phone(random, "62"),
            "affiliate_request": "Pendente",
            "product_name": random.choice(catalog.PRODUCTS).name,
            "date": format_time(at),
        }

    def _client(self, person: Person, random: Random) -> Json:
        street = "client_street" if int(self.account) % 2 else "client_address"
        return {
            "client_name": person.name,
            "client_phone": random.choice((person.phone, f"+55 {person.phone}")),
            "client_documment": _document_as_sent(person.document, random),
            "client_email": person.email,
            street: person.street,
            "client_zip_code": random.choice((person.cep, f"{person.cep[:5]}-{person.cep[5:]}")),
            "client_address_number": person.number,
            "client_address_district": person.district,
            "client_address_comp": person.complement,
            "client_address_city": person.city,
            "client_address_state": person.state,
            "client_address_country": "BR",
        }


def _document_as_sent(document: str, random: Random) -> str:
    as_number = document.lstrip("0") if len(document) == CPF_LENGTH else document
    return random.choice((punctuate(document), document, document, as_number))


def _add_subscription(order: Order, created_at: float) -> None:
    order.subscription = {
        "subscription_hash": f"ass{order.sequence:06d}",
        "status": "ativa",
        "frequency": "Mensal",
        "cycle": "1",
        "next_charge_date": format_time(created_at + 30 * DAY_SECONDS),
    }
    client = order.body["client"]
    client["client_address_complement"] = client.pop("client_address_comp")
    order.body.setdefault("utms", catalog.empty_utms())
    for absent in catalog.NOT_IN_SUBSCRIPTIONS:
        del order.body["order"][absent]


def _advance_until(order: Order, now: float, random: Random) -> None:
    while (stage := next_stage(order.stage, random)) is not None:
        at = order.changed_at + random.uniform(*STAGES[order.stage].days) * DAY_SECONDS
        if at > now:
            return
        order.enter_stage(stage, at, random)
