"""Money and numbers, formatted for Brazil, and long texts."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from flowzz.core.formatting import (
    MAX_SHOWN,
    MAX_TEXT,
    format_ago,
    format_count,
    format_json,
    format_number,
    format_reais,
    format_wait,
    shorten,
)
from tests.factories import NOON


def test_numbers_have_a_thousands_point_and_a_decimal_comma() -> None:
    assert (format_number(12345), format_number(2.5)) == ("12.345", "2,5")
    assert format_count(1234, "evento", "eventos") == "1.234 eventos"
    assert format_reais(Decimal("1234.56")) == "R$\N{NO-BREAK SPACE}1.234,56"


@pytest.mark.parametrize(
    ("seconds", "text"), [(59, "há menos de um minuto"), (60, "há 1 minuto"), (7_200, "há 2 horas")]
)
def test_times_ago_have_no_zero(seconds: int, text: str) -> None:
    shown = format_ago(NOON - timedelta(seconds=seconds), NOON)
    assert shown.replace("\N{NO-BREAK SPACE}", " ") == text


def test_long_texts_are_cut_with_the_number_of_characters_left_out() -> None:
    assert shorten("a" * MAX_TEXT) == "a" * MAX_TEXT
    assert shorten("abcde", 2) == "ab… (mais 3 caracteres)"


def nested(wrap: Callable[[Any], Any]) -> Any:
    value = None
    for _ in range(900):
        value = wrap(value)
    return value


@pytest.mark.parametrize(
    "value",
    [
        {"a": "x" * 200_000},
        {"x" * 200_000: 1},
        {f"a{number}": number for number in range(20_000)},
        [1] * 100_000,
        nested(lambda inner: [inner, *[1] * 200]),
        nested(lambda inner: {"k" * 500: inner, "x": 1}),
        ["\u202e" * 200_000],
    ],
    ids=["long text", "long key", "many keys", "wide", "deep and wide", "deep keys", "escapes"],
)
def test_shown_json_has_a_maximum_size(value: Any) -> None:
    assert len(format_json(value)) < MAX_SHOWN + 7 * MAX_TEXT


def test_what_is_not_shown_is_said() -> None:
    assert format_json([1] * 100_000).endswith("\n… (o resto não é mostrado)")
    assert "[…]" in format_json(nested(lambda inner: [inner]))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "1 segundo"),
        (0.2, "1 segundo"),
        (119.5, "120 segundos"),
        (121, "3 minutos"),
        (7_200, "120 minutos"),
        (7_201, "3 horas"),
    ],
)
def test_wait_is_written_in_whole_units(seconds: float, text: str) -> None:
    assert format_wait(seconds) == text
