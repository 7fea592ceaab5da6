"""Find the sale of an order by its number or its hash. Pure.

Some reports have only one of an order's two ids. Two sales with one id each may be one order: those
that agree in product, price and time are its `counterparts`.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime
from decimal import Decimal
from typing import TypeAlias

from sales.facts import SaleFacts
from sales.models import Sale

_OrderKey: TypeAlias = tuple[str, Decimal, datetime]


class SaleIndex:
    """The sales of a batch by number, by hash and, of those with one id, by what identifies them.

    `links_hashes` says whether the batch has orders that report only a hash.
    """

    def __init__(self, sales: Iterable[Sale], *, links_hashes: bool = False) -> None:
        self._by_id: dict[str, Sale] = {}
        self._by_hash: dict[str, Sale] = {}
        self._links_hashes = links_hashes
        self._without_hash: defaultdict[_OrderKey, list[Sale]] = defaultdict(list)
        self._without_number: defaultdict[_OrderKey, list[Sale]] = defaultdict(list)
        for sale in sales:
            self.add(sale)

    def add(self, sale: Sale) -> None:
        """Add a sale, or what a report has changed of one."""
        self._by_id[sale.external_id] = sale
        if not sale.order_hash:
            if self._links_hashes:
                _add_once(self._without_hash[_sale_key(sale)], sale)
            return
        self._by_hash[sale.order_hash] = sale
        if sale.has_only_hash:
            _add_once(self._without_number[_sale_key(sale)], sale)

    def remove(self, sale: Sale) -> None:
        for sales, id_ in ((self._by_id, sale.external_id), (self._by_hash, sale.order_hash)):
            if sales.get(id_) is sale:
                del sales[id_]
        for linkable in (self._without_hash, self._without_number):
            if sale in (same := linkable.get(_sale_key(sale), [])):
                same.remove(sale)

    def all(self) -> Collection[Sale]:
        return self._by_id.values()

    def get(self, order_id: str) -> Sale | None:
        return self._by_id.get(order_id) or self._by_hash.get(order_id)

    def find(self, facts: SaleFacts) -> tuple[Sale | None, Sale | None]:
        """Return the sale with the reported number, and the one with the reported hash."""
        if not facts.order_hash:  # a file may have the hash in place of the number
            return self.get(facts.external_id), None
        by_hash = self.get(facts.order_hash)
        return None if facts.has_only_hash else self._by_id.get(facts.external_id), by_hash

    def counterparts(self, facts: SaleFacts) -> list[Sale]:
        """Return the sales that lack the reported id, and have its product, price and time."""
        if facts.order_hash and not facts.has_only_hash:
            return []
        sales = self._without_hash if facts.has_only_hash else self._without_number
        if not sales or not facts.product_name or not facts.sale_date or facts.total_price is None:
            return []
        key = (facts.product_name.casefold(), facts.total_price, facts.sale_date)
        return [
            sale
            for sale in sales.get(key, ())
            if _sale_key(sale) == key
            and (sale.has_only_hash if not facts.order_hash else not sale.order_hash)
        ]


def _add_once(sales: list[Sale], sale: Sale) -> None:
    if sale not in sales:
        sales.append(sale)


def _sale_key(sale: Sale) -> _OrderKey:
    return sale.product_name.casefold(), sale.total_price, sale.sale_date
