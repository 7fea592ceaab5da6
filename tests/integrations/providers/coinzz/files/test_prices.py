"""The total of an order, from columns of totals and of unit prices."""

import pytest

from integrations.providers.coinzz.files.columns import known_headers
from integrations.providers.coinzz.files.order_file import read_file
from integrations.providers.contracts import FileLine


def read(header: str, cells: str) -> FileLine:
    (line,) = read_file(f"Pedido;{header}\na;{cells}\n".encode(), known=known_headers({})).lines()
    return line


@pytest.mark.parametrize(
    ("header", "cells", "total"),
    [
        ("Produto;Quantidade;Preço;Total", "Creme;3;50,00;150,00", "150,00"),
        ("Quantidade;Preço;Total", "3;50,00;140,00", "140,00"),
        ("Quantidade;Valor;Valor total", "3;50,00;150,00", "150,00"),
        ("Quantidade;Valor;Total", "3;150,00;150.00", "150.00"),
        ("Preço;Total", "150,00;150,00", "150,00"),
        ("Preço unitário;Valor total;Quantidade", "50,00;130,00;3", "130,00"),
        ("Preço unitário;Quantidade", "50,10;3", "150.30"),
        ("Valor unit. (R$);Qtd", "R$ 50,10;3,00", "150.30"),
        ("Preço unitário;Quantidade", "50,10;1", "50,10"),
        ("Preço unitário", "50,10", "50,10"),
        ("Preço unitário;Quantidade", "50,10;0", "50,10"),
        ("Preço;Quantidade", "50,10;1", "50,10"),
        ("Preço", "50,10", "50,10"),
        ("Valor;Quantidade", "150,30;3", "150,30"),
        ("Valor;Preço;Quantidade", "150,30;50,10;3", "150,30"),
        ("Preço;Valor;Quantidade", "50,10;150,30;3", "150,30"),
        ("Valor;Preço unitário;Quantidade", "150,30;50,10;3", "150,30"),
        ("Total;Preço", ";50,00", "50,00"),
    ],
)
def test_total_of_the_order(header: str, cells: str, total: str) -> None:
    line = read(header, cells)
    assert (line.problems, line.item and line.item["order"]["order_final_price"]) == ((), total)


def test_unit_price_is_stored_as_sent() -> None:
    item = read("Quantidade;Preço;Total", "3;50,00;150,00").item
    assert item
    assert item["order"] == {
        "order_number": "a",
        "order_quantity": "3",
        "order_final_price": "150,00",
        "Preço": "50,00",
    }


@pytest.mark.parametrize(
    ("header", "cells", "columns"),
    [
        ("Valor;Total", "50,00;150,00", "“Total” e “Valor”"),
        ("Quantidade;Valor;Total", "2;50,00;150,00", "“Total” e “Valor”"),
        ("Total;Valor final", "10,00;11,00", "“Total” e “Valor final”"),
        ("Valor;Preço", "10,00;11,00", "“Valor” e “Preço”"),
        ("Preço unitário;Valor unitário", "10,00;11,00", "“Preço unitário” e “Valor unitário”"),
    ],
)
def test_columns_that_differ_are_named(header: str, cells: str, columns: str) -> None:
    assert read(header, cells).problems == (
        f"As colunas {columns} dizem valores diferentes da mesma coisa: deixe só a certa.",
    )


@pytest.mark.parametrize(
    ("header", "cells", "meant"),
    [
        ("Preço;Quantidade", "50,00;3", "3 unidades"),
        ("Preço;Quantidade", "50,00;1.000", "a quantidade que não se lê"),
        ("Preço;Preço unitário;Quantidade", "50,00;50,00;3", "3 unidades"),
    ],
)
def test_price_without_a_unit_is_ambiguous(header: str, cells: str, meant: str) -> None:
    assert read(header, cells).problems == (
        f"Coluna “Preço”: valor ambíguo, pode ser de uma unidade ou de {meant}. "
        "Dê à coluna o nome “Preço unitário” ou “Valor total”.",
    )


def test_unit_price_needs_a_readable_quantity() -> None:
    assert read("Preço unitário;Quantidade", "50,00;três").problems == (
        "Coluna “Preço unitário”: sem uma quantidade legível não há como calcular o total.",
    )
