"""The rules for the changes of one sale; test_recording.py tests them with stored sales."""

from dataclasses import fields, replace
from decimal import Decimal
from typing import Any

import pytest

from sales.facts import SaleFacts, ValueWarning
from sales.models import Sale
from sales.money import PaymentCode
from sales.sale_changes import (
    UPDATED_FIELDS,
    classify_statuses,
    new_sale,
    set_fields,
    set_warnings,
    unit_price,
)
from sales.statuses import SaleStatus, ShippingStatus
from tests.factories import NOON, SaleFactory


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


REPORTED = SaleFacts(
    external_id="ord1",
    order_hash="hash1",
    total_price=Decimal("10.00"),
    quantity=3,
    product_name="Creme",
    product_sku="CRM",
    status=SaleStatus.PAID,
    unknown_status="novo",
    unknown_shipping_status="nova",
    status_word="aprovado",
    shipping_status_word="",
    word_fields={"status": "order_status", "shipping_status": "shipping_status"},
    is_refund_open=True,
    payment_method="Pix",
    payment_code=PaymentCode.PIX,
    sale_date=NOON,
    commission=Decimal("2.50"),
    tracking_code="BR1",
    deleted_at=NOON,
    metadata={"order_status": "Aprovado", "shipping_status": "?", "gift": 1},
    warnings=(QUANTITY,),
)


def test_new_sale_has_the_reported_values() -> None:
    sale = new_sale(REPORTED, source="coinzz")

    names = {field.name for field in fields(SaleFacts)} & {f.name for f in Sale._meta.fields}
    expected = {name: getattr(REPORTED, name) for name in names - {"status", "metadata"}}
    expected["shipping_status"] = ShippingStatus.PENDING
    assert {name: getattr(sale, name) for name in expected} == expected
    assert (sale.status, sale.unit_price, sale.source) == ("PENDING", Decimal("3.33"), "coinzz")
    assert sale.value_warnings == [QUANTITY.cause]
    assert sale.metadata == {"order_status": "Aprovado", "gift": 1}


@pytest.mark.parametrize(("quantity", "stored", "unit"), [(None, 1, "10.00"), (0, 0, "10.00")])
def test_new_sale_without_quantity(quantity: int | None, stored: int, unit: str) -> None:
    sale = new_sale(replace(REPORTED, quantity=quantity))
    assert (sale.quantity, sale.unit_price) == (stored, Decimal(unit))


def report(sale: Sale, *, only_empty: bool, **changes: Any) -> dict[str, Any]:
    """Apply a report without statuses; return the names and new values of changed fields."""
    changes = {"status": None, "unknown_status": "", "unknown_shipping_status": ""} | changes
    facts = replace(REPORTED, status_word="", **changes)
    moves = classify_statuses(sale, facts, is_late=only_empty, is_override=False)
    before = {name: getattr(sale, name) for name in UPDATED_FIELDS}
    written = set_fields(sale, facts, moves, only_empty=only_empty)
    assert all(change.before == before[change.field] for change in written)
    assert all(change.after == getattr(sale, change.field) for change in written)
    return {change.field: change.after for change in written}


def stored_sale(**values: Any) -> Sale:
    sale = new_sale(REPORTED)
    for name, value in values.items():
        setattr(sale, name, value)
    return sale


def test_report_sets_what_differs_and_keeps_what_it_does_not_name() -> None:
    sale = stored_sale(total_price=Decimal("8.00"), quantity=2, product_name="Outro")
    changed = report(sale, only_empty=False, product_sku="", commission=None)
    assert changed == {"total_price": Decimal("10.00"), "quantity": 3, "product_name": "Creme"}


def test_report_without_price_and_quantity_keeps_them() -> None:
    sale = stored_sale(total_price=Decimal("8.00"), quantity=2, unit_price=Decimal("1.00"))
    changed = report(sale, only_empty=False, total_price=None, quantity=None)
    assert changed == {"unit_price": Decimal("4.00")}


@pytest.mark.parametrize(("reports", "changed"), [(True, {"deleted_at": None}), (False, {})])
def test_only_a_report_that_knows_of_deletions_ends_one(
    reports: bool, changed: dict[str, Any]
) -> None:
    sale = stored_sale()
    assert report(sale, only_empty=False, deleted_at=None, reports_deletion=reports) == changed


def test_late_report_fills_empty_fields_alone() -> None:
    sale = stored_sale(product_name="Outro", product_sku="", commission=None, deleted_at=None)
    sale.metadata = {"gift": 2}
    changed = report(sale, only_empty=True)
    assert changed == {"product_sku": "CRM", "commission": Decimal("2.50")}
    assert sale.metadata == {"gift": 2}


@pytest.mark.parametrize("warnings", [(), (NAME,), (NAME, QUANTITY)])
def test_report_without_the_field_or_with_the_same_warning_changes_nothing(
    warnings: tuple[ValueWarning, ...],
) -> None:
    sale = sale_with_warnings()

    assert not set_warnings(sale, facts_with(warnings=warnings))

    assert sorted(sale.value_warnings) == sorted([QUANTITY.cause, NAME.cause])
    assert sale.metadata == sale_with_warnings().metadata
