"""Numbers of orders as people type them, such as `Pedido #ordabc`."""

import pytest

from sales.order_ids.typed import typed_number


@pytest.mark.parametrize(
    "text",
    [
        "ord1",
        " #ord1 ",
        "Pedido ord1",
        "pedido: #ord1",
        "PEDIDO Nº ord1",
        "nº ord1",
        "nº. ord1",
        "n° ord1",
        "n. ord1",
        "número: ord1",
        "Venda ord1",
        "order - ord1",
    ],
)
def test_words_before_the_number_are_left_out(text: str) -> None:
    assert typed_number(text) == "ord1"


@pytest.mark.parametrize("number", ["pedido1", "orderabc", "norte", "n1"])
def test_number_that_begins_like_such_a_word_is_unchanged(number: str) -> None:
    assert typed_number(number) == number


def test_text_without_a_number_is_empty() -> None:
    assert typed_number("Pedido nº ") == ""
