"""The rules of orders, clients and webhooks, as product.md says them, without a database.

A `Reference` keeps one seller's orders and clients in memory. It is simple rather than fast, and
it shares no code with the product: a rule that one of the two has wrong makes them differ.
"""

from dataclasses import dataclass, field, replace
from decimal import Decimal

ONE_WAY = {
    "PENDING": {"PAID", "SHIPPED", "DELIVERED", "CANCELLED", "REFUNDED", "DISPUTED"},
    "PAID": {"SHIPPED", "DELIVERED", "CANCELLED", "REFUNDED", "DISPUTED"},
    "SHIPPED": {"DELIVERED", "CANCELLED", "REFUNDED", "DISPUTED"},
    "DELIVERED": {"CANCELLED", "REFUNDED", "DISPUTED"},
    "CANCELLED": {"PAID", "SHIPPED", "DELIVERED", "REFUNDED", "DISPUTED"},
    "DISPUTED": {"PAID", "SHIPPED", "DELIVERED", "REFUNDED"},
    "REFUNDED": {"DISPUTED"},
}
SHIPPING_ONE_WAY = {
    "PENDING": {"SHIPPED", "DELIVERED", "FAILED", "RETURNED", "CANCELLED"},
    "SHIPPED": {"DELIVERED", "FAILED", "RETURNED", "CANCELLED"},
    "FAILED": {"PENDING", "SHIPPED", "DELIVERED", "RETURNED", "CANCELLED"},
    "CANCELLED": {"SHIPPED", "DELIVERED", "RETURNED"},
    "DELIVERED": {"RETURNED"},
    "RETURNED": set[str](),
}
WORDS = {
    "": "",
    "Aguardando pagamento": "PENDING",
    "Aprovado": "PAID",
    "Enviado": "SHIPPED",
    "Entregue": "DELIVERED",
    "Cancelado": "CANCELLED",
    "Reembolsado": "REFUNDED",
    "Chargeback": "DISPUTED",
}
SHIPPING_WORDS = {
    "": "",
    "A enviar": "PENDING",
    "Postado": "SHIPPED",
    "Recebido": "DELIVERED",
    "Sem sucesso": "FAILED",
    "Devolvido": "RETURNED",
    "Suspenso": "CANCELLED",
}
UNKNOWN = "?"


@dataclass(frozen=True)
class Person:
    name: str
    document: str = ""
    phone: str = ""


@dataclass(frozen=True)
class Report:
    """One order as a webhook or a page of a sync reports it."""

    number: str
    person: Person
    word: str
    shipping_word: str
    price: Decimal | None


@dataclass(eq=False)
class Buyer:
    name: str
    document: str
    phone: str
    is_erased: bool = False
    aliases: "list[Buyer]" = field(default_factory=list)
    """The clients that were merged into this one."""

    def is_named(self, name: str) -> bool:
        given = name.split(" ", maxsplit=1)[0]
        return any(given == row.name.split(" ")[0] for row in (self, *self.aliases) if row.name)


@dataclass
class Axis:
    """A status: as shown, as last reported, the word that reported it, and what was refused."""

    table: dict[str, set[str]]
    by_hand: str = ""
    reported: str = "PENDING"
    word: str = ""
    is_unknown: bool = False
    is_settled: bool = False
    """Set by hand while the word was unknown: a meaning that it gets later changes nothing."""
    refused: str = ""
    is_by_sync: bool = False
    """Whether a sync reported the word last: no stored body shows when it was first reported."""
    before_word: str = "PENDING"
    """The status as reported before the word; it is restored when the word's mapping is removed."""

    @property
    def shown(self) -> str:
        return self.by_hand or shown(self.reported)

    def report(self, word: str, status: str, *, is_late: bool, is_snapshot: bool) -> bool:
        """Take a reported word; return whether the axis changed."""
        if not word or (self.by_hand and is_late):
            return False
        if self.by_hand and word == self.word:
            return self._follow(status)
        before = replace(self)
        if status == UNKNOWN:
            self._take_unknown(word, is_late=is_late)
        elif status == self.reported:
            if not (is_late and self.word):
                self._take(word, status, "")
        elif is_snapshot or self._may_move(status, is_late=is_late):
            self._move(word, status, is_late=is_late)
        elif not is_late:
            self.refused = status
        return before != self

    def _follow(self, status: str) -> bool:
        """Take another meaning of the word beneath a status set by hand."""
        before, self.reported = self.reported, self.reported if status == UNKNOWN else status
        return before != self.reported

    def _take_unknown(self, word: str, *, is_late: bool) -> None:
        """The status stays as it is, whoever set it."""
        if is_late:
            return
        self.reported, self.by_hand = self.by_hand or self.reported, ""
        if word != self.word or not self.is_unknown:
            self.before_word = self.reported
        self.word, self.is_unknown, self.is_settled, self.refused = word, True, False, ""

    def _move(self, word: str, status: str, *, is_late: bool) -> None:
        if is_late and self.is_unknown:  # the unknown word is newer
            self.reported, self.before_word, self.by_hand = status, status, ""
        else:  # a late status that replaces a newer one refuses it
            is_refused = is_late and self.word
            self._take(word, status, (self.refused or self.reported) if is_refused else "")

    def _take(self, word: str, status: str, refused: str) -> None:
        if word != self.word:
            self.before_word = self.reported
        self.word, self.reported, self.refused = word, status, refused
        self.is_unknown, self.is_settled, self.by_hand = False, False, ""

    def _may_move(self, status: str, *, is_late: bool) -> bool:
        is_allowed = status in self.table[self.reported]
        return is_allowed and not (is_late and self.reported in self.table[status])

    def clear_refused(self) -> None:
        """List no refused status that the word has now."""
        if shown(self.refused) == shown(self.reported):
            self.refused = ""

    def set_by_hand(self, status: str) -> None:
        if status != self.shown:
            self.by_hand = "" if status == shown(self.reported) else status
            self.is_settled |= self.is_unknown
            self.is_unknown, self.refused = False, ""


@dataclass
class Order:
    price: Decimal
    buyer: Buyer
    observed_at: int
    status: Axis = field(default_factory=lambda: Axis(ONE_WAY))
    shipping: Axis = field(default_factory=lambda: Axis(SHIPPING_ONE_WAY))


@dataclass
class Reference:
    orders: dict[str, Order] = field(default_factory=dict)
    buyers: list[Buyer] = field(default_factory=list)
    mapped_to: dict[str, str] = field(default_factory=dict)
    """The statuses of the words that are unknown at first."""

    def apply(self, report: Report, at: int, *, is_snapshot: bool = False) -> str:
        """Apply a report of a time; return the outcome of its event."""
        order = self.orders.get(report.number)
        if order is None:
            return self._create(report, at, is_by_sync=is_snapshot)
        is_late = at < order.observed_at
        buyer = order.buyer
        is_moved = self._is_other_person(buyer, report.person)
        if not is_moved:
            self._fill(buyer, report.person)
        elif is_moved := not (is_late and buyer.document):
            order.buyer = self._match_or_create(report.person)
        changed = []
        for axis, word, words in (
            (order.status, report.word, WORDS),
            (order.shipping, report.shipping_word, SHIPPING_WORDS),
        ):
            status, overrides = self._status(word, words), is_snapshot and not is_late
            changed.append(axis.report(word, status, is_late=is_late, is_snapshot=overrides))
            axis.is_by_sync = is_snapshot if changed[-1] else axis.is_by_sync
        if report.price is not None and not is_late:
            changed.append(report.price != order.price)
            order.price = report.price
        if any(changed) or is_moved or not is_snapshot:
            order.observed_at = max(at, order.observed_at)
        return "late" if is_late else "applied"

    def _create(self, report: Report, at: int, *, is_by_sync: bool) -> str:
        if report.price is None:
            return "quarantined"
        order = Order(report.price, self._match_or_create(report.person), at)
        for axis, word, words in (
            (order.status, report.word, WORDS),
            (order.shipping, report.shipping_word, SHIPPING_WORDS),
        ):
            axis.report(word, self._status(word, words), is_late=False, is_snapshot=True)
            axis.is_by_sync = is_by_sync
        self.orders[report.number] = order
        return "created"

    def _status(self, word: str, words: dict[str, str]) -> str:
        return words.get(word) or self.mapped_to.get(word) or UNKNOWN

    def map_word(self, word: str, status: str) -> None:
        """Give the unknown word a status: the orders that carry it take the status."""
        self.mapped_to[word] = status
        for axis in self._axes_with(word):
            axis.reported, axis.is_unknown = status, False
            axis.clear_refused()

    def can_remove(self, word: str) -> bool:
        return not any(axis.is_by_sync for axis in self._axes_with(word))

    def remove_mapping(self, word: str) -> None:
        """Take the word's status away: the orders that carry it have the status before it."""
        self.mapped_to[word] = ""
        for axis in self._axes_with(word):
            if not axis.is_unknown:
                axis.reported, axis.is_settled = axis.before_word, bool(axis.by_hand)
                axis.is_unknown = not axis.by_hand
                axis.clear_refused()

    def _axes_with(self, word: str) -> "list[Axis]":
        axes = [axis for order in self.orders.values() for axis in (order.status, order.shipping)]
        return [a for a in axes if a.word == word and not a.is_settled]

    def merge(self, kept: Buyer, absorbed: Buyer) -> None:
        self.buyers.remove(absorbed)
        kept.aliases += [absorbed, *absorbed.aliases]
        kept.document = kept.document or absorbed.document
        kept.phone = kept.phone or absorbed.phone
        for order in self.orders.values():
            if order.buyer is absorbed:
                order.buyer = kept

    def erase(self, buyer: Buyer) -> None:
        for row in (buyer, *buyer.aliases):
            row.name = row.document = row.phone = ""
        buyer.is_erased = True

    def _match_or_create(self, person: Person) -> Buyer:
        if found := self._match(person):
            self._fill(found, person)
            return found
        buyer = Buyer(person.name, person.document, person.phone)
        self.buyers.append(buyer)
        return buyer

    def _match(self, person: Person) -> Buyer | None:
        if owner := self._owner(person.document):
            return owner
        sharing = [buyer for buyer in self.buyers if person.phone in _phones(buyer)]
        candidates = [
            buyer
            for buyer in sharing
            if person.phone
            and not (buyer.document and person.document)
            and buyer.is_named(person.name)
        ]
        if len(candidates) == 1 and len(sharing) <= 3:
            return candidates[0]
        return next((buyer for buyer in candidates if buyer.name == person.name), None)

    def _owner(self, document: str) -> Buyer | None:
        owners = (row for row in self.buyers if document and document in _documents(row))
        return next(owners, None)

    def _is_other_person(self, buyer: Buyer, person: Person) -> bool:
        if buyer.is_erased or not person.document:
            return False
        if owner := self._owner(person.document):
            return owner is not buyer
        return bool(buyer.document) or not buyer.is_named(person.name)

    def _fill(self, buyer: Buyer, person: Person) -> None:
        owner = self._owner(person.document)
        is_same = owner is buyer if owner else buyer.is_named(person.name)
        if buyer.is_erased or not is_same:
            return
        buyer.phone = buyer.phone or person.phone
        if not owner:
            buyer.document = buyer.document or person.document


def shown(status: str) -> str:
    """A refund that may still be reversed is shown as one."""
    return "REFUNDED" if status == "DISPUTED" else status


def _phones(buyer: Buyer) -> set[str]:
    return {row.phone for row in (buyer, *buyer.aliases)}


def _documents(buyer: Buyer) -> set[str]:
    return {row.document for row in (buyer, *buyer.aliases)}
