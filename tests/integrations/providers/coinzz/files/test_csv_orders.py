"""CSV files of orders, as spreadsheets write them."""

import pytest

from integrations.providers.coinzz.files.columns import known_headers
from integrations.providers.coinzz.files.csv_orders import CsvOrders, read_csv
from integrations.providers.coinzz.payloads import parse_order
from integrations.providers.contracts import FileLine
from integrations.providers.errors import PayloadInvalid

HEADER = "Número do pedido;Data;Cliente;CPF/CNPJ;Produto;Valor;Status;Observação"
ROW = "ordaaaaa;02/10/2025 22:41;Íris Prado;00617326568;Creme;1.234,56;Aprovado;à noite"


def read(text: str, encoding: str = "utf-8") -> CsvOrders:
    return read_csv(text.encode(encoding), known=known_headers({}))


def item(text: str) -> dict[str, dict[str, str]]:
    (line,) = read(text).lines()
    assert line.item
    return line.item


def rejection(content: bytes) -> str:
    with pytest.raises(PayloadInvalid) as refused:
        read_csv(content, known=known_headers({}))
    return refused.value.message


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("separator", [";", ",", "\t"])
def test_encoding_and_separator_are_detected(encoding: str, separator: str) -> None:
    text = f"{HEADER}\r\n{ROW}\r\n".replace("1.234,56", '"1.234,56"').replace(";", separator)
    (line,) = read(text, encoding).lines()
    assert line == FileLine(
        2,
        {
            "client": {"client_name": "Íris Prado", "client_documment": "00617326568"},
            "order": {
                "order_number": "ordaaaaa",
                "date_order": "2025-10-02 22:41:00",
                "product_name": "Creme",
                "order_final_price": "1.234,56",
                "order_status": "Aprovado",
                "Observação": "à noite",
            },
            "utms": {},
        },
    )


def test_line_becomes_an_order_and_unknown_columns_are_stored() -> None:
    sale = parse_order(item(f"{HEADER}\n{ROW}")).sale
    assert sale
    assert (str(sale.total_price), sale.sale_date and sale.sale_date.isoformat()) == (
        "1234.56",
        "2025-10-03T01:41:00+00:00",
    )
    assert sale.metadata["extra"] == {"order": {"Observação": "à noite"}}


@pytest.mark.parametrize(
    ("cell", "kept"),
    [
        ("R$ 1.234,56", "1.234,56"),
        ("R$99,90", "99,90"),
        ('"=""0099"""', "0099"),
        ("99.90", "99.90"),
        ("=1+1", "=1+1"),
    ],
)
def test_cell_is_converted_to_the_format_of_the_json(cell: str, kept: str) -> None:
    assert item(f"pedido;valor\na;{cell}")["order"]["order_final_price"] == kept


@pytest.mark.parametrize(
    ("cell", "kept"),
    [
        ("2/3/2026", "2026-03-02 00:00:00"),
        ("02/03/2026 às 12:05:09", "2026-03-02 12:05:09"),
        ("2026-03-02 12:00:00", "2026-03-02 12:00:00"),
        ("ontem", "ontem"),
    ],
)
def test_date_is_day_month_year(cell: str, kept: str) -> None:
    assert item(f"pedido;valor;data\na;1,00;{cell}")["order"]["date_order"] == kept


def test_invalid_lines_have_errors_and_the_others_are_read() -> None:
    export = read('sep=;\npedido;valor\na;1.234\nb;1,00;x\n\nc;2,00\nd;"5" 6\ne;3,00\n')
    assert [(line.number, line.error) for line in export.lines()] == [
        (3, "Coluna “valor”: valor ambíguo; escreva os centavos, como em 1.234,00."),
        (4, "A linha tem mais colunas do que o cabeçalho."),
        (6, ""),
        (7, "A linha não é um CSV válido: confira as aspas."),
        (8, ""),
    ]


def test_line_number_is_the_first_line_of_its_text() -> None:
    export = read('pedido;valor;cliente\na;1,00;"Ana\nLima"\nb;2,00;"Bia\nc;3,00;Caio\n')
    assert [(line.number, line.error) for line in export.lines()] == [
        (2, ""),
        (4, "A linha não é um CSV válido: confira as aspas."),
    ]


def test_setting_adds_headers() -> None:
    known = known_headers({"Cod. externo": "order_number", "Pago": "nothing_of_coinzz"})
    export = read_csv(b"cod externo;order_final_price;pago\n", known=known)
    assert [column.field for column in export.columns] == [
        "order.order_number",
        "order.order_final_price",
        "",
    ]


def test_file_that_is_no_table_of_orders_is_rejected_with_the_next_step() -> None:
    assert rejection(b"PK\x03\x04...") == (
        "Isto é uma planilha do Excel. Salve-a como CSV e envie de novo."
    )
    missing = (
        "Não encontrei as colunas obrigatórias: “Valor”. "
        "A primeira linha do arquivo deve ter os nomes das colunas."
    )
    assert rejection(b"pedido;cliente\n1;Ana") == missing
    for garbage in (b"", b"\x00\xff\xfe\n", b"\n" * 9, b'"', b";" * 999):
        assert rejection(garbage)
