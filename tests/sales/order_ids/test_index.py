"""Sales are found by either id, and by what two reports of one order have in common."""

from dataclasses import replace
from decimal import Decimal

import pytest

from sales.facts import SaleFacts
from sales.models import Sale
from sales.order_ids.index import SaleIndex
from tests.factories import NOON, SaleFactory

NUMBER, HASH = "ordaaaaa", "venaaa0001"
REPORT = SaleFacts(
    external_id=HASH,
    order_hash=HASH,
    product_name="curso de fotografia",
    total_price=Decimal("150.99"),
    sale_date=NOON,
)


def sale(external_id: str = NUMBER, order_hash: str = "") -> Sale:
    built: Sale = SaleFactory.build(
        client=None, external_id=external_id, order_hash=order_hash, sale_date=NOON
    )
    return built


def test_either_id_finds_a_sale() -> None:
    both = sale(NUMBER, HASH)
    index = SaleIndex([both])
    assert index.get(NUMBER) is both
    assert index.get(HASH) is both
    assert index.find(REPORT) == (None, both)
    assert index.find(replace(REPORT, external_id=NUMBER)) == (both, both)
    assert index.find(replace(REPORT, external_id=NUMBER, order_hash="")) == (both, None)


def test_removed_sale_is_not_found() -> None:
    removed = sale()
    index = SaleIndex([removed], links_hashes=True)
    index.remove(removed)
    assert index.get(NUMBER) is None
    assert index.counterparts(REPORT) == []


def test_hash_that_was_stored_as_a_number_is_found() -> None:
    imported = sale(HASH)
    assert SaleIndex([imported]).find(REPORT) == (None, imported)


def test_counterpart_of_a_hash_has_no_hash_and_agrees() -> None:
    same, other = sale(), sale("ordbbbbb", "venbbb0002")
    assert SaleIndex([same, other], links_hashes=True).counterparts(REPORT) == [same]


def test_counterpart_of_a_number_has_only_a_hash() -> None:
    by_hash, by_number = sale(HASH, HASH), sale("ordbbbbb")
    report = replace(REPORT, external_id=NUMBER, order_hash="")
    assert SaleIndex([by_hash, by_number]).counterparts(report) == [by_hash]


def test_sale_that_has_received_the_other_id_is_no_counterpart() -> None:
    same = sale()
    index = SaleIndex([same], links_hashes=True)
    same.order_hash = "venbbb0002"
    assert index.counterparts(REPORT) == []


@pytest.mark.parametrize(
    "report",
    [
        replace(REPORT, product_name=""),
        replace(REPORT, sale_date=None),
        replace(REPORT, total_price=None),
    ],
)
def test_report_without_a_compared_value_has_no_counterpart(report: SaleFacts) -> None:
    assert SaleIndex([sale()], links_hashes=True).counterparts(report) == []
