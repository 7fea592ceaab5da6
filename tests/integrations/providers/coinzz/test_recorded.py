"""Every recorded body, field by field."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from clients.customer import Customer
from integrations.providers.coinzz.payloads import parse_webhook
from integrations.providers.coinzz.statuses import normalize_word
from integrations.providers.contracts import Order, Payload
from sales.facts import AffiliationFacts, SaleFacts, SubscriptionFacts
from sales.money import PaymentCode
from sales.statuses import SaleStatus, ShippingStatus, SubscriptionStatus
from tests.integrations.providers.coinzz.samples import RECORDED, recorded

ORDERED_AT = datetime(2025, 10, 3, 1, 41, 7, tzinfo=UTC)
PRODUCER = {"producer_name": "Produtora Exemplo", "producer_email": "produtora@example.com"}
HABITS = {
    "first_order": True,
    "second_order": False,
    "deadline_delivery": 2,
    "total_installments": 1,
    **PRODUCER,
}
PIX = "00020BR.GOV.BCB.PIX0114EXEMPLO"

MARINA = Customer(
    name="Marina Teste Alves",
    email="marina.alves@example.com",
    phone="+55 11987650001",
    document="291.417.776-38",
    address="Rua das Amoras",
    address_number="120",
    district="Centro",
    complement="apto 4",
    city="São Paulo",
    state="SP",
    cep="01310100",
    country="BR",
)
CREATED = SaleFacts(
    external_id="ordaaaaa",
    total_price=Decimal("197.00"),
    quantity=3,
    product_name="Creme Exemplo",
    status=SaleStatus.PENDING,
    shipping_status=ShippingStatus.PENDING,
    payment_method="Venda pós-paga",
    payment_code=PaymentCode.CASH_ON_DELIVERY,
    sale_date=ORDERED_AT,
    metadata={**HABITS, "order_status": "Aguardando envio", "shipping_status": "A enviar"},
)
SHIPPED = replace(
    CREATED,
    shipping_status=ShippingStatus.SHIPPED,
    tracking_code="BR123456789BR",
    metadata={**CREATED.metadata, "shipping_status": "Enviado", "tracking_code": "BR123456789BR"},
)
WITHOUT_DOCUMENT = replace(
    MARINA, email="", document="", address_number="S/N", complement="", cep="44620-000"
)
SHARED_EMAIL = replace(CREATED, total_price=Decimal("120.00"), quantity=1)
COMPANY_METADATA = {**HABITS, "first_order": False, "second_order": True}

EXPECTED: dict[str, Payload] = {
    "order_cod_created": Order(
        customer=MARINA, sale=replace(CREATED, metadata={**CREATED.metadata, "Postack": "PEDIDOS"})
    ),
    "order_cod_shipped": Order(customer=MARINA, sale=SHIPPED),
    "order_cod_delivered": Order(
        customer=MARINA,
        sale=replace(
            SHIPPED,
            status=SaleStatus.PAID,
            shipping_status=ShippingStatus.DELIVERED,
            metadata={
                **SHIPPED.metadata,
                "order_status": "Aprovado",
                "shipping_status": "Recebido",
                "courier_name": "Rafael Exemplo",
                "delivery_time": "15:55:00",
            },
        ),
    ),
    "order_card_affiliate_utms": Order(
        customer=replace(
            MARINA,
            name="Carla Inventada",
            email="carla@example.com",
            phone="55991234567",
            document="398.259.791-94",
            city="Santa Maria",
            state="RS",
            cep="97010000",
        ),
        sale=replace(
            CREATED,
            external_id="ordccccc",
            total_price=Decimal("299.90"),
            quantity=1,
            status=SaleStatus.PAID,
            shipping_status=ShippingStatus.PENDING,
            payment_method="Cartão",
            payment_code=PaymentCode.CARD,
            metadata={
                **CREATED.metadata,
                "order_status": "Aprovado",
                "total_installments": 12,
                "affiliate_name": "Afiliada Exemplo",
                "affiliate_email": "afiliada@example.com",
                "affiliate_phone": "5433210000",
                "utms": {
                    "source": "facebook",
                    "medium": "cpc",
                    "campaign": "blackfriday",
                    "content": "banner1",
                    "term": "creme",
                },
            },
        ),
    ),
    "order_company_alphanumeric_cnpj": Order(
        customer=replace(
            MARINA,
            name="Nova Empresa Alfanumérica SA",
            email="alfa@example.com",
            phone="1144445555",
            document="12.ABC.345/01DE-35",
        ),
        sale=replace(
            CREATED,
            external_id="ordhhhhh",
            total_price=Decimal("880.00"),
            quantity=4,
            status=SaleStatus.PAID,
            metadata={
                **COMPANY_METADATA,
                "order_status": "Aprovado",
                "shipping_status": "A enviar",
            },
        ),
    ),
    "order_company_refunded": Order(
        customer=replace(
            MARINA,
            name="Comércio Fictício Ltda",
            email="compras@ficticio.example",
            phone="+55 1133334444",
            document="94.580.730/0001-52",
        ),
        sale=replace(
            CREATED,
            external_id="ordggggg",
            total_price=Decimal("880.00"),
            quantity=4,
            status=SaleStatus.REFUNDED,
            shipping_status=ShippingStatus.RETURNED,
            metadata={
                **COMPANY_METADATA,
                "order_status": "Reembolsado",
                "shipping_status": "Devolvido",
            },
        ),
    ),
    "order_dotted_keys": Order(
        customer=replace(
            MARINA, name="Davi Modelo", email="", phone="47988887777", document="34167211017"
        ),
        sale=replace(
            CREATED,
            external_id="ordddddd",
            total_price=Decimal("89.90"),
            quantity=1,
            metadata={
                **CREATED.metadata,
                "order_status": "Aguardando pagamento",
                "utms": {"source": "tiktok"},
            },
        ),
    ),
    "order_no_document_1": Order(
        customer=replace(WITHOUT_DOCUMENT, name="Gilda Rascunho", phone="21900000001"),
        sale=replace(CREATED, external_id="ordffff1", total_price=Decimal("0.00")),
    ),
    "order_no_document_2": Order(
        customer=replace(WITHOUT_DOCUMENT, name="Heitor Rascunho", phone="21900000002"),
        sale=replace(CREATED, external_id="ordffff2", total_price=Decimal("0.00")),
    ),
    "order_pix_approved_new_fields": Order(
        customer=replace(
            MARINA,
            name="Bruno Fictício",
            email="bruno@example.com",
            phone="62954544554",
            document="01152449303",
            state="Estado Exemplo",
            cep="12345678",
        ),
        sale=SaleFacts(
            external_id="ordbbbbb",
            total_price=Decimal("150.99"),
            quantity=1,
            product_name="Creme Exemplo",
            product_sku="pro0001",
            status=SaleStatus.PAID,
            shipping_status=ShippingStatus.SHIPPED,
            payment_method="pix",
            payment_code=PaymentCode.PIX,
            sale_date=ORDERED_AT,
            deleted_at=datetime(2025, 10, 3, 2, 0, tzinfo=UTC),
            metadata={
                **HABITS,
                "deadline_delivery": 7,
                "order_status": "Aprovado",
                "shipping_status": "Enviado",
                "qrcode_pix": PIX,
                "url_pix": PIX,
                "url_bank_slip": PIX,
                "offer_code": "off0001",
                "offer_name": "1 unidade",
                "producer_commission": "50.99",
                "affiliate_commission": "20.99",
                "logistic_fee": "24.98",
                "financial_fees": {"transaction_fee": "2.97", "antifraud_fee": 1, "total": "3.97"},
                "coproducers": [
                    {"name": "Coprodutora Um", "email": "um@example.com", "commission": "10.5"},
                    {"name": "Coprodutor Dois", "email": "dois@example.com", "commission": 5},
                ],
            },
        ),
    ),
    "order_seed_document": Order(
        customer=Customer(
            name="João Silva",
            email="joao@example.com",
            phone="11999999999",
            document="12345678900",
            address="Rua Exemplo",
            city="São Paulo",
            state="SP",
            cep="01310100",
        ),
        sale=SaleFacts(
            external_id="ORD-123",
            total_price=Decimal("199.90"),
            quantity=1,
            reports_deletion=False,
            product_name="Curso de Marketing",
            status=SaleStatus.PAID,
            shipping_status=ShippingStatus.SHIPPED,
            payment_method="credit_card",
            payment_code=PaymentCode.CARD,
            sale_date=datetime(2025, 1, 13, 13, 30, tzinfo=UTC),
            tracking_code="BR123456789",
            metadata={
                "order_status": "Aprovada",
                "shipping_status": "shipped",
                "tracking_code": "BR123456789",
                "utms": {"source": "google", "medium": "cpc", "campaign": "janeiro2025"},
            },
        ),
    ),
    "order_shared_email_1": Order(
        customer=replace(
            MARINA,
            name="Elisa Amostra",
            email="suporte@loja.example",
            phone="11911110001",
            document="94580730224",
        ),
        sale=replace(SHARED_EMAIL, external_id="ordeeee1"),
    ),
    "order_shared_email_2": Order(
        customer=replace(
            MARINA,
            name="Fábio Amostra",
            email="suporte@loja.example",
            phone="11911110002",
            document="91740029704",
        ),
        sale=replace(SHARED_EMAIL, external_id="ordeeee2"),
    ),
    "subscription_active": Order(
        customer=replace(
            MARINA,
            name="Íris Assinante",
            email="iris@example.com",
            phone="31977776666",
            document="52601815906",
        ),
        sale=SaleFacts(
            external_id="ordiiiii",
            total_price=Decimal("59.90"),
            quantity=1,
            product_name="Creme Exemplo",
            status=SaleStatus.PAID,
            shipping_status=ShippingStatus.PENDING,
            payment_method="Cartão",
            payment_code=PaymentCode.CARD,
            sale_date=ORDERED_AT,
            metadata={
                **PRODUCER,
                "order_status": "Aprovado",
                "shipping_status": "A enviar",
                "total_installments": 1,
                "general_info": {
                    "date_sent": "2025-10-02 18:11:48",
                    "name_sent": "Webhook de Teste",
                },
            },
        ),
        subscription=SubscriptionFacts(
            subscription_hash="ass000123",
            status=SubscriptionStatus.ACTIVE,
            frequency="Mensal",
            cycle=2,
            next_charge_date=datetime(2025, 11, 2, 21, 11, 48, tzinfo=UTC),
            product_name="Creme Exemplo",
            sent_at=datetime(2025, 10, 2, 21, 11, 48, tzinfo=UTC),
        ),
    ),
    "affiliation_request": AffiliationFacts(
        affiliate_name="Hugo Exemplo",
        affiliate_email="hugo@example.com",
        affiliate_phone="62900000001",
        status="Pendente",
        product_name="Creme Exemplo",
        requested_at=datetime(2025, 10, 2, 21, 11, 48, tzinfo=UTC),
    ),
}


@pytest.mark.parametrize("name", sorted(path.stem for path in RECORDED.glob("*.json")))
def test_recorded_body_is_parsed_field_by_field(name: str) -> None:
    kind, _, _ = name.partition("_")
    parsed = parse_webhook(recorded(name))
    assert (parsed.kind, parsed.payload) == (kind, with_words(EXPECTED[name]))


def with_words(payload: Payload) -> Payload:
    """Add the words that the metadata of a sale names."""
    if not isinstance(payload, Order) or payload.sale is None:
        return payload
    metadata = payload.sale.metadata
    sale = replace(
        payload.sale,
        status_word=normalize_word(metadata["order_status"]),
        shipping_status_word=normalize_word(metadata["shipping_status"]),
        word_fields={"status": "order_status", "shipping_status": "shipping_status"},
    )
    return replace(payload, sale=sale)
