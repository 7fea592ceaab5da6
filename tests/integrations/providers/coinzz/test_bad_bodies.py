"""Invalid bodies: each raises PayloadInvalid with a reason, and nothing else."""

import gzip
import json
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.providers.coinzz.decoding import MAX_DEPTH
from integrations.providers.coinzz.payloads import parse_webhook
from integrations.providers.contracts import Order
from integrations.providers.errors import PayloadInvalid
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
        (b"\xff{}", "invalid_utf8", "O corpo não está em UTF-8 (byte 1)."),
        ('{"a": "ç"}'.encode("latin-1"), "invalid_utf8", "O corpo não está em UTF-8 (byte 8)."),
        ("{}".encode("utf-16"), "invalid_utf8", "O corpo não está em UTF-8 (byte 1)."),
        (gzip.compress(GOOD), "compressed_body", "O corpo veio comprimido; envie sem compressão."),
        (zlib.compress(GOOD), "compressed_body", "O corpo veio comprimido; envie sem compressão."),
        (b"[]", "not_an_object", "O JSON não é um objeto com campos: { … }."),
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


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", " GZIP "])
def test_compressed_body_is_rejected_by_its_header(encoding: str) -> None:
    assert rejection(GOOD, content_encoding=encoding)[0] == "compressed_body"


def test_bom_and_identity_encoding_are_accepted() -> None:
    expected = parse_webhook(GOOD)
    assert parse_webhook(b"\xef\xbb\xbf" + GOOD, content_encoding="identity") == expected


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


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        ({"order_number": None}, "missing_identity"),
        ({"order_number": "ord\x00"}, "invalid_identity"),
        ({"order_final_price": None}, "missing_money"),
        ({"order_final_price": "10000000000.00"}, "money_too_large"),
        ({"order_final_price": -1}, "invalid_money"),
        ({"order_quantity": -1}, "invalid_number"),
        ({"order_quantity": 1.5}, "invalid_number"),
        ({"order_quantity": 2**31}, "number_too_large"),
        ({"date_order": "2025-02-30 10:00:00"}, "invalid_date"),
        ({"deleted_at": "ontem"}, "invalid_date"),
        ({"product_name": {"pt": "Creme"}}, "not_a_text"),
    ],
)
def test_order_with_an_invalid_value_is_rejected(order: dict[str, Any], reason: str) -> None:
    assert rejection(body_of(order_item(**order)))[0] == reason


def test_an_absent_price_is_refused_by_its_coinzz_name() -> None:
    assert rejection(b'{"order": {"order_number": "ord1"}}') == (
        "missing_money",
        "order.order_final_price: campo obrigatório, veio vazio.",
    )


@pytest.mark.parametrize(
    ("field", "reason"),
    [("order_final_price", "money_too_large"), ("order_quantity", "number_too_large")],
)
def test_number_of_a_hundred_thousand_digits_is_rejected(field: str, reason: str) -> None:
    order = {"order_number": "ord1", "order_final_price": 1, field: "?"}
    body = json.dumps({"order": order}).replace('"?"', "9" * 100_000).encode()
    assert rejection(body)[0] == reason


def test_long_numbers_in_unknown_fields_keep_every_digit() -> None:
    body = json.dumps({**order_item(), "long": "?", "precise": "!"})
    digits, fraction = "9" * 5000, "0." + "3" * 5000
    body = body.replace('"?"', digits).replace('"!"', fraction)
    sale = order_from(body.encode()).sale
    assert sale is not None
    assert sale.metadata == {"extra": {"long": digits, "precise": fraction}}


def test_nul_characters_and_lone_surrogates_are_removed_from_texts() -> None:
    sale = sale_of(product_name="Creme\x00 \ud800", courier_name="Rafael\udfff")
    assert sale.product_name == "Creme \N{REPLACEMENT CHARACTER}"
    assert sale.metadata == {"courier_name": "Rafael\N{REPLACEMENT CHARACTER}"}


def test_raw_line_break_in_a_text_is_accepted() -> None:
    body = GOOD.replace(b"Rua das Amoras", b"Rua das\n\x00Amoras")
    assert order_from(body).customer.address == "Rua das Amoras"


def test_error_message_never_contains_the_value() -> None:
    secret = "291.417.776-38"
    for field in ("order_number", "order_final_price", "order_quantity", "date_order"):
        body = body_of(order_item(**{field: secret + "\x01"}))
        assert secret not in rejection(body)[1]


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
