"""Match a report to the sale of its order, by number, by hash, or by what both agree in."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from clients.contacts import phone_identifies
from clients.identity import ClientBatch, documents_differ
from clients.models import Client
from sales.facts import SaleFacts, ValueWarning
from sales.models import Sale
from sales.order_ids.merges import are_mergeable, is_erased
from sales.recording import SaleBatch

FIELD = "order.order_hash"
"""As sources name it: a later hash that is right ends the warning."""
OTHER_ORDER = ValueWarning(
    FIELD, "hash_of_other_order", "O hash já é de outro pedido: só o número foi considerado."
)
OTHER_BUYER = ValueWarning(
    FIELD,
    "hash_of_other_buyer",
    "O número e o hash são de vendas de compradores com documentos diferentes: não foram unidas.",
)
SEPARATED = ValueWarning(
    FIELD,
    "hash_of_separated_sale",
    "O número e o hash são de duas vendas que a equipe separou: não foram unidas.",
)


@dataclass(slots=True)
class Matched:
    """The sale of a report, if it is known, and what of the report applies to it."""

    sale: Sale | None
    facts: SaleFacts
    warning: ValueWarning | None = None
    is_associated: bool = True
    """Whether a new sale counts: it does not if it may be the order of a known sale."""


@dataclass(frozen=True, slots=True)
class SaleMatcher:
    """Matches the reports of a batch, with their buyers, to its sales. It may merge sales."""

    sales: SaleBatch
    clients: ClientBatch
    has_other_source: Callable[[], bool]
    """Whether another source of the same orders reports numbers."""

    def match(self, facts: SaleFacts, buyer: Client) -> Matched:
        by_number, by_hash = self.sales.index.find(facts)
        if by_number and by_hash and by_number is not by_hash:
            return self._match_both(by_number, by_hash, facts)
        if by_hash and not facts.has_only_hash and by_hash is not by_number:
            is_known_by_hash = by_hash.external_id == facts.order_hash
            return Matched(by_hash, facts) if is_known_by_hash else _without_hash(None, facts)
        if by_number:
            has_other_hash = facts.order_hash and by_number.order_hash not in ("", facts.order_hash)
            return _without_hash(by_number, facts) if has_other_hash else Matched(by_number, facts)
        if by_hash and by_hash.is_associated:
            return Matched(by_hash, facts)
        return self._link(by_hash, facts, buyer)

    def _match_both(self, by_number: Sale, by_hash: Sale, facts: SaleFacts) -> Matched:
        """Merge the sale of the number and the one of the hash, unless they are two orders."""
        if by_hash.external_id == facts.order_hash:
            by_hash.order_hash = facts.order_hash
        if not are_mergeable(by_number, by_hash):
            return _without_hash(by_number, facts)
        if documents_differ(*map(self._buyer, (by_number, by_hash))):
            return _without_hash(by_number, facts, OTHER_BUYER)
        if self.sales.is_separated(by_number, by_hash):
            return _without_hash(by_number, facts, SEPARATED)
        return Matched(self._merge(by_number, by_hash), facts)

    def _link(self, known: Sale | None, facts: SaleFacts, buyer: Client) -> Matched:
        """Match a report with one id to the only sale with the other id that agrees in all else.

        `known` is the sale of the report that is not associated yet.
        """
        agreeing = [
            sale
            for sale in self.sales.index.counterparts(facts)
            if _is_same_buyer(self._buyer(sale), buyer)
            and not (known and self.sales.is_separated(sale, known))
        ]
        if len(agreeing) == 1:
            return Matched(self._merge(known, *agreeing) if known else agreeing[0], facts)
        is_associated = not (facts.has_only_hash and self.has_other_source())
        return Matched(known, facts, is_associated=is_associated)

    def _merge(self, first: Sale, second: Sale) -> Sale:
        erased = [sale.id for sale in (first, second) if is_erased(self._buyer(sale))]
        return self.sales.merge(first, second, erased=erased)

    def _buyer(self, sale: Sale) -> Client | None:
        return self.clients.get(sale.client_id)


def _without_hash(
    sale: Sale | None, facts: SaleFacts, warning: ValueWarning = OTHER_ORDER
) -> Matched:
    warnings = (*facts.warnings, warning)
    return Matched(sale, replace(facts, order_hash="", warnings=warnings), warning)


def _is_same_buyer(client: Client | None, buyer: Client) -> bool:
    """Return whether both agree in the document or, if one has none, in the phone."""
    if client is None or is_erased(client):
        return False
    if client.document_identifies and buyer.document_identifies:
        return client.cpf == buyer.cpf
    return bool(buyer.phone) and client.phone == buyer.phone and phone_identifies(buyer.phone)
