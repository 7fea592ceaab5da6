"""Lines of files whose values a spreadsheet damaged: who bought, and which values are kept."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from clients.models import Client
from integrations.imports import batches, import_jobs
from integrations.models import SalesImport
from integrations.providers.coinzz import COINZZ
from sales.models import Sale
from tests import payloads
from tests.integrations.sellers import Seller

pytestmark = pytest.mark.django_db


@pytest.fixture
def seller() -> Seller:
    return Seller()


def receive(seller: Seller, *lines: str, **values: Any) -> SalesImport:
    content = "\n".join(lines).encode()
    user_id = seller.integration.user_id
    return import_jobs.receive(user_id=user_id, provider=COINZZ, content=content, **values)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("7,34101E+10;", "7,34101E+10;"),
        ("***.972.838-**;", "***.972.838-**;"),
        ("12345678900;", "12345678900;"),
        (";11999999999", ";(11) 99999-9999"),
        (";98765-0501", ";98765-0501"),
        (";", ";"),
    ],
)
def test_damaged_document_or_placeholder_identifies_nobody(
    seller: Seller, first: str, second: str
) -> None:
    lines = (f"a;1,00;Ana Lima;{first}", f"b;1,00;Ana Reis;{second}")
    receive(seller, "Pedido;Total;Cliente;CPF;Telefone", *lines)
    assert list(Client.objects.order_by("name").values_list("name", flat=True)) == [
        "Ana Lima",
        "Ana Reis",
    ]


def test_one_person_written_in_several_ways_is_one_client(seller: Seller) -> None:
    documents = ("734.107.141-97", "'73410714197", "73410714197.0", "CPF: 734.107.141-97")
    lines = (f"o{number};1,00;Ana;{text}" for number, text in enumerate(documents))
    receive(seller, "Pedido;Total;Cliente;CPF", *lines)
    assert list(Client.objects.values_list("cpf", flat=True)) == ["73410714197"]
    assert Sale.objects.count() == len(documents)


def test_file_does_not_move_a_sale_to_another_person(seller: Seller) -> None:
    ana, bia = payloads.cpf(291417776), payloads.cpf(734100037)
    seller.process(payloads.order("a", client={"client_name": "Ana", "client_documment": ana}))

    job = receive(seller, "Pedido;Total;Cliente;CPF", f"a;100,00;Bia;{bia}")

    assert seller.buyer("a").cpf == ana
    assert Client.objects.count() == 1
    assert (job.updated, job.unchanged) == (0, 1)


def test_contacts_that_a_spreadsheet_damaged_are_restored(seller: Seller) -> None:
    receive(
        seller,
        "Pedido;Total;Cliente;CPF;DDD;Telefone;CEP;UF",
        "a;1,00;Ana;617326568;11.0;33330411.0;1310100.0;Estado de São Paulo",
    )
    client = Client.objects.get()
    assert (client.cpf, client.phone, client.cep, client.state) == (
        "00617326568",
        "+551133330411",
        "01310100",
        "SP",
    )


def test_invisible_characters_and_decomposed_accents_do_not_matter(seller: Seller) -> None:
    receive(
        seller,
        "\ufeffPedido;Total;Produto;Status;Forma de pagamento",
        "a;R$\u00a01.234,56;Cafe\u0301;Aprovado\u200b;Venda po\u0301s-paga",
    )
    sale = Sale.objects.get()
    assert (sale.total_price, sale.product_name, sale.status, sale.payment_code) == (
        Decimal("1234.56"),
        "Café",
        "PAID",
        "CASH_ON_DELIVERY",
    )


def test_line_without_a_status_leaves_the_status(seller: Seller) -> None:
    seller.process(payloads.order("ordaaaaa", order_status="Aprovado", shipping_status="Entregue"))
    receive(seller, "Pedido;Total;Status;Status do envio", "ordaaaaa;1,00;;")
    sale = seller.sale("ordaaaaa")
    assert (sale.status, sale.shipping_status) == ("PAID", "DELIVERED")


def test_unknown_words_and_the_sum_count_each_line_once(
    seller: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "BATCH_LINES", 2)
    lines = (f"o{number};1,10;Milagre;Prodígio" for number in range(3))
    row = receive(seller, "Pedido;Total;Status;Status do envio", *lines, "o3;2,00;Pago;Prodígio")
    assert (row.amount, row.unknown_words) == (
        Decimal("5.30"),
        [
            {"field": "shipping", "word": "prodígio", "lines": 4},
            {"field": "order", "word": "milagre", "lines": 3},
        ],
    )


def test_all_problems_of_a_new_order_without_a_price_are_named(seller: Seller) -> None:
    row = receive(seller, "Pedido;Total;Data;Quantidade", "a;caro;32/10/2025;dois")
    assert [line["message"] for line in row.error_lines] == [
        "Coluna “Total”: valor inválido; o formato esperado é 1.234,56. "
        "Coluna “Quantidade”: número inválido; esperado um inteiro a partir de zero. "
        "Coluna “Data”: data inválida; o formato esperado é dd/mm/aaaa hh:mm."
    ]
    assert (row.errors, row.warnings) == (1, 0)


def test_known_sale_keeps_its_price(seller: Seller) -> None:
    seller.process(payloads.order("ordaaaaa", order_status="Aprovado", order_final_price=100.10))
    row = receive(seller, "Pedido;Total;Status", "ordaaaaa;1.234;Reembolsado")
    sale = seller.sale("ordaaaaa")
    assert (sale.total_price, sale.status) == (Decimal("100.10"), "REFUNDED")
    assert (row.updated, row.errors, row.warnings) == (1, 0, 1)


def test_date_in_the_future_keeps_no_webhook_from_being_applied(seller: Seller) -> None:
    day = f"{timezone.localtime() + timedelta(days=30):%d/%m/%Y}"
    receive(seller, "Pedido;Total;Status;Data", f"a;100,00;Cancelado;{day}")

    seller.process(payloads.order("a", order_status="Aprovado", order_final_price="250.00"))

    sale = seller.sale("a")
    assert (sale.status, sale.total_price) == ("PAID", Decimal("250.00"))


def test_day_without_a_time_keeps_the_known_time_of_that_day(seller: Seller) -> None:
    seller.process(payloads.order("a", date_order="2025-10-02 22:41:07"))
    known = seller.sale("a").sale_date

    line = "a;100,00;{}"
    receive(seller, "Pedido;Total;Data", line.format("02/10/2025"), exported_at=timezone.now())
    assert seller.sale("a").sale_date == known

    receive(seller, "Pedido;Total;Data", line.format("03/10/2025"), exported_at=timezone.now())
    assert f"{timezone.localtime(seller.sale('a').sale_date):%d/%m/%Y %H:%M}" == "03/10/2025 00:00"
