"""A seller's orders: each follows from the seed, the account and its place in the sequence."""

import string
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from random import Random

from sandbox import catalog
from sandbox.clock import DAY, stamp
from sandbox.orders import Json, Order
from sandbox.people import CPF_LENGTH, Person, address_of, full_name, invent, phone, punctuated
from sandbox.stages import RENEWAL_STARTS, STAGES, STARTS, draw, following

HISTORY_DAYS = 90
KEY_LENGTH = 48
_LETTERS = string.ascii_lowercase
_NUMBERS = len(_LETTERS) ** 5
_STRIDE = 7_368_787
"""Shares no factor with 26, so that counting in steps of it meets every number once."""
_REPEAT_BUYERS = 0.22


@dataclass(frozen=True, slots=True)
class Seller:
    seed: int
    account: str

    def dice(self, *path: object) -> Random:
        return Random("/".join(map(str, (self.seed, self.account, *path))))

    def api_key(self) -> str:
        characters = string.ascii_letters + string.digits
        return f"{self.account}|{''.join(self.dice('key').choices(characters, k=KEY_LENGTH))}"

    def order_number(self, sequence: int) -> str:
        """Write the order's number: `ord` and five letters, once only in the account."""
        rest = (sequence * _STRIDE + int(self.account)) % _NUMBERS
        letters = ""
        for _ in range(5):
            rest, letter = divmod(rest, len(_LETTERS))
            letters += _LETTERS[letter]
        return f"ord{letters}"

    def buyer(self, sequence: int) -> int:
        """Give the sequence number of the first order of this one's buyer."""
        dice = self.dice("buyer", sequence)
        if sequence and dice.random() < _REPEAT_BUYERS:
            return self.buyer(dice.randrange(sequence))
        return sequence

    def new_order(self, sequence: int, born: float, starts: Mapping[str, float] = STARTS) -> Order:
        """Write the order as it is at `born` (seconds since the epoch)."""
        dice = self.dice(sequence)
        start = draw(dice, starts)
        buyer = self.buyer(sequence)
        person = invent(self.dice("person", buyer))
        section = catalog.order_section(dice, start, born)
        section["order_number"] = self.order_number(sequence)
        section["first_order"] = catalog.boolean(dice, buyer == sequence)
        section["second_order"] = catalog.boolean(dice, buyer != sequence)
        body: Json = {"client": self._client(person, dice), "order": section}
        catalog.add_utms(body, dice)
        order = Order(sequence=sequence, stage=start, changed=born, body=body)
        if start.startswith("subscription"):
            _subscribe(order, born)
        order.move(start, born, dice)
        return order

    def renewal(self, previous: Order, sequence: int, born: float) -> Order:
        """Write the order of a subscription's next cycle, at `born` (seconds since the epoch)."""
        order = deepcopy(previous)
        order.sequence = sequence
        section = order.body["order"]
        section.update(order_number=self.order_number(sequence), date_order=stamp(born))
        section.update(tracking_code=None, courier_name=None, delivery_time=None)
        subscription = order.subscription or {}
        subscription["cycle"] = str(int(subscription["cycle"]) + 1)
        subscription["next_charge_date"] = stamp(born + 30 * DAY)
        dice = self.dice(sequence)
        order.move(draw(dice, RENEWAL_STARTS), born, dice)
        return order

    def history(self, count: int, now: float) -> Iterator[Order]:
        """Write `count` orders of the days before `now`, each as far in its life as its age."""
        for sequence in range(count):
            dice = self.dice("past", sequence)
            ago = (count - sequence - dice.random()) / count * HISTORY_DAYS * DAY
            order = self.new_order(sequence, now - ago)
            _live_until(order, now, dice)
            yield order

    def affiliation_request(self, at: float, dice: Random) -> Json:
        name = full_name(dice)
        return {
            "affiliate_name": name,
            "affiliate_email": address_of(name),
            "affiliate_phone": phone(dice, "62"),
            "affiliate_request": "Pendente",
            "product_name": dice.choice(catalog.PRODUCTS).name,
            "date": stamp(at),
        }

    def _client(self, person: Person, dice: Random) -> Json:
        street = "client_street" if int(self.account) % 2 else "client_address"
        return {
            "client_name": person.name,
            "client_phone": dice.choice((person.phone, f"+55 {person.phone}")),
            "client_documment": _document_as_sent(person.document, dice),
            "client_email": person.email,
            street: person.street,
            "client_zip_code": dice.choice((person.cep, f"{person.cep[:5]}-{person.cep[5:]}")),
            "client_address_number": person.number,
            "client_address_district": person.district,
            "client_address_comp": person.complement,
            "client_address_city": person.city,
            "client_address_state": person.state,
            "client_address_country": "BR",
        }


def _document_as_sent(document: str, dice: Random) -> str:
    as_number = document.lstrip("0") if len(document) == CPF_LENGTH else document
    forms = (punctuated(document), document, document, as_number)
    return dice.choice(forms)


def _subscribe(order: Order, born: float) -> None:
    order.subscription = {
        "subscription_hash": f"ass{order.sequence:06d}",
        "status": "ativa",
        "frequency": "Mensal",
        "cycle": "1",
        "next_charge_date": stamp(born + 30 * DAY),
    }
    client = order.body["client"]
    client["client_address_complement"] = client.pop("client_address_comp")
    order.body.setdefault("utms", catalog.no_utms())
    for absent in catalog.NOT_IN_SUBSCRIPTIONS:
        del order.body["order"][absent]


def _live_until(order: Order, now: float, dice: Random) -> None:
    while (stage := following(order.stage, dice)) is not None:
        at = order.changed + dice.uniform(*STAGES[order.stage].days) * DAY
        if at > now:
            return
        order.move(stage, at, dice)
