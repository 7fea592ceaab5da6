"""Texts without what copying and other systems add to them."""

import pytest

from clients.cleaning import clean_digits, clean_text, fold


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


def test_full_width_digits_become_ascii() -> None:
    assert clean_digits("１２３\u202c") == "123"


@pytest.mark.parametrize(
    ("text", "folded"),
    [("Creme", "creme"), ("SÃO João", "sao joao"), ("Pós-PAGA", "pos-paga"), ("Straße", "strasse")],
)
def test_fold_ignores_case_and_accents(text: str, folded: str) -> None:
    assert fold(text) == folded
