"""Bodies become clients and sales, field by field, also with concurrent writers."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext

from clients.models import Client
from integrations.inbox import drain
from integrations.ingest import apply_bisecting
from integrations.models import StatusMapping
from sales.models import AffiliationRequest, Sale, Subscription, SubscriptionCycle
from tests import payloads
from tests.integrations.sellers import Seller

pytestmark = pytest.mark.django_db

ORDERED_AT = datetime(2025, 10, 3, 1, 41, 7, tzinfo=UTC)


@pytest.fixture
def seller() -> Seller:
    return Seller()


def columns(row: Any, *without: str) -> dict[str, Any]:
    """Return a row's values without ids and timestamps."""
    hidden = {"id", "user_id", "client_id", "created_at", "updated_at", "observed_at", *without}
    return {
        field.attname: getattr(row, field.attname)
        for field in row._meta.concrete_fields
        if field.attname not in hidden
    }


@pytest.fixture
def delivered_sale(seller: Seller) -> Sale:
    """A cash-on-delivery order that was created, shipped and delivered."""
    for name in ("order_cod_created", "order_cod_shipped", "order_cod_delivered"):
        seller.process(payloads.raw(name))
    return seller.sale("ordaaaaa")


REPORTED_WORDS = {
    "status_word": "aprovado",
    "shipping_status_word": "recebido",
    "refused_status": "",
    "refused_shipping_status": "",
    "overridden_status": "",
    "overridden_shipping_status": "",
    "is_refund_open": False,
}


def test_cash_on_delivery_sale_has_all_reported_fields(
    seller: Seller, delivered_sale: Sale
) -> None:
    _, shipped, delivered = seller.events
    assert columns(delivered_sale) == {
        "client_match": "novo",
        "source": "coinzz",
        "external_id": "ordaaaaa",
        "order_hash": "",
        "is_associated": True,
        "product_name": "Creme Exemplo",
        "product_sku": "",
        "quantity": 3,
        "unit_price": Decimal("65.67"),
        "total_price": Decimal("197.00"),
        "commission": None,
        "fees": None,
        "partner_shares": Decimal("0.00"),
        "status": "PAID",
        "shipping_status": "DELIVERED",
        "unknown_status": "",
        "unknown_shipping_status": "",
        **REPORTED_WORDS,
        "payment_method": "Venda pós-paga",
        "payment_code": "CASH_ON_DELIVERY",
        "tracking_code": "BR123456789BR",
        "sale_date": ORDERED_AT,
        "paid_at": delivered.received_at,
        "shipped_at": shipped.received_at,
        "delivered_at": delivered.received_at,
        "cancelled_at": None,
        "deleted_at": None,
        "metadata": {
            "Postack": "PEDIDOS",
            "first_order": True,
            "second_order": False,
            "deadline_delivery": 2,
            "total_installments": 1,
            "order_status": "Aprovado",
            "shipping_status": "Recebido",
            "tracking_code": "BR123456789BR",
            "courier_name": "Rafael Exemplo",
            "delivery_time": "15:55:00",
            "producer_name": "Produtora Exemplo",
            "producer_email": "produtora@example.com",
        },
        "value_warnings": [],
        "report_fingerprint": None,
    }


def test_every_status_change_is_recorded(seller: Seller, delivered_sale: Sale) -> None:
    created, shipped, delivered = seller.events
    changes = delivered_sale.status_changes.values_list(
        "field", "from_status", "to_status", "origin_id"
    )
    assert list(changes) == [
        ("status", "", "PENDING", created.id),
        ("shipping_status", "PENDING", "SHIPPED", shipped.id),
        ("status", "PENDING", "PAID", delivered.id),
        ("shipping_status", "SHIPPED", "DELIVERED", delivered.id),
    ]


def test_client_is_the_buyer_of_the_order(delivered_sale: Sale) -> None:
    assert columns(delivered_sale.client) == {
        "name": "Marina Teste Alves",
        "email": "marina.alves@example.com",
        "phone": "+5511987650001",
        "phone_raw": "",
        "cpf": "29141777638",
        "document_valid": True,
        "document_identifies": True,
        "address": "Rua das Amoras",
        "address_number": "120",
        "district": "Centro",
        "complement": "apto 4",
        "city": "São Paulo",
        "state": "SP",
        "cep": "01310100",
        "country": "BR",
        "status": "ACTIVE",
        "merged_into_id": None,
        "erased_at": None,
    }


@pytest.mark.parametrize(
    ("name", "sale", "client"),
    [
        (
            "order_card_affiliate_utms",
            ("ordccccc", "PAID", "PENDING", "299.90", 1, "Cartão", None),
            ("Carla Inventada", "39825979194", "+5555991234567", "RS"),
        ),
        (
            "order_company_alphanumeric_cnpj",
            ("ordhhhhh", "PAID", "PENDING", "880.00", 4, "Venda pós-paga", None),
            ("Nova Empresa Alfanumérica SA", "12ABC34501DE35", "+551144445555", "SP"),
        ),
        (
            "order_company_refunded",
            ("ordggggg", "REFUNDED", "RETURNED", "880.00", 4, "Venda pós-paga", None),
            ("Comércio Fictício Ltda", "94580730000152", "+551133334444", "SP"),
        ),
        (
            "order_dotted_keys",
            ("ordddddd", "PENDING", "PENDING", "89.90", 1, "Venda pós-paga", None),
            ("Davi Modelo", "34167211017", "+5547988887777", "SP"),
        ),
        (
            "order_no_document_1",
            ("ordffff1", "PENDING", "PENDING", "0.00", 3, "Venda pós-paga", None),
            ("Gilda Rascunho", "", "+5521900000001", "SP"),
        ),
        (
            "order_pix_approved_new_fields",
            ("ordbbbbb", "PAID", "SHIPPED", "150.99", 1, "pix", "2025-10-03T02:00:00+00:00"),
            ("Bruno Fictício", "01152449303", "+5562954544554", "Estado Exemplo"),
        ),
        (
            "order_seed_document",
            ("ORD-123", "PAID", "SHIPPED", "199.90", 1, "credit_card", None),
            ("João Silva", "12345678900", "+5511999999999", "SP"),
        ),
        (
            "order_shared_email_1",
            ("ordeeee1", "PENDING", "PENDING", "120.00", 1, "Venda pós-paga", None),
            ("Elisa Amostra", "94580730224", "+5511911110001", "SP"),
        ),
        (
            "subscription_active",
            ("ordiiiii", "PAID", "PENDING", "59.90", 1, "Cartão", None),
            ("Íris Assinante", "52601815906", "+5531977776666", "SP"),
        ),
    ],
)
def test_recorded_bodies_become_sales(
    seller: Seller, name: str, sale: tuple[Any, ...], client: tuple[str, ...]
) -> None:
    seller.process(payloads.raw(name))

    row = Sale.objects.select_related("client").get()
    assert (
        row.external_id,
        row.status,
        row.shipping_status,
        str(row.total_price),
        row.quantity,
        row.payment_method,
        row.deleted_at and row.deleted_at.isoformat(),
    ) == sale
    assert row.client is not None
    assert (row.client.name, row.client.cpf, row.client.phone, row.client.state) == client


def test_utms_and_unknown_fields_are_stored(seller: Seller) -> None:
    seller.process(
        payloads.raw("order_card_affiliate_utms"), payloads.raw("order_pix_approved_new_fields")
    )

    assert seller.sale("ordccccc").metadata["utms"] == {
        "source": "facebook",
        "medium": "cpc",
        "campaign": "blackfriday",
        "content": "banner1",
        "term": "creme",
    }
    pix = seller.sale("ordbbbbb")
    assert pix.product_sku == "pro0001"
    assert pix.metadata["qrcode_pix"] == "00020BR.GOV.BCB.PIX0114EXEMPLO"
    assert pix.metadata["financial_fees"] == {
        "transaction_fee": "2.97",
        "antifraud_fee": 1,
        "total": "3.97",
    }


def test_commission_is_matched_by_the_users_email_in_any_case() -> None:
    seller = Seller("Afiliada@Flowzz.test")
    producer: dict[str, Any] = {
        "producer_email": "produtora@example.com",
        "producer_commission": 50,
    }
    affiliate: dict[str, Any] = {
        "affiliate_email": "afiliada@FLOWZZ.test",
        "affiliate_commission": 20,
    }

    seller.process(payloads.order(**producer, **affiliate))

    assert Sale.objects.get().commission == Decimal("20.00")


def test_buyers_with_the_same_email_or_without_document_stay_separate(seller: Seller) -> None:
    names = (
        "order_shared_email_1",
        "order_shared_email_2",
        "order_no_document_1",
        "order_no_document_2",
    )

    seller.process(*map(payloads.raw, names))

    assert sorted(Client.objects.values_list("name", flat=True)) == [
        "Elisa Amostra",
        "Fábio Amostra",
        "Gilda Rascunho",
        "Heitor Rascunho",
    ]


def test_subscription_is_stored_with_its_cycle_and_sale(seller: Seller) -> None:
    seller.process(payloads.raw("subscription_active"))

    row = Subscription.objects.get()
    charge = datetime(2025, 11, 2, 21, 11, 48, tzinfo=UTC)
    assert columns(row) == {
        "source": "coinzz",
        "subscription_hash": "ass000123",
        "status": "ACTIVE",
        "unknown_status": "",
        "is_status_reported": True,
        "frequency": "Mensal",
        "cycle": 2,
        "next_charge_date": charge,
        "product_name": "Creme Exemplo",
    }
    sale = seller.sale("ordiiiii")
    assert row.client == sale.client
    fields = ("subscription", "cycle", "sale", "next_charge_date")
    cycles = SubscriptionCycle.objects.values_list(*fields)
    assert list(cycles) == [(row.id, 2, sale.id, charge)]


def test_subscription_without_an_order_has_no_sale(seller: Seller) -> None:
    seller.process(payloads.subscription())

    assert Subscription.objects.get().client == Client.objects.get()
    assert not Sale.objects.exists()


def test_affiliation_request_is_stored(seller: Seller) -> None:
    seller.process(payloads.raw("affiliation_request"))

    assert columns(AffiliationRequest.objects.get(), "fingerprint") == {
        "source": "coinzz",
        "affiliate_name": "Hugo Exemplo",
        "affiliate_email": "hugo@example.com",
        "affiliate_phone": "62900000001",
        "product_name": "Creme Exemplo",
        "status": "Pendente",
        "requested_at": datetime(2025, 10, 2, 21, 11, 48, tzinfo=UTC),
    }
    assert seller.events[0].kind == "affiliation"


def test_unknown_status_word_is_recorded_once(seller: Seller) -> None:
    seller.process(
        payloads.order("ord1", order_status="Em Órbita"),
        payloads.order("ord2", order_status=" EM  ÓRBITA"),
    )

    assert list(StatusMapping.objects.values_list("provider", "field", "status")) == [
        ("coinzz", "order", "")
    ]
    assert seller.sale("ord1").status == "PENDING"
    word = StatusMapping.objects.get().word
    assert [seller.sale(n).unknown_status for n in ("ord1", "ord2")] == [word, word]

    StatusMapping.objects.update(status="PAID")
    seller.process(payloads.order("ord1", order_status="EM ÓRBITA"))
    assert (seller.sale("ord1").status, seller.sale("ord1").unknown_status) == ("PAID", "")


def full(number: int, **changes: Any) -> dict[str, Any]:
    """Return an order with a client, a sale, a subscription and an unknown status word."""
    body = payloads.subscription(f"ass{number}", with_order=f"ord{number}", **changes)
    body["order"] |= {"order_status": changes.get("status", "nova palavra")}
    body["client"] |= {
        "client_documment": payloads.cpf(10**8 + number),
        "client_phone": f"119{10**7 + number}",
    }
    return body


@pytest.mark.parametrize("change", [{}, {"status": "suspensa"}], ids=["new", "changed"])
def test_500_orders_take_as_many_statements_as_5(seller: Seller, change: dict[str, Any]) -> None:
    counts = []
    for numbers in (range(5), range(1000, 1500)):
        if change:
            seller.process(*map(full, numbers))
        seller.receive(*(full(number, **change) for number in numbers))
        with CaptureQueriesContext(connection) as queries:
            assert drain.drain_batch(seller.integration.id).size == len(numbers)
        counts.append(len(queries))

    assert set(seller.states[-500:]) == {("DONE", "updated" if change else "created")}
    assert counts[0] == counts[1]


def test_a_read_only_database_rejects_no_item() -> None:
    def write(items: Sequence[str]) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL transaction_read_only = on; DELETE FROM sales_sale")

    rejected: list[str] = []
    with pytest.raises(DatabaseError, match="read-only"):
        apply_bisecting(["a", "b"], write, lambda item, error: rejected.append(item))
    assert rejected == []


def run_at_once(*calls: Callable[[], None]) -> None:
    """Run each call in its own thread and connection; raise the first error."""

    def run(call: Callable[[], None]) -> None:
        try:
            call()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        list(pool.map(run, calls))


@pytest.mark.django_db(transaction=True)
def test_concurrent_drains_apply_each_event_once() -> None:
    sellers = [Seller(email=f"vendedora{n}@flowzz.test") for n in range(3)]
    shared = {"client_documment": "29141777638", "client_phone": "11987650001"}
    for seller in sellers:
        seller.receive(*(payloads.order(f"ord{n}", client=shared) for n in range(60)))
        seller.receive(*(payloads.order(f"ord{n}", order_status="Enviado") for n in range(60)))

    run_at_once(*(seller.drain for seller in sellers * 2))

    for seller in sellers:
        assert seller.states == [("DONE", "created")] * 60 + [("DONE", "updated")] * 60
        assert seller.events[0].attempts == 1
        user = seller.integration.user
        assert Sale.objects.filter(user=user, status="SHIPPED").count() == 60
        assert Client.objects.filter(user=user).count() == 1
