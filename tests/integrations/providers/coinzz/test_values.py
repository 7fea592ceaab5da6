"""Single values as Coinzz, its API and files send them: what is read, and what is refused."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.cleaning import clean_text
from integrations.providers.coinzz.values import (
    MAX_COUNT,
    MAX_MONEY,
    Unreadable,
    is_empty,
    parse_count,
    parse_datetime,
    parse_flag,
    parse_identity,
    parse_money,
    parse_text,
)

EMPTY: tuple[Any, ...] = (None, "", "  ", "-", [], {}, "null", 0, False)
MESSAGES = {
    "not_a_text": "esperado um texto.",
    "invalid_flag": "esperado verdadeiro ou falso.",
    "invalid_date": "data inválida; o formato esperado é aaaa-mm-dd hh:mm:ss.",
    "invalid_money": "valor inválido; o formato esperado é 1234.56.",
    "ambiguous_money": "valor ambíguo; escreva os centavos, como em 1.234,00.",
    "negative_money": "o valor não pode ser negativo.",
    "money_too_large": "o valor não cabe (máximo 9.999.999.999,99).",
    "invalid_number": "número inválido; esperado um inteiro a partir de zero.",
    "ambiguous_number": "número ambíguo; escreva 1000 ou 1, por exemplo.",
    "number_too_large": "o número não cabe (máximo 2.147.483.647).",
}
"""What staff and sellers read, by the reason of a refusal."""


def refusal(parse: Callable[[Any], object], raw: Any) -> tuple[str, str]:
    """Return the reason and the message with which a value is refused."""
    with pytest.raises(Unreadable) as refused:
        parse(raw)
    assert str(refused.value) == refused.value.message
    return refused.value.reason, refused.value.message


@pytest.mark.parametrize("raw", EMPTY)
def test_no_value_was_sent(raw: Any) -> None:
    assert is_empty(raw)


@pytest.mark.parametrize("raw", ["a", "00", 1, True, [None], {"a": None}, Decimal("0.1")])
def test_value_was_sent(raw: Any) -> None:
    assert not is_empty(raw)


@pytest.mark.parametrize(
    ("raw", "amount"),
    [
        *(("397.00", "397.00"), ("150.99", "150.99"), ("299.9", "299.90"), (197, "197.00")),
        *((0, "0.00"), ("0.00", "0.00"), ("-0.00", "0.00"), (" 10.00 ", "10.00"), (" 0 ", "0.00")),
        *(("1.5e2", "150.00"), (Decimal("10.5"), "10.50"), ("197,00", "197.00")),
        *(("197,5", "197.50"), ("1.234,56", "1234.56"), ("1.234.567,89", "1234567.89")),
        *(("1.234,567", "1234.57"), ("1 234,56", "1234.56"), ("1\u00a0234,56", "1234.56")),
        *(("1.234.567", "1234567.00"), ("1,234.56", "1234.56"), ("1,234,567", "1234567.00")),
        *(("1234.567", "1234.57"), ("0.500", "0.50"), (Decimal("1.234"), "1.23")),
        *((Decimal("1.235"), "1.24"), (Decimal("1E+3"), "1000.00"), (Decimal(0), "0.00")),
        *(("0", "0.00"), ("R$ 1.234,56", "1234.56"), ("R$\u00a01.234,56", "1234.56")),
        *(("R$1234", "1234.00"), ("r$ 10", "10.00"), ("BRL 10.00", "10.00")),
        *(("10,00 reais", "10.00"), ("Valor: R$ 10,00", "10.00"), ("'397.00", "397.00")),
        *(("\u200b397.00\ufeff", "397.00"), ("１０，５０", "10.50"), ("１０", "10.00")),
        *(("0.005", "0.01"), ("9999999999.9949", "9999999999.99")),
        *(("0.0049999999999999999999999999999999", "0.00"), ("9999999999.99", "9999999999.99")),
        *(("9999999999.994", "9999999999.99"), ("1e-999", "0.00"), ("0." + "3" * 100_000, "0.33")),
    ],
)
def test_money_is_exact_to_the_cent(raw: Any, amount: str) -> None:
    read = parse_money(raw)
    assert str(read) == amount


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        *((raw, "invalid_money") for raw in ("grátis", "US$ 10", "10%", "2 x 10,00", "10 20,00")),
        *((raw, "invalid_money") for raw in (".", "12.34,56", "Infinity", "1e99999")),
        *((raw, "invalid_money") for raw in (True, {"total": 1}, [1])),
        *((raw, "ambiguous_money") for raw in ("1.234", "R$ 1.234", "1,234", "-1.234")),
        *((raw, "negative_money") for raw in ("-1.00", "-0.004", "-R$ 10,00", "R$ -10,00")),
        *((raw, "negative_money") for raw in ("\u2212100.10", -1, Decimal("-100.10"))),
        *((raw, "money_too_large") for raw in ("10000000000.00", "9999999999.995", "1e999")),
        ("9" * 100_000, "money_too_large"),
    ],
)
def test_invalid_money_is_rejected(raw: Any, reason: str) -> None:
    assert refusal(parse_money, raw) == (reason, MESSAGES[reason])


@pytest.mark.parametrize("raw", [None, "", " ", "-", "null", False, [], {}, "\u200b"])
def test_missing_money_is_none(raw: Any) -> None:
    assert parse_money(raw) is None


@given(st.decimals(min_value=0, max_value=MAX_MONEY, places=2))
def test_money_round_trips(amount: Decimal) -> None:
    assert parse_money(str(amount)) == amount
    assert parse_money(str(amount).replace(".", ",")) == amount


@pytest.mark.parametrize(
    ("raw", "number"),
    [
        *((None, None), ("", None), (0, 0), ("7", 7), (" 7 ", 7), ("3.0", 3), ("2,00", 2)),
        *(("1.000,00", 1000), (Decimal("2.0"), 2), (Decimal(0), 0), ("0", 0), ("\u200b2", 2)),
        *(("２", 2), (False, None), ([], None), ({}, None), ("-", None), ("null", None)),
        *(("007", 7), (" 0 ", 0)),
        *((MAX_COUNT, MAX_COUNT), (str(MAX_COUNT), MAX_COUNT), ("0" * 100_000, 0)),
    ],
)
def test_count_is_a_whole_number(raw: Any, number: int | None) -> None:
    assert parse_count(raw) == number


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (-1, "invalid_number"),
        ("1.5", "invalid_number"),
        ("1.000", "ambiguous_number"),
        (Decimal("1.5"), "invalid_number"),
        (Decimal("1E+999"), "number_too_large"),
        ("dois", "invalid_number"),
        (True, "invalid_number"),
        ([2], "invalid_number"),
        ("٣", "invalid_number"),
        ("0" * 100_000 + "x", "invalid_number"),
        (MAX_COUNT + 1, "number_too_large"),
        (Decimal("2147483647.5"), "number_too_large"),
        ("9" * 100_000, "number_too_large"),
    ],
)
def test_invalid_count_is_rejected(raw: Any, reason: str) -> None:
    assert refusal(parse_count, raw) == (reason, MESSAGES[reason])


@pytest.fixture
def server_in_tokyo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("server_in_tokyo")
@pytest.mark.parametrize(
    ("raw", "utc"),
    [
        ("2025-10-02 22:41:07", (2025, 10, 3, 1, 41, 7)),
        (" 2025-10-02 22:41:07 ", (2025, 10, 3, 1, 41, 7)),
        ("2025-10-02", (2025, 10, 2, 3, 0, 0)),
        ("2025-10-02T22:41:07", (2025, 10, 3, 1, 41, 7)),
        ("2025-10-02T22:41:07Z", (2025, 10, 2, 22, 41, 7)),
        ("2025-10-02T22:41:07.000000Z", (2025, 10, 2, 22, 41, 7)),
        ("2024-02-29 12:00:00", (2024, 2, 29, 15, 0, 0)),
        ("2018-12-25 12:00:00", (2018, 12, 25, 14, 0, 0)),
        ("2025-10-02 22:41", (2025, 10, 3, 1, 41, 0)),
        ("2025-10-02T22:41:07.123-03:00", (2025, 10, 3, 1, 41, 7, 123000)),
        ("2025-10-02 22:41:07 -0300", (2025, 10, 3, 1, 41, 7)),
        ("2025-10-02 22:41:07 UTC", (2025, 10, 2, 22, 41, 7)),
        ("2025-10-02 22:41 UTC", (2025, 10, 2, 22, 41, 0)),
        ("2025-10-02 22:41 Z", (2025, 10, 2, 22, 41, 0)),
        ("1900-01-01 12:00:00", (1900, 1, 1, 15, 6, 28)),
        ("2200-12-31 21:00:00", (2201, 1, 1, 0, 0, 0)),
        ("\u200b2025-10-02 22:41:07\ufeff", (2025, 10, 3, 1, 41, 7)),
        ("2025-10-02\u00a022:41:07", (2025, 10, 3, 1, 41, 7)),
        ("02/10/2025 22:41:07", (2025, 10, 3, 1, 41, 7)),
        ("2/10/2025 22:41", (2025, 10, 3, 1, 41, 0)),
        ("02/10/2025 às 22:41", (2025, 10, 3, 1, 41, 0)),
        ("02/10/2025", (2025, 10, 2, 3, 0, 0)),
        ("02-10-2025 22h41", (2025, 10, 3, 1, 41, 0)),
        ("02.10.2025 22:41:07,500", (2025, 10, 3, 1, 41, 7)),
        ("02/10/2025 10:41:07 PM", (2025, 10, 3, 1, 41, 7)),
        ("02/10/2025 12:41 a.m.", (2025, 10, 2, 3, 41, 0)),
        ("02/10/2025 1:05 am", (2025, 10, 2, 4, 5, 0)),
        ("02/10/2025 1:05 P.M.", (2025, 10, 2, 16, 5, 0)),
        ("02/10/2025 12:05 pm", (2025, 10, 2, 15, 5, 0)),
        ("2025-10-02 10:41:07 PM", (2025, 10, 3, 1, 41, 7)),
        ("2025/10/02, 22:41h", (2025, 10, 3, 1, 41, 0)),
        ("2025-10-02 às 9:41", (2025, 10, 2, 12, 41, 0)),
        ("2025\u201110\u201102t22:41:07-03:00", (2025, 10, 3, 1, 41, 7)),
        (1772334600, (2026, 3, 1, 3, 10, 0)),
        ("1772334600", (2026, 3, 1, 3, 10, 0)),
        (Decimal("1772334600.5"), (2026, 3, 1, 3, 10, 0)),
        (1772334600123, (2026, 3, 1, 3, 10, 0)),
    ],
)
def test_time_without_zone_is_sao_paulo_time_on_every_server(
    raw: Any, utc: tuple[int, ...]
) -> None:
    expected = datetime(*utc, tzinfo=UTC)  # type: ignore[arg-type, misc]  # of six
    assert str(parse_datetime(raw)) == str(expected)


def test_time_skipped_by_daylight_saving_moves_forward() -> None:
    assert parse_datetime("2018-11-04 00:30:00") == parse_datetime("2018-11-04 01:30:00")


def test_time_that_occurred_twice_is_the_first() -> None:
    assert parse_datetime("2018-02-17 23:30:00") == datetime(2018, 2, 18, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "raw",
    [
        *(None, "", "  ", "-", "null", False, 0, "0", [], {}),
        *("0000-00-00 00:00:00", "0000-00-00", "-0001-11-30 00:00:00", "00/00/0000"),
        *("1970-01-01 00:00:00", "1969-12-31 21:00:00", "31/12/1969"),
    ],
)
def test_missing_date_and_phps_null_date_are_none(raw: Any) -> None:
    assert parse_datetime(raw) is None


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("America/Sao_Paulo", datetime(2025, 10, 3, 1, 41, 7, tzinfo=UTC)),
        ("UTC", datetime(2025, 10, 2, 22, 41, 7, tzinfo=UTC)),
        ("+02:00", datetime(2025, 10, 2, 20, 41, 7, tzinfo=UTC)),
    ],
)
def test_datetime_of_php_is_read_in_its_zone(zone: str, expected: datetime) -> None:
    raw = {"date": "2025-10-02 22:41:07.000000", "timezone_type": 3, "timezone": zone}
    assert parse_datetime(raw) == expected


@pytest.mark.parametrize(
    "raw",
    [
        *("2025-02-30 10:00:00", "2025-13-01 10:00:00", "2025-00-00 00:00:00"),
        *("2025-10-02 25:00:00", "2025-10-02 23:59:60", "20251002", "31/02/2025", "10/31/2025"),
        *("02/10/25", "2025-10-02 22", 177233460, 9999999999, -1772334600, Decimal("46082.5")),
        *("2025-W40-4", "0001-01-01 00:00:00", "1899-12-31 23:59:59", "2201-01-01 00:00:00"),
        *("9999-12-31 23:59:59", "2025-10-02T22:41:07+99:00", "2025-10-02 amanhã"),
        *("02/10/2025 22:41 PM", "02/10/2025 0:41 AM", "02/10/2025 13:41 PM", "02/10-2025"),
        *("ontem", 20251002, True, {"date": "2025-10-02"}),
    ],
)
def test_invalid_date_is_rejected(raw: Any) -> None:
    assert refusal(parse_datetime, raw) == ("invalid_date", MESSAGES["invalid_date"])


@pytest.mark.parametrize(
    ("raw", "read"),
    [
        (None, ""),
        (False, ""),
        (617326568, "617326568"),
        ("  Ana\x00 \ud800Lia\x1b ", "Ana \N{REPLACEMENT CHARACTER}Lia"),
        ("Rua A\nCasa 2", "Rua A Casa 2"),
        ("\u00a0Ana\u00a0", "Ana"),
        ("Zé 👩\u200d🚀", "Zé 👩🚀"),
        ("\ufeffAprovado\u200b", "Aprovado"),
        ("\u202eAna\u202c", "Ana"),
        ("Jose\u0301", "José"),
        ("Creme\u00a0Exemplo", "Creme Exemplo"),
        (0, ""),
        ("0", ""),
        ([], ""),
        ({}, ""),
        ("-", ""),
        ("null", ""),
        ("NULL", ""),
        ("undefined", ""),
        ("\u200bnull", ""),
        ("00", "00"),
        (Decimal("73410003704.0"), "73410003704"),
        (Decimal("7.50"), "7.50"),
        (Decimal("1E+3"), "1000"),
        (Decimal("1E+39"), "1" + "0" * 39),
        (Decimal("1E+40"), "1E+40"),
        (10**40, "1" + "0" * 40),
    ],
)
def test_text_is_visible_and_storable(raw: Any, read: str) -> None:
    assert parse_text(raw) == read


@pytest.mark.parametrize("raw", [True, {"a": 1}, ["a"]])
def test_object_or_list_is_no_text(raw: Any) -> None:
    assert refusal(parse_text, raw) == ("not_a_text", MESSAGES["not_a_text"])


@given(st.text(alphabet=st.characters()))
def test_clean_text_can_always_be_stored(raw: str) -> None:
    cleaned = clean_text(raw)
    assert cleaned.encode().decode() == cleaned == clean_text(cleaned)
    assert not set(cleaned) & {chr(code) for code in range(0x20)}


@pytest.mark.parametrize(
    ("raw", "read"),
    [
        ("ordaaaaa", "ordaaaaa"),
        (" ORD-123 ", "ORD-123"),
        (123, "123"),
        (Decimal("123.0"), "123"),
        ("ord\u200baaaaa", "ordaaaaa"),
        ("ord\x00aaaaa", "ordaaaaa"),
        ("o" * 128, "o" * 128),
        *[(empty, "") for empty in EMPTY],
    ],
)
def test_identity_loses_only_invisible_characters(raw: Any, read: str) -> None:
    assert parse_identity(raw) == read


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ("o" * 129, "longo demais (máximo 128 caracteres)."),
        *((raw, "esperado um texto.") for raw in (True, {"id": 1}, ["ordaaaaa"])),
    ],
)
def test_unreadable_identity_is_rejected(raw: Any, message: str) -> None:
    assert refusal(parse_identity, raw) == ("invalid_identity", message)


@pytest.mark.parametrize(
    ("raw", "read"),
    [
        *((raw, True) for raw in (True, "true", "TRUE", 1, "1", "sim", "S", Decimal("1.0"))),
        *((raw, False) for raw in (False, "FALSE", 0, "0", "não", "na\u0303o", Decimal("0.0"))),
        *[(raw, None) for raw in EMPTY[:6]],
    ],
)
def test_flag_is_a_boolean(raw: Any, read: Any) -> None:
    assert parse_flag(raw) is read


@pytest.mark.parametrize("raw", ["talvez", 2, ["true"], {"a": True}])
def test_other_flags_are_rejected(raw: Any) -> None:
    assert refusal(parse_flag, raw) == ("invalid_flag", MESSAGES["invalid_flag"])
