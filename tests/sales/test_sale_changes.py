"""The rules for the changes of one sale; test_recording.py tests them with stored sales."""

from dataclasses import fields, replace
from decimal import Decimal
from typing import Any

import pytest

from sales.facts import SaleFacts, ValueWarning
from sales.models import Sale
from sales.money import PaymentCode, unit_price
from sales.sale_changes import (
    UPDATED_FIELDS,
    FieldChange,
    StatusColumns,
    StatusMoves,
    classify_statuses,
    new_sale,
    set_fields,
    set_warnings,
)
from sales.statuses import OPEN_REFUND, SHIPPING_TRANSITIONS, SaleStatus, SaleStatusField
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


def named(field: str, values: dict[str, Any]) -> dict[str, Any]:
    """Return values by the columns of one status: `word` becomes `shipping_status_word`."""
    names = {"status": field, "word": f"{field}_word", "is_refund_open": "is_refund_open"}
    own = {name for name in values if name != "is_refund_open" or field == "status"}
    return {names.get(name, f"{name}_{field}"): values[name] for name in own}


@pytest.mark.parametrize("field", SaleStatusField.values)
def test_columns_of_a_status_are_fields_of_a_sale(field: str) -> None:
    columns = StatusColumns(SaleStatusField(field), SHIPPING_TRANSITIONS)
    assert columns.transitions is SHIPPING_TRANSITIONS
    parts = ("status", "unknown", "word", "refused", "overridden")
    by_part = {part: getattr(columns, part) for part in parts}
    assert by_part == {part: name for part in parts for name in named(field, {part: ""})}
    assert columns.names == tuple(by_part.values())
    assert set(columns.names) <= {column.name for column in Sale._meta.fields}


def case(name: str, stored: object, reported: object, when: str = "", **expected: Any) -> Any:
    return pytest.param(stored, reported, when, expected, id=name)


SENT = {"status": "SHIPPED", "word": "enviado"}
RECEIVED = {"status": "DELIVERED", "word": "entregue"}
FLYING = {"status": "PENDING", "word": "em voo", "unknown": "em voo"}
LOST = FLYING | {"status": "SHIPPED"}
BY_HAND = {"status": "DELIVERED", "word": "enviado", "overridden": "SHIPPED"}
FORWARD, BACKWARD = ("SHIPPED", "DELIVERED"), ("DELIVERED", "SHIPPED")
ADOPTED = {"unknown": "", "word": "entregue", "refused": "", "overridden": ""}
MOVED = ADOPTED | {"is_refund_open": False}
WORD_SENT, WAS_SENT = MOVED | {"word": "enviado"}, MOVED | {"refused": "SHIPPED"}
NO_WORD, REFUSED = {"word": ""}, {"refused": "PENDING"}
NOTHING: dict[str, Any] = {}


@pytest.mark.parametrize("field", SaleStatusField.values)
@pytest.mark.parametrize(
    ("stored", "reported", "when", "expected"),
    [
        case("forward", SENT | REFUSED, RECEIVED, move=FORWARD, columns=MOVED),
        case("backward", RECEIVED, SENT, kept=True, refused=True, columns={"refused": "SHIPPED"}),
        case("backward by a sync", RECEIVED, SENT, "override", move=BACKWARD, columns=WORD_SENT),
        case("other word", RECEIVED | {"word": "recebido"}, RECEIVED, columns=MOVED),
        case("same word", RECEIVED, RECEIVED, kept=True, columns=MOVED),
        case("no word", SENT, RECEIVED | NO_WORD, move=FORWARD, columns=WORD_SENT),
        case("no words", SENT | NO_WORD, {"status": "SHIPPED"}, columns=MOVED | NO_WORD),
        case("missing", SENT, NOTHING, kept=True),
        case("unknown", SENT, FLYING, columns=ADOPTED | {"word": "em voo", "unknown": "em voo"}),
        case("late, missing", SENT, NOTHING, "late", kept=True),
        case("late, unknown", SENT, FLYING, "late", kept=True),
        case("late, backward", RECEIVED, SENT, "late", kept=True),
        case("late, reversed since", SENT, {"status": "CANCELLED"}, "late", kept=True),
        case("late, other word", RECEIVED, RECEIVED | {"word": "recebido"}, "late", kept=True),
        case("late, first word", RECEIVED | NO_WORD, RECEIVED, "late", late=True, columns=MOVED),
        case("late, forward", SENT, RECEIVED, "late", move=FORWARD, late=True, columns=WAS_SENT),
        case(
            *("late, forward, one refused before", SENT | REFUSED, RECEIVED, "late"),
            move=FORWARD,
            late=True,
            columns=MOVED | REFUSED,
        ),
        case(
            *("late, forward from a status without a word", SENT | NO_WORD, RECEIVED, "late"),
            move=FORWARD,
            late=True,
            columns=MOVED,
        ),
        case(
            *("late, forward, same word", SENT | {"word": "entregue"}, RECEIVED, "late"),
            move=FORWARD,
            kept=True,
            columns=WAS_SENT,
        ),
        case(
            *("late, forward from an unknown word", LOST, RECEIVED, "late"),
            move=FORWARD,
            kept=True,
            columns={"is_refund_open": False},
        ),
        case("by hand, same word", BY_HAND, SENT, kept=True),
        case("by hand, other word", BY_HAND, RECEIVED, columns=MOVED),
        case(
            *("by hand, other word of the same status", BY_HAND, SENT | {"word": "a caminho"}),
            move=BACKWARD,
            columns=MOVED | {"word": "a caminho"},
        ),
        case("by hand, late, other word", BY_HAND, RECEIVED, "late", kept=True),
        case("by hand, no word", BY_HAND, {"status": "SHIPPED"}, kept=True),
        case("by hand, no word, other status", BY_HAND, {"status": "DELIVERED"}, columns=WORD_SENT),
        case("by hand, late, no word", BY_HAND, {"status": "DELIVERED"}, "late", kept=True),
    ],
)
def test_reported_status(
    field: str, stored: dict[str, str], reported: dict[str, str], when: str, expected: Any
) -> None:
    sale = Sale(**named(field, stored))
    facts = facts_with(word_fields={field: "sent"}, **named(field, reported))

    moves = classify_statuses(sale, facts, is_late=when == "late", is_override=when == "override")

    own_words = ["sent"] if "kept" in expected else []
    assert moves == StatusMoves(
        allowed=[FieldChange(field, *expected["move"])] if "move" in expected else [],
        has_refused="refused" in expected,
        columns=named(field, expected.get("columns", {})),
        kept_words=[*own_words, ""] if field == "status" else ["", *own_words],
        late_words=["sent"] if "late" in expected else [],
    )


def test_both_statuses_of_a_report_are_classified() -> None:
    both = SaleStatusField.values
    stored, reported, columns = (
        {name: value for field in both for name, value in named(field, values).items()}
        for values in (SENT, RECEIVED, WAS_SENT)
    )

    sale, facts = Sale(**stored), facts_with(**reported)
    moves = classify_statuses(sale, facts, is_late=True, is_override=False)

    allowed = [FieldChange(field, *FORWARD) for field in both]
    assert moves == StatusMoves(allowed=allowed, columns=columns, late_words=["", ""])


def refund(status: str) -> dict[str, Any]:
    is_open = status == OPEN_REFUND
    return {"status": "REFUNDED" if is_open else status, "is_refund_open": is_open}


@pytest.mark.parametrize(
    ("stored", "reported", "is_late", "after", "has_refused", "is_open"),
    [
        (OPEN_REFUND, "PAID", False, "PAID", False, False),
        ("REFUNDED", "PAID", False, "", True, None),
        ("PAID", OPEN_REFUND, False, "REFUNDED", False, True),
        ("PAID", "REFUNDED", False, "REFUNDED", False, False),
        (OPEN_REFUND, "REFUNDED", False, "", False, False),
        ("REFUNDED", OPEN_REFUND, False, "", False, True),
        ("REFUNDED", OPEN_REFUND, True, "", False, None),
        (OPEN_REFUND, "REFUNDED", True, "", False, None),
    ],
)
def test_only_an_open_refund_can_be_reversed(
    stored: str, reported: str, is_late: bool, after: str, has_refused: bool, is_open: object
) -> None:
    facts = facts_with(**refund(reported))
    moves = classify_statuses(Sale(**refund(stored)), facts, is_late=is_late, is_override=False)
    assert [change.after for change in moves.allowed] == ([after] if after else [])
    assert (moves.has_refused, moves.columns.get("is_refund_open")) == (has_refused, is_open)


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


def test_first_warning_of_a_sale_is_stored() -> None:
    sale = Sale(value_warnings=[])
    assert set_warnings(sale, facts_with(warnings=(QUANTITY, NAME)))
    assert sale.value_warnings == [QUANTITY.cause, NAME.cause]


def test_sale_without_warnings_is_not_changed() -> None:
    assert not set_warnings(Sale(value_warnings=[]), facts_with())


def test_repeated_warning_without_a_field_is_listed_once() -> None:
    warning = ValueWarning("", "too_many_fields", "…")
    sale = Sale(value_warnings=[warning.cause])
    assert not set_warnings(sale, facts_with(warnings=(warning,)))
    assert sale.value_warnings == ["too_many_fields"]


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
    expected["shipping_status"] = "PENDING"
    assert {name: getattr(sale, name) for name in expected} == expected
    assert (sale.status, sale.unit_price, sale.source) == ("PENDING", Decimal("3.33"), "coinzz")
    assert sale.value_warnings == [QUANTITY.cause]
    assert sale.metadata == {"order_status": "Aprovado", "gift": 1}


def test_new_sale_has_the_words_of_both_statuses() -> None:
    sale = new_sale(replace(REPORTED, shipping_status_word="postado"))
    assert (sale.status_word, sale.shipping_status_word) == ("aprovado", "postado")
    assert sale.metadata == REPORTED.metadata


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


@pytest.mark.parametrize(
    ("reported", "merged"),
    [
        ({"word": "Entregue", "gift": 1, "new": 3}, {"word": "Entregue", "gift": 2, "new": 3}),
        ({"gift": 1}, {"word": "Enviado", "gift": 2}),
    ],
)
def test_late_word_of_a_status_replaces_the_stored_one(
    reported: dict[str, Any], merged: dict[str, Any]
) -> None:
    sale = Sale(**named("status", SENT), metadata={"word": "Enviado", "gift": 2})
    words = {"status": "word"}
    facts = facts_with(**named("status", RECEIVED), metadata=reported, word_fields=words)
    moves = classify_statuses(sale, facts, is_late=True, is_override=False)

    set_fields(sale, facts, moves, only_empty=True)

    assert (sale.status_word, sale.metadata) == ("entregue", merged)


@pytest.mark.parametrize("warnings", [(), (NAME,), (NAME, QUANTITY)])
def test_report_without_the_field_or_with_the_same_warning_changes_nothing(
    warnings: tuple[ValueWarning, ...],
) -> None:
    sale = sale_with_warnings()

    assert not set_warnings(sale, facts_with(warnings=warnings))

    assert sorted(sale.value_warnings) == sorted([QUANTITY.cause, NAME.cause])
    assert sale.metadata == sale_with_warnings().metadata
