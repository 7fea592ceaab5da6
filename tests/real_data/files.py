"""Files of orders, as people's spreadsheets write them."""

from typing import Any, Final

from tests.real_data.case import Case, file

KIND: Final = "Arquivos"

TOTALS: Final = "Linha sem pedido (um total): não foi importada."


def line(header: str, cells: str, **right: Any) -> Case:
    """Return a file with one order, `a`, and what is right of it: `total_price`, `client__cpf`."""
    return Case(
        kind=KIND,
        given=f"{header} = {cells}",
        steps=(file(f"Pedido;{header}", f"a;{cells}"),),
        right={f"a.{name.replace('__', '.')}": value for name, value in right.items()},
    )


def refusal(header: str, cells: str, message: str) -> Case:
    return Case(
        kind=KIND,
        given=f"{header} = {cells}",
        steps=(file(header, cells),),
        right={"sales": 0, "clients": 0},
        refused=(message,),
    )


def contradiction(headers: str, cells: str, first: str, second: str) -> Case:
    message = f"As colunas “{first}” e “{second}” dizem valores diferentes da mesma coisa: "
    return refusal(f"Pedido;{headers}", f"a;{cells}", f"{message}deixe só a certa.")


def _prices() -> list[Case]:
    return [
        line(
            "Produto;Quantidade;Preço;Total", "X;3;50,00;150,00", total_price="150.00", quantity=3
        ),
        line("Quantidade;Valor;Valor total", "3;50,00;150,00", total_price="150.00"),
        line("Preço unitário;Quantidade", "50,10;3", total_price="150.30", unit_price="50.10"),
        line("Valor unit. (R$);Qtd", "R$ 50,10;2,00", total_price="100.20", quantity=2),
        line("Valor (R$)", "R$ 1.234,56", total_price="1234.56"),
        line("VALOR_TOTAL [R$]", "'1.234,56", total_price="1234.56"),
        contradiction("Valor;Total", "50,00;150,00", "Total", "Valor"),
        contradiction("Total;Valor final", "10,00;11,00", "Total", "Valor final"),
        contradiction("Valor;CPF;Documento", "1,00;61732656800;73410714197", "CPF", "Documento"),
        contradiction("Valor;Status;Situação", "1,00;Pago;Cancelado", "Status", "Situação"),
        refusal(
            "Pedido;Preço;Quantidade",
            "a;50,00;3",
            "Coluna “Preço”: valor ambíguo, pode ser de uma unidade ou de 3 unidades. "
            "Dê à coluna o nome “Preço unitário” ou “Valor total”.",
        ),
        refusal(
            "Pedido;Total",
            "a;1.234",
            "Coluna “Total”: valor ambíguo; escreva os centavos, como em 1.234,00.",
        ),
    ]


def _totals() -> list[Case]:
    labels = (
        "Total",
        "TOTAL GERAL",
        "Soma",
        "Subtotal:",
        "Total de pedidos: 3",
        "",
        "Valor total",
        "Σ",
    )
    return [refusal("Pedido;Valor;Produto;Status", f"{label};30,00;;", TOTALS) for label in labels]


def _cells() -> list[Case]:
    document, phone, cep = "client__cpf", "client__phone", "client__cep"
    return [
        line("Valor;CPF", "1,00;'73410714197", **{document: "73410714197"}),
        line("Valor;CPF", "1,00;617326568", **{document: "00617326568"}),
        line("Valor;CPF", "1,00;73410714197.0", **{document: "73410714197"}),
        line("Valor;CPF", '1,00;"=""00617326568"""', **{document: "00617326568"}),
        line("Valor;CPF", "1,00;7,34101E+10", client__document_identifies=False),
        line("Valor;Data;Hora", "1,00;01/03/2026;12:10 AM", sale_date="2026-03-01 00:10"),
        line("Valor;Data;Hora", "1,00;46082;0,0069444444", sale_date="2026-03-01 00:10"),
        line("Valor;DDD;Telefone", "1,00;11;98765-0401", **{phone: "+5511987650401"}),
        line("Valor;Celular;DDD", "1,00;3333-0411;(011)", **{phone: "+551133330411"}),
        line("Valor;Telefone", "1,00;1133330411.0", **{phone: "+551133330411"}),
        line("Valor;Cliente;CEP", "1,00;Ana;1310100.0", **{cep: "01310100"}),
        line("Valor;Data;Hora", "1,00;02/10/2025;22:41", sale_date="2025-10-02 22:41"),
        line("Valor;Data", "1,00;45932,5", sale_date="2025-10-02 12:00"),
        line("Valor;Produto", "1,00;#N/D", product_name=""),
        Case(
            kind=KIND,
            given="quantidade 1.000",
            steps=(file("Pedido;Valor;Quantidade", "a;1,00;1.000"),),
            right={"a.quantity": 1, "a.metadata.extra": {"order": {"order_quantity": "1.000"}}},
            warned=("ambiguous_number:order.order_quantity",),
        ),
    ]


def _tables() -> list[Case]:
    right = {"a.total_price": "1.00", "a.client.name": "Íris", "sales": 1}
    files = {
        "títulos acima do cabeçalho": ("Relatório;;", "", "Pedido;Valor;Cliente", "a;1,00;Íris"),
        "sep=": ("sep=;", "Pedido;Valor;Cliente", "a;1,00;Íris"),
        "barra vertical": ("Pedido|Valor|Cliente", "a|1,00|Íris"),
        "BOM e espaços": ("\ufeffPedido ; Valor; Cliente ", "a;1,00;Íris"),
        "células vazias à direita": ("Pedido;Valor;Cliente;;", "a;1,00;Íris;;"),
        "linhas em branco": ("Pedido;Valor;Cliente", ";;", "a;1,00;Íris", ""),
        "colunas em outra ordem": ("Cliente;VALOR TOTAL;Nº do pedido", "Íris;1,00;a"),
    }
    return [
        Case(kind=KIND, given=given, steps=(file(*lines),), right=right)
        for given, lines in files.items()
    ]


CASES: Final = [*_prices(), *_totals(), *_cells(), *_tables()]
