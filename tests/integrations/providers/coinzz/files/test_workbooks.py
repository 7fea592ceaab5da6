"""Excel workbooks of orders: typed cells, worksheets, and files that are refused."""

import zipfile
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from io import BytesIO
from typing import Any

import pytest
import xlsxwriter

from integrations.providers.coinzz.files import workbooks
from integrations.providers.coinzz.files.columns import known_headers
from integrations.providers.coinzz.files.order_file import OrderTable, read_file
from integrations.providers.errors import PayloadInvalid

HEADER = ("Pedido", "Valor total", "Data", "CPF", "Quantidade")


def workbook(*rows: Sequence[Any], name: str = "Vendas") -> bytes:
    return worksheets({name: rows})


def worksheets(tables: Mapping[str, Sequence[Sequence[Any]]], hidden: str = "") -> bytes:
    content = BytesIO()
    with xlsxwriter.Workbook(content) as book:
        day = book.add_format({"num_format": "dd/mm/yyyy hh:mm:ss"})
        for name, rows in tables.items():
            page = book.add_worksheet(name)
            if name == hidden:
                page.hide()
            for row, cells in enumerate(rows):
                for column, cell in enumerate(cells):
                    if isinstance(cell, str):
                        page.write_string(row, column, cell)
                    elif isinstance(cell, date):
                        page.write_datetime(row, column, cell, day)
                    else:
                        page.write(row, column, cell)
    return content.getvalue()


def read(content: bytes) -> OrderTable:
    return read_file(content, known=known_headers({}))


def order(*cells: Any, header: Sequence[str] = HEADER) -> dict[str, Any]:
    (line,) = read(workbook(header, cells)).lines()
    assert line.item
    return {**line.item["order"], **line.item["client"]}


def rejection(content: bytes) -> str:
    with pytest.raises(PayloadInvalid) as refused:
        read(content)
    return refused.value.message


def test_typed_cells_are_read() -> None:
    local = datetime.fromisoformat("2025-10-02 22:41:05")
    assert order("ord1", 1234.5, local, 7341071419, 3) == {
        "order_number": "ord1",
        "order_final_price": "1234.5",
        "date_order": "2025-10-02 22:41:05",
        "client_documment": "7341071419",
        "order_quantity": "3",
    }


def test_texts_of_cells_are_read_like_those_of_a_csv() -> None:
    assert order("00012", "1.234,56", "02/10/2025", "'00617326568", "2,00") == {
        "order_number": "00012",
        "order_final_price": "1.234,56",
        "date_order": "2025-10-02",
        "client_documment": "00617326568",
        "order_quantity": "2",
    }


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (50, "50"),
        (50.0, "50"),
        (0.1 + 0.2, "0.3"),
        (1.234, "1.2340"),
        (99999999.99, "99999999.99"),
        (1e-7, "0.0000001"),
    ],
)
def test_number_of_a_cell_has_its_decimals_only(number: float, text: str) -> None:
    assert order("a", number)["order_final_price"] == text


def test_long_number_is_read_in_full() -> None:
    assert order("a", 1, "", 73410714197.0)["client_documment"] == "73410714197"
    assert order(123456789012345, 1)["order_number"] == "123456789012345"


def test_time_in_a_column_of_its_own_is_joined() -> None:
    header = ("Pedido", "Total", "Data", "Hora")
    read_order = order("a", 1, date(2025, 10, 2), time(22, 41), header=header)
    assert read_order["date_order"] == "2025-10-02 22:41:00"
    assert order("a", 1, "02/10/2025", "22:41", header=header)["date_order"] == "2025-10-02 22:41"


def test_formula_has_its_stored_value() -> None:
    content = BytesIO()
    with xlsxwriter.Workbook(content) as book:
        page = book.add_worksheet()
        page.write_row(0, 0, ["Pedido", "Total"])
        page.write_string(1, 0, "a")
        page.write_formula(1, 1, "=50*3", None, 150)
    (line,) = read(content.getvalue()).lines()
    assert line.item
    assert line.item["order"] == {"order_number": "a", "order_final_price": "150"}


def test_lines_have_the_numbers_of_the_worksheet() -> None:
    rows: tuple[Sequence[Any], ...] = (["Relatório"], [], HEADER, ["a", 1], [], ["b\nc", 2])
    table = read(workbook(*rows))
    assert [(line.number, line.problems) for line in table.lines()] == [(4, ()), (6, ())]
    assert read(table.content).columns == table.columns


def test_worksheet_with_orders_is_found() -> None:
    orders = [HEADER, ("a", 1)]
    tables: dict[str, Any] = {
        "Resumo": [("Total", 1)],
        "Pedidos": orders,
        "Velha": [*orders, ("b", 2)],
    }
    assert len(list(read(worksheets(tables, hidden="Velha")).lines())) == 1


def test_damaged_workbook_is_refused_with_the_next_step() -> None:
    message = (
        "Não foi possível ler a planilha: o arquivo está danificado, protegido por senha ou "
        "num formato diferente. Abra-o, salve como CSV e envie o arquivo novo."
    )
    content = workbook(HEADER, ["a", 1])
    assert rejection(content[:-200]) == message
    assert rejection(content.replace(b"xl/workbook.xml", b"xl/workbook.xmm")) != message


def test_workbook_that_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    message = "A planilha é grande demais. Divida-a em partes de até 50.000 linhas."
    monkeypatch.setattr(workbooks, "MAX_PARTS_BYTES", 1024 * 1024)
    content = BytesIO(workbook(HEADER, ["a", 1]))
    with zipfile.ZipFile(content, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/bomb.bin", bytes(workbooks.MAX_PARTS_BYTES))
    assert len(content.getvalue()) < workbooks.MAX_PARTS_BYTES
    assert rejection(content.getvalue()) == message
    monkeypatch.setattr(workbooks, "MAX_ROWS", 2)
    assert rejection(workbook(HEADER, ["a", 1], ["b", 1])) == message
    monkeypatch.setattr(workbooks, "MAX_STRINGS_BYTES", 10)
    assert rejection(workbook(HEADER)) == message


def test_cell_at_the_end_of_the_worksheet_costs_no_memory() -> None:
    content = BytesIO()
    with xlsxwriter.Workbook(content) as book:
        page = book.add_worksheet()
        page.write_row(0, 0, ["Pedido", "Total"])
        page.write_row(1, 0, ["a", "1,00"])
        page.write_string(200_000, 16_383, "x")
    assert len(list(read(content.getvalue()).lines())) == 1


def test_rich_text_is_read_without_its_formats_and_phonetics() -> None:
    item = (
        "<si><r><t>Íris</t></r><r><rPr><b/></rPr><t> Prado</t></r>"
        "<rPh sb='0' eb='1'><t>íris</t></rPh></si>"
    )
    content = BytesIO()
    source = zipfile.ZipFile(BytesIO(workbook(("Pedido", "Total", "Cliente"), ("a", 1, "NOME"))))
    with source, zipfile.ZipFile(content, "w") as archive:
        for name in source.namelist():
            part = source.read(name).decode().replace("<si><t>NOME</t></si>", item)
            archive.writestr(name, part)
    (line,) = read(content.getvalue()).lines()
    assert line.item
    assert line.item["client"] == {"client_name": "Íris Prado"}


@pytest.mark.parametrize("module", ["workbooks", "worksheets"])
def test_reading_a_workbook_can_be_ended(monkeypatch: pytest.MonkeyPatch, module: str) -> None:
    """Once between parts of the texts, once between rows."""
    rows = ((f"a{number}", 1) for number in range(100))
    content = workbook(("Pedido", "Total"), *rows)
    before = count_steps(content)
    monkeypatch.setattr(f"integrations.providers.coinzz.files.{module}.STEP_BYTES", 100)
    assert count_steps(content) > before + 1


def count_steps(content: bytes) -> int:
    steps: list[None] = []
    read_file(content, lambda: steps.append(None), known=known_headers({}))
    return len(steps)
