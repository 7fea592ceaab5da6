"""The rules for the changes of one sale; test_recording.py tests them with stored sales."""

from dataclasses import fields, replace
from decimal import Decimal
from typing import Any

import pytest

from sales.facts import SaleFacts, ValueWarning
from sales.models import Sale
from sales.sale_changes import classify_statuses, set_fields, set_warnings, unit_price
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


def facts_from_sale(sale: Sale, **changes: Any) -> SaleFacts:
    """Return the stored sale as its source would report it, with `changes` applied."""
    names = (field.name for field in fields(SaleFacts) if hasattr(sale, field.name))
    return SaleFacts(**{name: getattr(sale, name) for name in names} | changes)


def test_report_of_the_stored_values_changes_nothing() -> None:
    sale = SaleFactory.build(user=None, client=None, metadata={"utms": {"source": "rede"}})
    facts = facts_from_sale(sale)

    moves = classify_statuses(sale, facts, is_late=False, is_override=False)

    assert (moves.allowed, moves.has_refused) == ([], False)
    assert set_fields(sale, facts, moves, only_empty=False) == []


def test_override_allows_a_refused_status() -> None:
    sale = SaleFactory.build(user=None, client=None, status=SaleStatus.REFUNDED)
    facts: SaleFacts = facts_from_sale(sale, status=SaleStatus.PAID)

    refused = classify_statuses(sale, facts, is_late=False, is_override=False)
    overridden = classify_statuses(sale, facts, is_late=False, is_override=True)

    assert (refused.allowed, refused.has_refused) == ([], True)
    assert [change.after for change in overridden.allowed] == [SaleStatus.PAID]


QUANTITY = ValueWarning("order.order_quantity", "invalid_number", "…")
NAME = ValueWarning("client.client_name", "not_a_text", "…")


def sale_with_warnings() -> Sale:
    extra = {"order": {"order_quantity": "dois", "gift": 1}, "client": {"client_name": ["Ana"]}}
    return Sale(
        value_warnings=[QUANTITY.cause, NAME.cause],
        metadata={"courier_name": "Rafael", "extra": extra},
    )


def facts_with(**values: Any) -> SaleFacts:
    return SaleFacts(external_id="ord1", **values)


def test_readable_value_ends_its_warning_and_the_storage_of_the_unreadable_one() -> None:
    sale = sale_with_warnings()

    assert set_warnings(sale, facts_with(readable_fields={QUANTITY.field}))

    assert sale.value_warnings == [NAME.cause]
    assert sale.metadata == {
        "courier_name": "Rafael",
        "extra": {"order": {"gift": 1}, "client": {"client_name": ["Ana"]}},
    }


def test_last_unreadable_value_of_a_section_is_removed_with_the_section() -> None:
    sale = sale_with_warnings()
    sale.metadata["extra"].pop("order")

    assert set_warnings(sale, facts_with(readable_fields={NAME.field, QUANTITY.field}))

    assert (sale.value_warnings, sale.metadata) == ([], {"courier_name": "Rafael"})


def test_warning_is_replaced_by_a_newer_one_of_the_same_field() -> None:
    sale = sale_with_warnings()
    newer = replace(QUANTITY, reason="number_too_large")

    assert set_warnings(sale, facts_with(warnings=(newer,)))

    assert sale.value_warnings == ["number_too_large:order.order_quantity", NAME.cause]


@pytest.mark.parametrize("warnings", [(), (NAME,), (NAME, QUANTITY)])
def test_report_without_the_field_or_with_the_same_warning_changes_nothing(
    warnings: tuple[ValueWarning, ...],
) -> None:
    sale = sale_with_warnings()

    assert not set_warnings(sale, facts_with(warnings=warnings))

    assert sorted(sale.value_warnings) == sorted([QUANTITY.cause, NAME.cause])
    assert sale.metadata == sale_with_warnings().metadata
