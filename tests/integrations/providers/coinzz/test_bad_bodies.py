"""Invalid bodies: each raises PayloadInvalid with a reason, and nothing else."""

import gzip
import json
import zlib
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.providers.coinzz.decoding import MAX_DEPTH
from integrations.providers.coinzz.payloads import parse_webhook
from integrations.providers.contracts import Order
from integrations.providers.errors import PayloadInvalid
from sales.facts import ValueWarning
from tests.integrations.providers.coinzz.samples import (
    body_of,
    order_from,
    order_item,
    recorded,
    rejection,
    sale_of,
)

GOOD = recorded("order_cod_created")
NOT_JSON = "O corpo não é um JSON válido"


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = {"a": value}
    return value


@pytest.mark.parametrize(
    ("body", "reason", "message"),
    [
        (b"", "empty_body", "O corpo veio vazio."),
        (b" \r\n\t", "empty_body", "O corpo veio vazio."),
        (b"\xef\xbb\xbf", "empty_body", "O corpo veio vazio."),
        (b"{'a'", "invalid_json", f"{NOT_JSON} (linha 1, coluna 2)."),
        (b'{"a": 1,\n}', "invalid_json", f"{NOT_JSON} (linha 2, coluna 1)."),
        (b"{} {}", "invalid_json", f"{NOT_JSON} (linha 1, coluna 4)."),
        (b'{"order": \x00}', "invalid_json", f"{NOT_JSON} (linha 1, coluna 11)."),
        (
            b'{"order": NaN}',
            "invalid_json",
            f"{NOT_JSON}: contém NaN ou Infinity, que não são números.",
        ),
        (
            b"order%5Border_number%5D=ord1&x=1",
            "form_body",
            "O corpo é um formulário; o webhook deve ser enviado como JSON.",
        ),
        (
            b'--x\r\nContent-Disposition: form-data; name="order"\r\n\r\n1\r\n--x--',
            "form_body",
            "O corpo é um formulário; o webhook deve ser enviado como JSON.",
        ),
        (b"\x00{\x00}\x00", "invalid_json", f"{NOT_JSON} (linha 1, coluna 1)."),
        (b"\xff{}", "invalid_json", f"{NOT_JSON} (linha 1, coluna 1)."),
        (gzip.compress(GOOD), "compressed_body", "O corpo veio comprimido; envie sem compressão."),
        (zlib.compress(GOOD), "compressed_body", "O corpo veio comprimido; envie sem compressão."),
        (b"[]", "not_an_object", "O JSON não é um objeto com campos: { … }."),
        (
            b'[{"order": {}}, {"order": {}}]',
            "not_an_object",
            "O JSON é uma lista de 2 itens; o webhook deve trazer um só pedido.",
        ),
        (b'"order"', "not_an_object", "O JSON não é um objeto com campos: { … }."),
        (b"7", "not_an_object", "O JSON não é um objeto com campos: { … }."),
        (b"null", "not_an_object", "O JSON não é um objeto com campos: { … }."),
        (
            b"{}",
            "unknown_kind",
            "O corpo não é de pedido, de assinatura nem de afiliação: "
            "não tem `order`, `subscription` nem `affiliate_request`.",
        ),
        (b'{"order": 7}', "invalid_section", "order: esperado um objeto com campos."),
        (b'{"order": [1]}', "invalid_section", "order: esperado um objeto com campos."),
        (
            b'{"subscription": "ativa"}',
            "invalid_section",
            "subscription: esperado um objeto com campos.",
        ),
        (
            b'{"order": null}',
            "missing_identity",
            "order.order_number: campo obrigatório, veio vazio.",
        ),
        (
            b'{"subscription": {"status": "ativa"}}',
            "missing_identity",
            "subscription.subscription_hash: campo obrigatório, veio vazio.",
        ),
    ],
)
def test_body_that_is_no_event_is_rejected_with_a_reason(
    body: bytes, reason: str, message: str
) -> None:
    assert rejection(body) == (reason, message)


@pytest.mark.parametrize(
    ("encoding", "content_type"),
    [
        ("iso-8859-1", "application/json; charset=ISO-8859-1"),
        ("cp1252", 'application/json;charset="windows-1252"'),
        ("iso-8859-15", "application/json; charset=latin9"),
        ("utf-8", "application/json; charset=ISO-8859-1"),
        ("utf-8", "application/json; charset=unknown"),
        ("utf-8", "application/json; charset=base64"),
        ("utf-8-sig", ""),
        ("utf-16", ""),
        ("utf-16-le", "application/json; charset=utf-16"),
        ("utf-16-be", ""),
        ("utf-32", ""),
    ],
)
def test_body_is_read_in_its_encoding(encoding: str, content_type: str) -> None:
    item = {**order_item(product_name="Poção à moda"), "client": {"client_name": "João"}}
    body = json.dumps(item, ensure_ascii=False).encode(encoding)
    assert parse_webhook(body, content_type=content_type) == parse_webhook(body_of(item))


@pytest.mark.parametrize("content_type", ["", "application/json; charset=unknown"])
def test_body_in_an_undeclared_encoding_is_read_with_a_warning(content_type: str) -> None:
    item = order_item(product_name="Poção")
    body = json.dumps(item, ensure_ascii=False).encode("iso-8859-1")
    order = parse_webhook(body, content_type=content_type).payload
    assert order.warnings == (
        ValueWarning("", "invalid_utf8", "O corpo não está em UTF-8 (byte 89)."),
    )
    assert replace(order, warnings=()) == order_from(body_of(item))


def test_body_with_a_broken_character_keeps_the_others() -> None:
    body = json.dumps(order_item(product_name="Poção#"), ensure_ascii=False).encode()
    sale = order_from(body.replace(b"#", b"\xc3")).sale
    assert sale is not None
    assert sale.product_name == "Poção\N{REPLACEMENT CHARACTER}"


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", " GZIP ", "identity, gzip"])
def test_compressed_body_is_rejected_by_its_header(encoding: str) -> None:
    assert rejection(GOOD, content_encoding=encoding)[0] == "compressed_body"


@pytest.mark.parametrize("encoding", ["identity", "UTF-8", "utf8", "none", "8bit"])
def test_bom_and_a_header_that_names_no_compression_are_accepted(encoding: str) -> None:
    expected = parse_webhook(GOOD)
    assert parse_webhook(b"\xef\xbb\xbf" + GOOD, content_encoding=encoding) == expected


@pytest.mark.parametrize(
    "wrapped",
    [[order_item()], json.dumps(order_item()), json.dumps([order_item()])],
    ids=["list", "text", "list in a text"],
)
def test_order_in_a_list_of_one_or_in_a_text_is_read(wrapped: Any) -> None:
    assert order_from(body_of(wrapped)) == order_from(body_of(order_item()))


def test_several_boms_and_null_bytes_around_a_body_are_ignored() -> None:
    body = body_of(order_item())
    assert order_from(b"\xef\xbb\xbf" * 2 + body + b"\0\0") == order_from(body)


@pytest.mark.parametrize("levels", [MAX_DEPTH, 1000, 100_000])
def test_nesting_deeper_than_the_limit_is_rejected(levels: int) -> None:
    body = b'{"order": {}, "x": ' + b'{"a":' * levels + b"1" + b"}" * levels + b"}"
    assert rejection(body) == (
        "too_deep",
        "O JSON tem mais de 64 níveis de objetos ou listas, um dentro do outro.",
    )


def test_lists_nested_a_hundred_thousand_times_are_rejected() -> None:
    assert rejection(b"[" * 100_000)[0] == "too_deep"


def test_nesting_up_to_the_limit_is_stored() -> None:
    extra = nested(MAX_DEPTH - 1)
    sale = order_from(body_of({**order_item(), "x": extra})).sale
    assert sale is not None
    assert sale.metadata == {"extra": {"x": extra}}


EMPTY: tuple[Any, ...] = (None, "", "-", "null", 0, False, [], {})
UNREADABLE: tuple[Any, ...] = (True, ["ordaaaaa"], {"id": 1}, "o" * 129)


@pytest.mark.parametrize(
    ("order_number", "reason"),
    [
        *[(empty, "missing_identity") for empty in EMPTY],
        *[(odd, "invalid_identity") for odd in UNREADABLE],
    ],
)
def test_order_without_a_readable_id_is_rejected(order_number: Any, reason: str) -> None:
    assert rejection(body_of(order_item(order_number=order_number)))[0] == reason


@pytest.mark.parametrize("order_number", [None, "-", True, ["ordaaaaa"], "o" * 129])
def test_order_with_only_a_readable_hash_is_read(order_number: Any) -> None:
    sale = sale_of(order_number=order_number, order_hash="venzzzzz")
    assert (sale.external_id, sale.order_hash) == ("venzzzzz", "venzzzzz")


def test_nul_characters_and_lone_surrogates_are_removed_from_texts() -> None:
    sale = sale_of(product_name="Creme\x00 \ud800", courier_name="Rafael\udfff")
    assert sale.product_name == "Creme \N{REPLACEMENT CHARACTER}"
    assert sale.metadata == {"courier_name": "Rafael\N{REPLACEMENT CHARACTER}"}


def test_raw_line_break_in_a_text_is_accepted() -> None:
    body = GOOD.replace(b"Rua das Amoras", b"Rua das\n\x00Amoras")
    assert order_from(body).customer.address == "Rua das Amoras"


def test_messages_never_contain_the_value() -> None:
    secret = "291.417.776-38"
    assert secret not in rejection(body_of(order_item(order_number=[secret])))[1]
    fields = ("order_final_price", "order_quantity", "date_order")
    order = order_from(body_of(order_item(**dict.fromkeys(fields, secret))))
    assert {warning.field for warning in order.warnings} == {f"order.{key}" for key in fields}
    assert secret not in "".join(warning.message for warning in order.warnings)


def test_body_of_256_kib_is_parsed() -> None:
    sale = sale_of(note="a" * 262_000)
    assert sale.metadata == {"extra": {"order": {"note": "a" * 262_000}}}


def is_rejected_or_storable(body: bytes) -> None:
    try:
        payload = parse_webhook(body).payload
    except PayloadInvalid:
        return
    if isinstance(payload, Order) and payload.sale:
        stored = json.dumps(payload.sale.metadata, ensure_ascii=False).encode()
        assert b"\\u0000" not in stored


@given(st.binary())
def test_arbitrary_bytes_are_rejected_or_storable(body: bytes) -> None:
    is_rejected_or_storable(body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
FIELDS = sorted(
    {
        key
        for section in ("client", "order", "subscription", "utms")
        for name in ("order_pix_approved_new_fields", "subscription_active")
        for key in json.loads(recorded(name)).get(section, {})
    }
)


@given(JSON)
def test_arbitrary_json_is_rejected_or_storable(value: Any) -> None:
    is_rejected_or_storable(body_of(value))


@given(
    st.dictionaries(
        st.sampled_from(["client", "order", "subscription", "utms", "general_info"]),
        st.dictionaries(st.sampled_from(FIELDS) | st.text(), JSON, max_size=6) | JSON,
    )
)
def test_coinzzs_fields_with_arbitrary_values_are_rejected_or_storable(item: Any) -> None:
    good = order_item()["order"]
    order = item.get("order")
    if isinstance(order, dict):
        item["order"] = {**good, **order}
    is_rejected_or_storable(body_of(item))
