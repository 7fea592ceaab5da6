from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.providers.coinzz.values import (
    MAX_COUNT,
    MAX_MONEY,
    clean_text,
    json_safe,
    parse_count,
    parse_datetime,
    parse_flag,
    parse_identity,
    parse_money,
    parse_text,
)
from integrations.providers.errors import PayloadInvalid

FIELD = "order.field"


@pytest.mark.parametrize(
    ("raw", "amount"),
    [
        ("397.00", "397.00"),
        ("150.99", "150.99"),
        ("299.9", "299.90"),
        (197, "197.00"),
        (0, "0.00"),
        ("0.00", "0.00"),
        ("-0.00", "0.00"),
        (" 10.00 ", "10.00"),
        ("1.5e2", "150.00"),
        (Decimal("10.5"), "10.50"),
        ("197,00", "197.00"),
        ("197,5", "197.50"),
        ("1.234,56", "1234.56"),
        ("1.234.567,89", "1234567.89"),
        ("1.234", "1.23"),
        ("1.235", "1.24"),
        ("0.005", "0.01"),
        ("0.0049999999999999999999999999999999", "0.00"),
        ("9999999999.99", "9999999999.99"),
        ("9999999999.994", "9999999999.99"),
        ("1e-999", "0.00"),
        ("0." + "3" * 100_000, "0.33"),
    ],
)
def test_money_is_exact_to_the_cent(raw: Any, amount: str) -> None:
    read = parse_money(FIELD, raw)
    assert str(read) == amount


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (None, "missing_money"),
        ("", "missing_money"),
        ("grátis", "invalid_money"),
        ("R$ 10", "invalid_money"),
        ("1,234", "invalid_money"),
        ("1,234.56", "invalid_money"),
        ("12.34,56", "invalid_money"),
        ("NaN", "invalid_money"),
        ("Infinity", "invalid_money"),
        ("-1.00", "invalid_money"),
        ("-0.004", "invalid_money"),
        ("１０", "invalid_money"),
        ("1e99999", "invalid_money"),
        (True, "invalid_money"),
        ({"total": 1}, "invalid_money"),
        ([1], "invalid_money"),
        ("10000000000.00", "money_too_large"),
        ("9999999999.995", "money_too_large"),
        ("9" * 100_000, "money_too_large"),
        ("1e999", "money_too_large"),
    ],
)
def test_invalid_money_is_rejected(raw: Any, reason: str) -> None:
    with pytest.raises(PayloadInvalid) as refused:
        parse_money(FIELD, raw)
    assert refused.value.reason == reason
    assert refused.value.message.startswith("order.field: ")


@given(st.decimals(min_value=0, max_value=MAX_MONEY, places=2))
def test_money_round_trips(amount: Decimal) -> None:
    assert parse_money(FIELD, str(amount)) == amount
    assert parse_money(FIELD, str(amount).replace(".", ",")) == amount


@pytest.mark.parametrize(
    ("raw", "number"),
    [
        (None, None),
        ("", None),
        (0, 0),
        ("7", 7),
        (" 7 ", 7),
        ("3.0", 3),
        ("007", 7),
        (MAX_COUNT, MAX_COUNT),
        ("0" * 100_000, 0),
    ],
)
def test_count_is_a_whole_number(raw: Any, number: int | None) -> None:
    assert parse_count(FIELD, raw) == number


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (-1, "invalid_number"),
        ("1.5", "invalid_number"),
        ("dois", "invalid_number"),
        (True, "invalid_number"),
        ([2], "invalid_number"),
        ("٣", "invalid_number"),
        ("0" * 100_000 + "x", "invalid_number"),
        (MAX_COUNT + 1, "number_too_large"),
        ("9" * 100_000, "number_too_large"),
    ],
)
def test_invalid_count_is_rejected(raw: Any, reason: str) -> None:
    with pytest.raises(PayloadInvalid) as refused:
        parse_count(FIELD, raw)
    assert refused.value.reason == reason


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
    ],
)
def test_time_without_zone_is_sao_paulo_time(raw: str, utc: tuple[int, ...]) -> None:
    assert parse_datetime(FIELD, raw) == datetime(*utc, tzinfo=UTC)  # type: ignore[arg-type, misc]  # of six


def test_time_skipped_by_daylight_saving_moves_forward() -> None:
    assert parse_datetime(FIELD, "2018-11-04 00:30:00") == parse_datetime(
        FIELD, "2018-11-04 01:30:00"
    )


def test_time_that_occurred_twice_is_the_first() -> None:
    assert parse_datetime(FIELD, "2018-02-17 23:30:00") == datetime(2018, 2, 18, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "raw", [None, "", "  ", "0000-00-00 00:00:00", "0000-00-00", "-0001-11-30 00:00:00"]
)
def test_missing_date_and_phps_null_date_are_none(raw: Any) -> None:
    assert parse_datetime(FIELD, raw) is None


@pytest.mark.parametrize(
    "raw",
    [
        "2025-02-30 10:00:00",
        "2025-13-01 10:00:00",
        "2025-00-00 00:00:00",
        "2025-10-02 25:00:00",
        "2025-10-02 23:59:60",
        "02/10/2025 22:41:07",
        "20251002",
        "2025-W40-4",
        "0001-01-01 00:00:00",
        "9999-12-31 23:59:59",
        "2025-10-02T22:41:07+99:00",
        "2025-10-02 amanhã",
        "ontem",
        20251002,
        True,
        {"date": "2025-10-02"},
    ],
)
def test_invalid_date_is_rejected(raw: Any) -> None:
    with pytest.raises(PayloadInvalid) as refused:
        parse_datetime(FIELD, raw)
    assert (refused.value.reason, refused.value.message) == (
        "invalid_date",
        "order.field: data inválida; o formato esperado é aaaa-mm-dd hh:mm:ss.",
    )


@pytest.mark.parametrize(
    ("raw", "read"),
    [
        (None, ""),
        (False, ""),
        (617326568, "617326568"),
        ("  Ana\x00 \ud800Lia\x1b ", "Ana \N{REPLACEMENT CHARACTER}Lia"),
        ("Rua A\nCasa 2", "Rua A Casa 2"),
        ("\u00a0Ana\u00a0", "Ana"),
        ("Zé 👩‍🚀", "Zé 👩‍🚀"),
    ],
)
def test_text_is_trimmed_and_storable(raw: Any, read: str) -> None:
    assert parse_text(FIELD, raw) == read


@pytest.mark.parametrize("raw", [True, {"a": 1}, ["a"]])
def test_object_or_list_is_no_text(raw: Any) -> None:
    with pytest.raises(PayloadInvalid, match=r"order\.field: esperado um texto\."):
        parse_text(FIELD, raw)


@given(st.text(alphabet=st.characters()))
def test_clean_text_can_always_be_stored(raw: str) -> None:
    cleaned = clean_text(raw)
    assert cleaned.encode().decode() == cleaned == clean_text(cleaned)
    assert not set(cleaned) & {chr(code) for code in range(0x20)}


@pytest.mark.parametrize(
    ("raw", "read"), [("ordaaaaa", "ordaaaaa"), (" ORD-123 ", "ORD-123"), (123, "123")]
)
def test_identity_is_as_sent(raw: Any, read: str) -> None:
    assert parse_identity(FIELD, raw) == read


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (None, "missing_identity"),
        ("  ", "missing_identity"),
        ("ord\x00aaaaa", "invalid_identity"),
        ("ord\ud800", "invalid_identity"),
        ("ord\u200baaaaa", "invalid_identity"),
        ("o" * 129, "invalid_identity"),
        (True, "invalid_identity"),
        ({}, "invalid_identity"),
        ([], "invalid_identity"),
    ],
)
def test_identity_is_never_corrected(raw: Any, reason: str) -> None:
    with pytest.raises(PayloadInvalid) as refused:
        parse_identity(FIELD, raw)
    assert refused.value.reason == reason


@pytest.mark.parametrize(
    ("raw", "read"),
    [(True, True), ("true", True), ("FALSE", False), (0, False), ("1", True), ("talvez", "talvez")],
)
def test_flag_is_a_boolean_if_it_can_be_parsed(raw: Any, read: Any) -> None:
    assert parse_flag(raw) is read


def test_json_safe_keeps_structure_and_exact_numbers() -> None:
    assert json_safe({"a\x00": [1, True, None, Decimal("1.50"), {"b": " c\ud800"}]}) == {
        "a": [1, True, None, "1.50", {"b": "c\N{REPLACEMENT CHARACTER}"}]
    }
