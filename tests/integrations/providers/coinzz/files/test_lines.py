"""Lines of files of orders: values of several columns, and lines that are refused."""

import pytest

from integrations.providers.coinzz.files.columns import known_headers
from integrations.providers.coinzz.files.lines import CUT, EXAMPLE, TOTALS
from integrations.providers.coinzz.files.order_file import read_file
from integrations.providers.coinzz.payloads import parse_order
from integrations.providers.contracts import FileLine

DOCUMENT, PHONE, DATE = "client.client_documment", "client.client_phone", "order.date_order"


def line(header: str, cells: str) -> FileLine:
    (only,) = read_file(f"{header}\n{cells}\n".encode(), known=known_headers({})).lines()
    return only


def value(header: str, cells: str, path: str) -> str | None:
    item = line(f"Pedido;Valor;{header}", f"a;1,00;{cells}").item
    assert item
    section, key = path.split(".")
    found: str | None = item[section].get(key)
    return found


@pytest.mark.parametrize(
    ("header", "cells"),
    [
        ("Pedido;Valor;Produto", "Total;30,00;"),
        ("Pedido;Valor;Produto", "TOTAL GERAL:;30,00;"),
        ("Pedido;Valor;Produto", "Soma;30,00;"),
        ("Pedido;Valor;Produto", "Subtotal;30,00;"),
        ("Pedido;Valor;Produto", "Valor total;30,00;"),
        ("Pedido;Valor;Produto", "Saldo;30,00;"),
        ("Pedido;Valor;Produto", "Σ;30,00;"),
        ("Pedido;Valor;Produto", ";30,00;"),
        ("Pedido;Valor;Produto", ";30,00;Total"),
        ("Pedido;Valor;Produto", "Total de pedidos: 3;30,00;"),
        ("Pedido;Quantidade;Valor", ";3;30,00"),
    ],
)
def test_totals_are_no_order(header: str, cells: str) -> None:
    assert line(header, cells) == FileLine(number=2, problems=(TOTALS,))


def test_line_without_an_order_number_names_its_column() -> None:
    assert line("Nº do pedido;Valor;Cliente", ";30,00;Ana Lima").problems == (
        "Linha sem pedido: não foi importada. Preencha a coluna “Nº do pedido”.",
    )


@pytest.mark.parametrize(
    ("end", "problems"),
    [("b;1.2", (CUT,)), ("b;1.2\n", ()), ("b;1.234,56;Aprov", ()), ("Total;1.2", (TOTALS,))],
)
def test_price_of_a_file_that_was_cut_is_not_read(end: str, problems: tuple[str, ...]) -> None:
    content = f"Pedido;Valor;Status\na;1,00;Pago\n{end}".encode()
    first, last = read_file(content, known=known_headers({})).lines()
    assert (first.problems, last.problems) == ((), problems)


def test_example_of_the_template_is_not_imported() -> None:
    assert line("Pedido;Valor", "EXEMPLO-1;30,00").problems == (EXAMPLE,)


@pytest.mark.parametrize("number", ["ordtotal", "totem123", "exemplar1", "somar"])
def test_order_number_like_a_label_is_an_order(number: str) -> None:
    assert line("Pedido;Valor", f"{number};30,00").problems == ()


def test_number_that_a_spreadsheet_shortened_is_refused() -> None:
    assert line("Pedido;Valor", "1,23457E+11;30,00").problems == (
        "Coluna “Pedido”: a planilha abreviou o número do pedido. Formate a coluna como texto e "
        "exporte de novo.",
    )


@pytest.mark.parametrize(
    ("headers", "cells"),
    [
        ("CPF;Documento", "617.326.568-00;73410714197"),
        ("Status;Situação", "Aprovado;Cancelado"),
        ("Telefone;Celular", "98765-0401;98765-0402"),
        ("Produto;Nome do produto", "Creme;Sérum"),
        ("Status;Status", "Aprovado;Cancelado"),
        ("Data;Data da venda", "01/10/2025;02/10/2025"),
        ("Comissão;Comissão do produtor", "10,00;11,00"),
    ],
)
def test_two_columns_that_differ_are_named(headers: str, cells: str) -> None:
    first, second = headers.split(";")
    assert line(f"Pedido;Valor;{headers}", f"a;1,00;{cells}").problems == (
        f"As colunas “{first}” e “{second}” dizem valores diferentes da mesma coisa: "
        "deixe só a certa.",
    )


@pytest.mark.parametrize(
    ("headers", "cells", "path", "kept"),
    [
        (
            "CPF;Documento",
            "617.326.568-00;61732656800",
            "client.client_documment",
            "617.326.568-00",
        ),
        ("Telefone;Celular", ";62954544554", "client.client_phone", "62954544554"),
        (
            "Telefone;Celular",
            "62954544554;+55 (62) 95454-4554",
            "client.client_phone",
            "+55 (62) 95454-4554",
        ),
        (
            "Data;Data da venda",
            "02/10/2025;02/10/2025 22:41",
            "order.date_order",
            "2025-10-02 22:41:00",
        ),
        ("Telefone;Celular", "98765-0401;11987650401", PHONE, "11987650401"),
        ("CPF;Documento", "617326568;00617326568", DOCUMENT, "00617326568"),
        ("Comissão;Comissão do produtor", "10,00;10.00", "order.producer_commission", "10,00"),
        ("Produto;Nome do produto", "creme ;Creme", "order.product_name", "creme"),
    ],
)
def test_two_columns_that_agree_are_one_value(
    headers: str, cells: str, path: str, kept: str
) -> None:
    assert line(f"Pedido;Valor;{headers}", f"a;1,00;{cells}").problems == ()
    assert value(headers, cells, path) == kept


@pytest.mark.parametrize(
    ("headers", "cells", "phone"),
    [
        ("DDD;Telefone", "11;987654321", "(11) 987654321"),
        ("Telefone;DDD", "98765-4321;011", "(11) 98765-4321"),
        ("DDD;Celular", "(11);3333-0411", "(11) 3333-0411"),
        ("DDD;Telefone", "11.0;987654321.0", "(11) 987654321.0"),
        ("DDD;Telefone", "11;11987654321", "11987654321"),
        ("DDD;Telefone", ";987654321", "987654321"),
        ("DDD;Telefone", "11;", None),
        ("DDI;DDD;Telefone", "55;11;987654321", "(11) 987654321"),
        ("DDI;DDD;Telefone", "351;;912345678", "+351 912345678"),
        ("DDI;DDD;Telefone", "351;;+351912345678", "+351912345678"),
    ],
)
def test_area_code_in_a_column_of_its_own_is_joined(
    headers: str, cells: str, phone: str | None
) -> None:
    assert value(headers, cells, "client.client_phone") == phone


@pytest.mark.parametrize(
    ("headers", "cells", "date"),
    [
        ("Data;Hora", "02/10/2025;22:41", "2025-10-02 22:41"),
        ("Data;Hora", "02/10/2025;22h41", "2025-10-02 22:41"),
        ("Data;Hora", "02/10/2025;10:41 PM", "2025-10-02 10:41 PM"),
        ("Data;Hora", "45932;0,94513", "2025-10-02 22:40:59"),
        ("Data;Hora", "02/10/2025;-", "2025-10-02"),
        ("Data;Hora", "02/10/2025 10:00;22:41", "2025-10-02 10:00:00"),
        ("Data;Hora", "02/10/2025;", "2025-10-02"),
        ("Data", "02-10-2025 22:41", "2025-10-02 22:41:00"),
        ("Data", "02.10.25", "2025-10-02"),
        ("Data", "45932", "2025-10-02 00:00:00"),
        ("Data", "45932,94513", "2025-10-02 22:40:59"),
    ],
)
def test_date_of_a_spreadsheet_is_read(headers: str, cells: str, date: str) -> None:
    assert value(headers, cells, "order.date_order") == date


@pytest.mark.parametrize(
    ("cell", "quantity"), [("2,00", "2"), ("2.0", "2"), ("12", "12"), ("'3", "3")]
)
def test_quantity_with_decimals_of_zero_is_read(cell: str, quantity: str) -> None:
    assert value("Qtd", cell, "order.order_quantity") == quantity


@pytest.mark.parametrize("cell", ["1.000", "1,000", "12.000"])
def test_ambiguous_quantity_is_kept_as_sent_with_a_warning(cell: str) -> None:
    order = parse_order(line("Pedido;Total;Quantidade", f"a;30,00;{cell}").item)
    assert order.sale
    assert (order.sale.quantity, order.sale.metadata["extra"]) == (
        None,
        {"order": {"order_quantity": cell}},
    )
    assert [warning.reason for warning in order.warnings] == ["ambiguous_number"]


@pytest.mark.parametrize(
    ("header", "cell", "path", "kept"),
    [
        ("CPF", "'73410714197", "client.client_documment", "73410714197"),
        ("CEP", '"=""01310100"""', "client.client_zip_code", "01310100"),
        ("Cliente", "'@Ana", "client.client_name", "@Ana"),
        ("Cidade", "#N/D", "client.client_address_city", None),
        ("CPF", "#REF!", "client.client_documment", None),
    ],
)
def test_marks_of_spreadsheets_are_removed(
    header: str, cell: str, path: str, kept: str | None
) -> None:
    assert value(header, cell, path) == kept


def test_all_problems_of_a_line_are_named_at_once() -> None:
    header = "Pedido;Total;Valor final;Status;Situação"
    assert line(header, "a;10,00;11,00;Pago;Cancelado").problems == tuple(
        f"As colunas {columns} dizem valores diferentes da mesma coisa: deixe só a certa."
        for columns in ("“Status” e “Situação”", "“Total” e “Valor final”")
    )
