"""Unreadable values become warnings and change no other field."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.customer import Customer
from integrations.providers.contracts import Order
from integrations.providers.errors import PayloadInvalid
from sales.facts import ValueWarning
from tests import payloads
from tests.generated import JSON
from tests.integrations.providers.coinzz.samples import body_of, order_from, order_item

TEXT = "esperado um texto."
NUMBER = "número inválido; esperado um inteiro a partir de zero."
DATE = "data inválida; o formato esperado é aaaa-mm-dd hh:mm:ss."
MONEY = "valor inválido; o formato esperado é 1234.56."

EMPTY: tuple[Any, ...] = (False, 0, "", "-", "null", [], {})


@pytest.mark.parametrize(
    ("section", "key", "raw", "reason", "message"),
    [
        ("client", "client_name", ["Ana"], "not_a_text", TEXT),
        ("client", "client_address", {"street": "Rua A", "number": 1}, "not_a_text", TEXT),
        ("client", "client_documment", True, "not_a_text", TEXT),
        ("order", "product_name", {"pt": "Creme"}, "not_a_text", TEXT),
        ("order", "order_status", ["Aprovado"], "not_a_text", TEXT),
        ("order", "courier_name", {"id": 1}, "not_a_text", TEXT),
        ("order", "order_quantity", 1.5, "invalid_number", NUMBER),
        ("order", "order_quantity", -1, "invalid_number", NUMBER),
        ("order", "date_order", "2025-02-30 10:00:00", "invalid_date", DATE),
        ("order", "deleted_at", "ontem", "invalid_date", DATE),
        ("order", "producer_commission", "a combinar", "invalid_money", MONEY),
        ("order", "first_order", "talvez", "invalid_flag", "esperado verdadeiro ou falso."),
        ("utms", "utm_source", {"a": 1}, "not_a_text", TEXT),
    ],
)
def test_unreadable_value_is_a_warning_and_stored_as_sent(
    section: str, key: str, raw: Any, reason: str, message: str
) -> None:
    item = order_item()
    item.setdefault(section, {})[key] = raw

    order = order_from(body_of(item))

    path = f"{section}.{key}"
    warnings = (ValueWarning(path, reason, f"{path}: {message}"),)
    stored = str(raw) if isinstance(raw, float) else raw
    expected = order_from(body_of(order_item()))
    assert expected.sale is not None
    assert order == replace(
        expected,
        warnings=warnings,
        sale=replace(
            expected.sale, warnings=warnings, metadata={"extra": {section: {key: stored}}}
        ),
    )


@pytest.mark.parametrize("raw", ["utm_source=google&utm_campaign=x", ["x"], 7, True])
@pytest.mark.parametrize("section", ["client", "utms"])
def test_unreadable_section_is_a_warning_and_stored_as_sent(section: str, raw: Any) -> None:
    order = order_from(body_of({**order_item(), section: raw}))
    message = f"{section}: esperado um objeto com campos."
    assert order.warnings == (ValueWarning(section, "invalid_section", message),)
    assert order.customer == Customer()
    assert order.sale is not None
    assert order.sale.metadata == {"extra": {section: raw}}


@pytest.mark.parametrize("section", ["client", "order", "utms"])
@pytest.mark.parametrize("wrap", [lambda value: [value], json.dumps], ids=["list", "text"])
def test_section_in_a_list_of_one_or_in_a_text_is_read(
    section: str, wrap: Callable[[Any], Any]
) -> None:
    item = {**order_item(), "client": {"client_name": "Ana"}, "utms": {"utm_source": "x"}}
    assert order_from(body_of({**item, section: wrap(item[section])})) == order_from(body_of(item))


def test_unreadable_date_of_sending_loses_neither_subscription_nor_sale() -> None:
    body = payloads.subscription(sent="ontem", with_order="ordaaaaa")
    order = order_from(payloads.encode(body))
    assert [warning.field for warning in order.warnings] == ["general_info.date_sent"]
    assert order.sale is not None
    assert order.sale.external_id == "ordaaaaa"
    assert order.sale.metadata["general_info"] == {"date_sent": "ontem"}
    assert order.subscription is not None
    assert order.subscription.sent_at is None


@pytest.mark.parametrize("code", [None, "-", True, {"id": 1}])
def test_subscription_without_a_readable_hash_keeps_its_sale(code: Any) -> None:
    body = payloads.subscription(subscription_hash=code, with_order="ordaaaaa")
    order = order_from(payloads.encode(body))
    assert [warning.field for warning in order.warnings] == ["subscription.subscription_hash"]
    assert order.sale is not None
    assert order.subscription is None


@pytest.mark.parametrize("order", [7, "ordaaaaa", ["ordaaaaa"]])
def test_subscription_with_an_unreadable_order_is_recorded(order: Any) -> None:
    parsed = order_from(payloads.encode({**payloads.subscription(), "order": order}))
    assert [warning.field for warning in parsed.warnings] == ["order"]
    assert parsed.sale is None
    assert parsed.subscription is not None


@pytest.mark.parametrize(
    ("sent", "deleted_at", "is_reported"),
    [
        ({"deleted_at": "2025-10-03 10:00:00"}, datetime(2025, 10, 3, 13, tzinfo=UTC), True),
        ({"deleted_at": None}, None, True),
        ({}, None, False),
        *(
            ({"deleted_at": raw}, None, False)
            for raw in (*EMPTY, "0000-00-00 00:00:00", "ontem", True)
        ),
    ],
)
def test_only_null_reports_that_an_order_is_not_deleted(
    sent: dict[str, Any], deleted_at: datetime | None, is_reported: bool
) -> None:
    sale = order_from(body_of(order_item(**sent))).sale
    assert sale is not None
    assert (sale.deleted_at, sale.reports_deletion) == (deleted_at, is_reported)


def test_readable_fields_have_values_without_warnings() -> None:
    order = {"order_quantity": "dois", "product_name": "Creme", "courier_name": "-"}
    sale = order_from(body_of(order_item(**order))).sale
    assert sale is not None
    assert "order.product_name" in sale.readable_fields
    assert "order.order_quantity" not in sale.readable_fields
    assert "order.courier_name" not in sale.readable_fields
    assert "order.unknown" not in sale.readable_fields
    assert "unknown.field" not in sale.readable_fields


FULL = json.loads(payloads.raw("order_pix_approved_new_fields"))
FULL["utms"] = json.loads(payloads.raw("order_card_affiliate_utms"))["utms"]
PATHS = [(section, key) for section in ("client", "order", "utms") for key in FULL[section]]
INVISIBLE = st.text(st.characters(categories=["Cf"]), max_size=3)
SPACES = st.text(st.sampled_from(" \u00a0\u2003\t\n\u200b\ufeff\x00"), max_size=3)
OURS = {
    "client_documment": ("document",),
    "client_address": ("address",),
    "client_street": ("address",),
    "client_address_comp": ("complement",),
    "client_address_number": ("address_number",),
    "client_zip_code": ("cep",),
    "order_number": ("external_id",),
    "order_hash": ("order_hash", "external_id"),
    "order_status": ("status", "unknown_status", "status_word", "is_refund_open"),
    "shipping_status": ("shipping_status", "unknown_shipping_status", "shipping_status_word"),
    "order_quantity": ("quantity",),
    "order_final_price": ("total_price", "missing_price"),
    "product_code": ("product_sku",),
    "method_payment": ("payment_method", "payment_code"),
    "date_order": ("sale_date",),
    "deleted_at": ("deleted_at", "reports_deletion"),
} | dict.fromkeys(
    ("producer_commission", "affiliate_commission", "producer_email", "affiliate_email"),
    ("commission",),
)
"""Coinzz's field → our fields, where the names differ."""


def read_values(order: Order) -> dict[str, Any]:
    """Return our fields and the metadata in one level; without the unreadable values."""
    assert order.sale is not None
    own = ("metadata", "warnings", "readable_fields")
    values = {name: getattr(order.customer, name) for name in Customer.__slots__}
    values |= {n: getattr(order.sale, n) for n in type(order.sale).__slots__ if n not in own}
    metadata = {name: value for name, value in order.sale.metadata.items() if name != "extra"}
    utms = metadata.pop("utms", {})
    return values | metadata | {f"utm_{name}": value for name, value in utms.items()}


@given(st.sampled_from(PATHS), JSON)
def test_value_of_any_type_changes_no_other_field(path: tuple[str, str], value: Any) -> None:
    section, key = path
    before = read_values(order_from(body_of(FULL)))
    item = {**FULL, section: {**FULL[section], key: value}}
    try:
        after = read_values(order_from(body_of(item)))
    except PayloadInvalid:
        assert key == "order_number"
        return
    same_name = (key, key.removeprefix("client_"), key.removeprefix("client_address_"))
    own = {*same_name, *OURS.get(key, ())}
    changed = {n for n in before.keys() | after.keys() if before.get(n) != after.get(n)}
    assert changed <= own


@given(INVISIBLE, SPACES, SPACES)
def test_invisible_characters_in_all_fields_change_nothing(
    invisible: str, before: str, after: str
) -> None:
    def disguise(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: disguise(child) for key, child in value.items()}
        if not isinstance(value, str):
            return value
        return before + invisible.join(normalize("NFD", value)) + after

    assert order_from(body_of(disguise(FULL))) == order_from(body_of(FULL))
