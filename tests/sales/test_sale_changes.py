"""The rules for the changes of one sale; test_recording.py tests them with stored sales."""

from decimal import Decimal

import pytest

from sales.facts import SaleFacts
from sales.sale_changes import classify_statuses, facts_from_sale, set_fields, unit_price
from sales.statuses import SaleStatus
from tests.factories import SaleFactory


@pytest.mark.parametrize(
    ("total", "quantity", "unit"),
    [
        ("197.00", 3, "65.67"),
        ("0.05", 2, "0.03"),
        ("100.00", 8, "12.50"),
        ("59.90", 0, "59.90"),
        ("0.00", 3, "0.00"),
    ],
)
def test_unit_price_is_rounded_half_up(total: str, quantity: int, unit: str) -> None:
    assert unit_price(Decimal(total), quantity) == Decimal(unit)


def test_report_of_the_stored_values_changes_nothing() -> None:
    sale = SaleFactory.build(user=None, client=None, metadata={"utms": {"source": "rede"}})
    facts = facts_from_sale(sale)

    moves = classify_statuses(sale, facts, is_late=False, is_override=False)

    assert (moves.allowed, moves.has_refused) == ([], False)
    assert set_fields(sale, facts, only_empty=False) == []


def test_override_allows_a_refused_status() -> None:
    sale = SaleFactory.build(user=None, client=None, status=SaleStatus.REFUNDED)
    facts: SaleFacts = facts_from_sale(sale, status=SaleStatus.PAID)

    refused = classify_statuses(sale, facts, is_late=False, is_override=False)
    overridden = classify_statuses(sale, facts, is_late=False, is_override=True)

    assert (refused.allowed, refused.has_refused) == ([], True)
    assert [change.after for change in overridden.allowed] == [SaleStatus.PAID]
