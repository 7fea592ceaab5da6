"""Both decoders of JSON agree, and stored values are not rounded."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.providers.coinzz.decoding import decode_json, json_safe
from tests.generated import JSON

NOT_STRICT = "\ufeff"
"""A BOM, which makes a body tolerable JSON and no strict one."""


@given(JSON, st.booleans())
def test_strict_and_tolerant_decoders_return_the_same(value: Any, is_ascii: bool) -> None:
    text = json.dumps(value, ensure_ascii=is_ascii)
    body = text.encode(errors="surrogatepass" if is_ascii else "replace")
    assert decode_json(body) == decode_json(NOT_STRICT.encode() + body)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.10", Decimal("0.10")),
        ("12345678901234567890.123456789", Decimal("12345678901234567890.123456789")),
        ("1E5", Decimal("1E+5")),
        ("-0", 0),
        ("12345678901234567890123", 12345678901234567890123),
        ("1e99999999999999999999", "1e99999999999999999999"),
        ("1" * 4301, "1" * 4301),
        ('{"a": 1, "a": 2}', {"a": 2}),
        ('"\\ud800"', "\ud800"),
        ('"a\tb"', "a\tb"),
    ],
)
def test_value_is_decoded_exactly(text: str, value: Any) -> None:
    for body in (text, NOT_STRICT + text):
        decoded = decode_json(body.encode())
        assert (decoded, type(decoded)) == (value, type(value))


def test_json_safe_keeps_structure_and_exact_numbers() -> None:
    assert json_safe({"a\x00": [1, True, None, Decimal("1.50"), {"b": " c\ud800"}]}) == {
        "a": [1, True, None, "1.50", {"b": "c\N{REPLACEMENT CHARACTER}"}]
    }


@pytest.mark.parametrize(
    ("number", "stored"),
    [(10**15 - 1, 10**15 - 1), (10**15, "1" + "0" * 15), (-(10**15), "-1" + "0" * 15)],
)
def test_integer_that_json_readers_round_is_stored_as_a_text(number: int, stored: Any) -> None:
    assert json_safe([number]) == [stored]


@pytest.mark.parametrize(
    ("number", "stored"),
    [("45.297", "45.2970"), ("-1.234", "-1.2340"), ("45.29", "45.29"), ("45.2975", "45.2975")],
)
def test_number_of_three_decimals_is_stored_as_no_text_of_thousands(
    number: str, stored: str
) -> None:
    assert json_safe({"total": Decimal(number)}) == {"total": stored}
