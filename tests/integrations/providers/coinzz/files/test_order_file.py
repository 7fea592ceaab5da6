"""CSV files of orders, as spreadsheets write them."""

import pytest

from integrations.providers.coinzz.files import order_file, text_tables
from integrations.providers.coinzz.files.columns import COLUMNS, known_headers, normalize_header
from integrations.providers.coinzz.files.lines import NOT_CSV, TOO_MANY_CELLS
from integrations.providers.coinzz.files.order_file import OrderTable, read_file
from integrations.providers.coinzz.payloads import parse_order
from integrations.providers.contracts import FileLine
from integrations.providers.errors import PayloadInvalid

HEADER = "Número do pedido;Data;Cliente;CPF/CNPJ;Produto;Valor;Status;Observação"
ROW = "ordaaaaa;02/10/2025 22:41;Íris Prado;00617326568;Creme;1.234,56;Aprovado;à noite"


def read(text: str, encoding: str = "utf-8") -> OrderTable:
    return read_file(text.encode(encoding), known=known_headers({}))


def item(text: str) -> dict[str, dict[str, str]]:
    (line,) = read(text).lines()
    assert line.item
    return line.item


def rejection(content: bytes) -> str:
    with pytest.raises(PayloadInvalid) as refused:
        read_file(content, known=known_headers({}))
    return refused.value.message


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("separator", [";", ",", "\t", "|"])
def test_encoding_and_separator_are_detected(encoding: str, separator: str) -> None:
    text = f"{HEADER}\r\n{ROW}\r\n".replace("1.234,56", '"1.234,56"').replace(";", separator)
    (line,) = read(text, encoding).lines()
    assert line == FileLine(
        number=2,
        item={
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


def test_short_headers_of_number_and_total_are_known() -> None:
    order = item("ID;Valor Pago\nordaaaaa;97,00")["order"]
    assert (order["order_number"], order["order_final_price"]) == ("ordaaaaa", "97,00")


@pytest.mark.parametrize(
    ("cell", "kept"),
    [("R$ 1.234,56", "R$ 1.234,56"), ('"=""0099"""', "0099"), ("99.90", "99.90"), ("=1+1", "=1+1")],
)
def test_cell_has_no_formula_around_its_text(cell: str, kept: str) -> None:
    assert item(f"pedido;valor\na;{cell}")["order"]["order_final_price"] == kept


@pytest.mark.parametrize(
    ("cell", "kept"),
    [
        ("2/3/2026", "2026-03-02"),
        ("02/03/2026 às 12:05:09", "2026-03-02 12:05:09"),
        ("2026-03-02 12:00:00", "2026-03-02 12:00:00"),
        ("ontem", "ontem"),
    ],
)
def test_date_is_day_month_year(cell: str, kept: str) -> None:
    assert item(f"pedido;valor;data\na;1,00;{cell}")["order"]["date_order"] == kept


def test_invalid_lines_have_errors_and_the_others_are_read() -> None:
    export = read('sep=;\npedido;valor\na;1.234\nb;1,00;x\n\nc;2,00\nd;"5" 6\ne;3,00\n')
    assert [(line.number, " ".join(line.problems)) for line in export.lines()] == [
        (3, ""),
        (4, TOO_MANY_CELLS),
        (6, ""),
        (7, "A linha não é um CSV válido: confira as aspas."),
        (8, ""),
    ]


def test_line_number_is_the_first_line_of_its_text() -> None:
    export = read('pedido;valor;cliente\na;1,00;"Ana\nLima"\nb;2,00;"Bia\nc;3,00;Caio\n')
    assert [(line.number, " ".join(line.problems)) for line in export.lines()] == [
        (2, ""),
        (4, "A linha não é um CSV válido: confira as aspas."),
    ]


def test_setting_adds_headers() -> None:
    known = known_headers({"Cod. externo": "order_number", "Pago": "nothing_of_coinzz"})
    export = read_file(b"cod externo;order_final_price;pago\n", known=known)
    assert [column.field for column in export.columns] == [
        "order.order_number",
        "order.order_final_price",
        "",
    ]


def test_header_is_found_below_titles() -> None:
    export = read(
        "Relatório de vendas;;\nPeríodo: 01/10 a 31/10\n\nPedido;Valor;Cliente\na;1,00;Ana\n"
    )
    assert [column.header for column in export.columns] == ["Pedido", "Valor", "Cliente"]
    assert [(line.number, line.problems) for line in export.lines()] == [(5, ())]


@pytest.mark.parametrize(
    "header",
    [
        "Nº Pedido;Valor (R$);Qtde.",
        "NÚMERO_DO_PEDIDO ; valor total (em reais);QTD (un)",
        "\ufeffPedido nº;VALOR R$;Quant.",
        "Código da venda;Vlr. Total;Quantidade",
        "pedido numero;VL TOTAL [BRL];qtde",
    ],
)
def test_headers_are_read_without_case_accents_units_and_abbreviations(header: str) -> None:
    assert [column.field for column in read(f"{header}\n").columns] == [
        "order.order_number",
        "order.order_final_price",
        "order.order_quantity",
    ]


def test_columns_without_a_name_or_with_a_repeated_one_are_stored_apart() -> None:
    order = item("pedido;valor;Nota;Nota;;Fim;;\na;1,00;x;y;z;;;\n")["order"]
    assert {key: order[key] for key in ("Nota", "Nota (2)", "Coluna 5")} == {
        "Nota": "x",
        "Nota (2)": "y",
        "Coluna 5": "z",
    }


def test_file_in_utf_16_without_a_mark_is_read() -> None:
    export = read_file("pedido;valor\na;1,00\n".encode("utf-16-le"), known=known_headers({}))
    assert [column.header for column in export.columns] == ["pedido", "valor"]


def test_damaged_utf_8_is_not_taken_for_another_encoding() -> None:
    lines = "pedido;valor;cliente\n" + "a;1,00;Íris Conceição São João\n" * 5
    content = "Relatório\n".encode("cp1252") + lines.encode()
    export = read_file(content, known=known_headers({}))
    names = {line.item["client"]["client_name"] for line in export.lines() if line.item}
    assert names == {"Íris Conceição São João"}


def test_no_header_means_two_fields() -> None:
    headers = [
        (normalize_header(header), field) for field, names in COLUMNS.items() for header in names
    ]
    fields = {header: {f for h, f in headers if h == header} for header, _ in headers}
    assert {header: found for header, found in fields.items() if len(found) > 1} == {}


@pytest.mark.parametrize(
    ("content", "start"),
    [
        (b"PK\x03\x04...", "Isto não é um CSV nem uma planilha .xlsx"),
        (b"\xd0\xcf\x11\xe0...", "Isto é uma planilha do Excel antigo (.xls) ou com senha. Abra-o"),
        (b"%PDF-1.7", "Isto é um PDF. Exporte as vendas de novo"),
        (b"\n <html><table>", "Isto é uma página da internet com o nome de uma planilha. Abra-o"),
        ("<?xml version='1.0'?>".encode("utf-16"), "Isto é uma página da internet"),
        (b'[{"order_number": "a"}]', "Isto é um JSON."),
    ],
)
def test_other_formats_are_rejected_with_the_next_step(content: bytes, start: str) -> None:
    assert rejection(content).startswith(start)


def test_file_without_a_required_column_is_rejected_with_its_headers() -> None:
    assert rejection(b"pedido;cliente\n1;Ana") == (
        "Não encontrei as colunas obrigatórias: “Valor total”. Encontrei: “pedido”, “cliente”. "
        "A primeira linha do arquivo deve ter os nomes das colunas, como no modelo."
    )
    for garbage in (b"", b"\x00\xff\xfe\n", b"\n" * 9, b'"', b";" * 999):
        assert rejection(garbage)


def test_row_that_is_too_long_is_refused_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_tables, "MAX_ROW_CHARACTERS", 40)
    long, many_lines = f"b;{';' * 200}", '"c\n' + "c\n" * 30 + '";2,00'
    export = read("\n".join(("pedido;valor", "a;1,00", long, "d;4,00", many_lines)))
    lines = [(line.number, line.problems[:1]) for line in export.lines()]
    assert lines[:4] == [(2, ()), (3, (NOT_CSV,)), (4, ()), (5, (NOT_CSV,))]


def test_counting_takes_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order_file, "STEP_LINES", 2)
    steps: list[None] = []
    read("pedido;valor\na;1\nb;1\n\n\ne;1\n").count_lines(lambda: steps.append(None))
    assert len(steps) == 3


def test_blank_lines_are_not_counted_and_too_many_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    export = read("pedido;valor\na;1,00" + "\n" * 99 + "b;2,00")
    assert export.count_lines() == 2
    monkeypatch.setattr(order_file, "MAX_ROW_NUMBER", 100)
    with pytest.raises(PayloadInvalid, match="A planilha é grande demais"):
        export.count_lines()
