"""How cells and values of the back-office break into lines."""

import pytest

from clients.contacts import format_cep, format_phone
from clients.documents import format_document
from flowzz.backoffice.display import NamedValue, breakable, two_line_cell


@pytest.mark.parametrize(
    "text",
    [
        format_cep("80010090"),
        format_phone("+5541987650001"),
        format_phone("+554132650001"),
        format_document("29141777638"),
        format_document("72746969000117"),
        format_document("O5ZYSTI1VH8R69"),
    ],
)
def test_ceps_phones_and_documents_do_not_break_at_their_hyphen(text: str) -> None:
    assert "-" in text
    assert breakable(text) == f'<span class="bo-unbroken">{text}</span>'
    assert f'<span class="bo-unbroken">{text}</span>' in two_line_cell(text)


def test_address_breaks_before_its_cep_only() -> None:
    address = NamedValue("Endereço", "Rua A & B, 12-B, São José, Curitiba/PR, CEP 80010-090")
    assert address.shown == (
        'Rua A &amp; B, 12-B, São José, Curitiba/PR, <span class="bo-unbroken">CEP 80010-090</span>'
    )


def test_other_values_break_as_before() -> None:
    html = breakable("a@exemplo.com.br")
    assert html == "a<wbr>@exemplo.com.br"
    assert breakable(html) is html
    values = ["<b>12-34</b>", "pedido 800100-0901", "1980010-090", 3, None]
    assert [breakable(value) for value in values] == values
