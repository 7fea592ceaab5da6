"""Texts without what copying and other systems add to them."""

import pytest

from clients.cleaning import _Repairs, clean_digits, clean_text, fold


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("  Creme \t", "Creme"),
        ("\ufeffCreme\u200b", "Creme"),
        ("Cafe\u0301", "Café"),
        ("Rua\u00a0A", "Rua A"),
        ("a\x00b\nc", "ab c"),
        ("\ud800", "\ufffd"),
    ],
)
def test_text_is_cleaned(raw: str, clean: str) -> None:
    assert clean_text(raw) == clean


@pytest.mark.parametrize(
    ("char", "repaired"),
    [
        *(("\u200b", ""), ("\x00", ""), ("\t", " "), ("\n", " "), ("\r", " ")),
        *(("\xa0", " "), ("\u2028", " "), ("\u2029", " "), ("\ud800", "\ufffd"), ("é", "é")),
    ],
)
def test_char_is_repaired_the_same_on_first_and_later_use(char: str, repaired: str) -> None:
    repairs = _Repairs()
    assert [char.translate(repairs), char.translate(repairs)] == [repaired, repaired]


def test_full_width_digits_become_ascii() -> None:
    assert clean_digits("１２３\u202c") == "123"


@pytest.mark.parametrize(
    ("text", "folded"),
    [("Creme", "creme"), ("SÃO João", "sao joao"), ("Pós-PAGA", "pos-paga"), ("Straße", "strasse")],
)
def test_fold_ignores_case_and_accents(text: str, folded: str) -> None:
    assert fold(text) == folded
