"""Cases beyond the recorded bodies: kinds, alternative fields, commissions, metadata."""

from decimal import Decimal
from typing import Any

import pytest

from clients.customer import Customer
from integrations.providers.coinzz.fields import STATUS_WORDS
from integrations.providers.coinzz.payloads import parse_order, parse_webhook
from integrations.providers.coinzz.statuses import StatusMapper
from integrations.providers.contracts import Order, StatusField
from integrations.providers.errors import PayloadInvalid
from sales.facts import AffiliationFacts, SaleFacts, SubscriptionFacts
from sales.statuses import SaleStatus, ShippingStatus, SubscriptionStatus
from tests.integrations.providers.coinzz.samples import body_of, order_from, order_item, sale_of

HASH = {"subscription_hash": "ass000123"}


def test_minimal_order_is_parsed() -> None:
    assert order_from(body_of(order_item())) == Order(
        customer=Customer(),
        sale=SaleFacts(
            external_id="ordzzzzz",
            total_price=Decimal("10.00"),
            word_fields=STATUS_WORDS,
            reports_deletion=False,
        ),
    )


def test_item_of_a_page_is_parsed_as_a_webhook() -> None:
    item = order_item(order_status="Aprovado")
    assert parse_order(item) == order_from(body_of(item))


def test_float_price_is_parsed_as_displayed() -> None:
    sale = parse_order(order_item(order_final_price=150.99, logistic_fee=0.1)).sale
    assert sale is not None
    assert (sale.total_price, sale.metadata) == (Decimal("150.99"), {"logistic_fee": "0.1"})


@pytest.mark.parametrize("empty", [None, "", [], {}])
def test_empty_subscription_or_affiliation_leaves_an_order(empty: Any) -> None:
    body = body_of({**order_item(), "subscription": empty, "affiliate_request": empty})
    assert parse_webhook(body).kind == "order"


@pytest.mark.parametrize("empty", [None, "", [], {}])
def test_empty_section_counts_as_missing(empty: Any) -> None:
    body = body_of({**order_item(), "client": empty, "utms": empty})
    assert order_from(body) == order_from(body_of(order_item()))


@pytest.mark.parametrize("order", [{}, {"order": None}, {"order": {"product_name": "Clube"}}])
def test_subscription_without_an_order_has_no_sale(order: dict[str, Any]) -> None:
    parsed = parse_webhook(body_of({"subscription": {**HASH, "status": "Suspenso"}, **order}))
    assert parsed.kind == "subscription"
    assert parsed.payload == Order(
        customer=Customer(),
        subscription=SubscriptionFacts(
            subscription_hash="ass000123",
            status=SubscriptionStatus.SUSPENDED,
            product_name="Clube" if order.get("order") else "",
        ),
    )


@pytest.mark.parametrize("word", ["Pendente", "", None, False])
def test_affiliation_requires_only_the_field_of_its_status_word(word: Any) -> None:
    parsed = parse_webhook(body_of({"affiliate_request": word, "date": None}))
    assert parsed.payload == AffiliationFacts(
        affiliate_name="",
        affiliate_email="",
        affiliate_phone="",
        status=word or "",
        product_name="",
        requested_at=None,
    )


def test_last_of_equal_keys_wins() -> None:
    body = b'{"order": {"order_number": "a", "order_number": "b", "order_final_price": 1}}'
    sale = order_from(body).sale
    assert sale is not None
    assert sale.external_id == "b"


def test_numbers_are_accepted_as_texts() -> None:
    client = {
        "client_phone": 62954544554,
        "client_documment": 617326568,
        "client_zip_code": 1310100,
    }
    customer = order_from(body_of({**order_item(), "client": client})).customer
    assert customer == Customer(phone="62954544554", document="617326568", cep="1310100")


@pytest.mark.parametrize(
    ("client", "address", "complement"),
    [
        ({"client_street": "Rua B", "client_address_complement": "casa"}, "Rua B", "casa"),
        ({"client_address": "", "client_street": "Rua B"}, "Rua B", ""),
        ({"client_address": "Rua A", "client_street": "Rua B"}, "Rua A", ""),
    ],
)
def test_address_may_be_in_either_field(
    client: dict[str, str], address: str, complement: str
) -> None:
    customer = order_from(body_of({**order_item(), "client": client})).customer
    assert customer == Customer(address=address, complement=complement)


@pytest.mark.parametrize(
    ("sent", "quantity"), [(0, 0), ("0", 0), (None, None), ("", None), ("3", 3)]
)
def test_quantity_zero_is_not_missing(sent: Any, quantity: int | None) -> None:
    assert sale_of(order_quantity=sent).quantity == quantity


def test_unknown_status_words_are_pending_and_recorded() -> None:
    sale = sale_of(order_status="Em conferência", shipping_status="Extraviado")
    assert (sale.status, sale.unknown_status) == (SaleStatus.PENDING, "em conferência")
    assert (sale.shipping_status, sale.unknown_shipping_status) == (
        ShippingStatus.PENDING,
        "extraviado",
    )


def test_mapping_by_staff_is_used() -> None:
    mapper = StatusMapper({(StatusField.ORDER, "em conferencio"): "PAID"})
    sale = parse_order(order_item(order_status="Em conferência"), mapper=mapper).sale
    assert sale is not None
    assert (sale.status, sale.unknown_status) == (SaleStatus.PAID, "")


def test_both_commissions_are_stored_in_the_metadata_as_sent() -> None:
    sale = sale_of(producer_commission="30,00", affiliate_commission=20.5)
    assert sale.metadata == {"producer_commission": "30,00", "affiliate_commission": "20.5"}


def test_metadata_omits_empty_values_and_parses_flags_and_numbers() -> None:
    sale = sale_of(
        first_order="true",
        second_order=0,
        total_installments="12",
        deadline_delivery="a combinar",
        tracking_code="   ",
        courier_name=None,
        coproducers=[],
        financial_fees={},
    )
    assert sale.metadata == {
        "first_order": True,
        "second_order": False,
        "total_installments": 12,
        "deadline_delivery": "a combinar",
    }


def test_unknown_fields_are_stored_by_section() -> None:
    item = {
        "client": {"client_cpf_responsible": "Ana"},
        "order": {**order_item()["order"], "order.gift\x00": {"note": None}, "empty": None},
        "utms": {"utms.utm_id": 7},
        "subscription": {**HASH, "trial": False},
        "Postack": "PEDIDOS",
        "sent_by": ["a", 1.5],
    }
    sale = order_from(body_of(item)).sale
    assert sale is not None
    assert sale.metadata == {
        "Postack": "PEDIDOS",
        "extra": {
            "client": {"client_cpf_responsible": "Ana"},
            "order": {"gift": {"note": None}},
            "utms": {"utm_id": 7},
            "subscription": {"trial": False},
            "sent_by": ["a", "1.5"],
        },
    }


def test_metadata_has_no_data_of_the_buyer() -> None:
    client = {"client_name": "Ana Inventada", "client_phone": "11900000000"}
    sale = order_from(body_of({**order_item(), "client": client})).sale
    assert sale is not None
    assert sale.metadata == {}


def test_utms_may_be_numbers_or_lists() -> None:
    utms = {"utm_source": ["a", "b"], "utm_medium": "", "utm_campaign": 1202, "utm_term": "\x00"}
    sale = order_from(body_of({**order_item(), "utms": utms})).sale
    assert sale is not None
    assert sale.metadata == {"utms": {"source": ["a", "b"], "campaign": "1202"}}


def test_truncated_text_has_one_name_whatever_the_account_calls_the_field() -> None:
    long = "Rua " + "A" * 600
    for key in ("client_address", "client_street"):
        sale = parse_order(order_item() | {"client": {key: long}}).sale
        assert sale is not None
        assert sale.metadata == {"client_address": long}


def test_truncated_text_is_stored_in_full_in_the_metadata() -> None:
    name, product, word = "N" * 600, "P" * 501, "W" * 101
    item = {**order_item(product_name=product, order_status=word), "client": {"client_name": name}}
    order = order_from(body_of(item))
    assert order.customer.name == "N" * 500
    assert order.sale is not None
    assert order.sale.product_name == "P" * 500
    assert order.sale.unknown_status == "w" * 100
    assert order.sale.metadata == {
        "client_name": name,
        "product_name": product,
        "order_status": word,
    }


@pytest.mark.parametrize(
    ("client", "metadata"),
    [
        ({"client_zip_code": "0131-01"}, {"client_zip_code": "0131-01"}),
        ({"client_zip_code": "1000-001 Lisboa"}, {"client_zip_code": "1000-001 Lisboa"}),
        ({"client_email": "ana.exemplo.com"}, {"client_email": "ana.exemplo.com"}),
        ({"client_zip_code": "01310-100", "client_email": "ana@exemplo.com"}, {}),
        ({"client_zip_code": 1310100, "client_email": "-"}, {}),
        ({"client_zip_code": [], "client_email": None}, {}),
    ],
)
def test_value_that_cannot_be_normalised_is_stored_as_sent(
    client: dict[str, Any], metadata: dict[str, Any]
) -> None:
    sale = parse_order(order_item() | {"client": client}).sale
    assert sale is not None
    assert sale.metadata == metadata
    assert sale.warnings == ()


@pytest.mark.parametrize(
    ("price", "reason"),
    [(None, "missing_money"), ("grátis", "invalid_money"), ("1,234", "ambiguous_money")],
)
def test_order_without_a_readable_price_says_why(price: Any, reason: str) -> None:
    sale = sale_of(order_final_price=price)
    assert sale.total_price is None
    assert sale.missing_price is not None
    assert (sale.missing_price.field, sale.missing_price.reason) == (
        "order.order_final_price",
        reason,
    )


def test_negative_price_of_a_refund_is_no_warning() -> None:
    sale = sale_of(order_status="Reembolsado", order_final_price="-100.10")
    assert (sale.status, sale.total_price, list(sale.warnings)) == (SaleStatus.REFUNDED, None, [])
    assert sale.missing_price is not None  # a sale that nobody knows has no price yet
    assert sale.missing_price.reason == "negative_money"
    fees = sale_of(order_status="Reembolsado", producer_commission=-50, logistic_fee="-4.00")
    assert list(fees.warnings) == []
    paid = sale_of(order_status="Aprovado", order_final_price="-100.10")
    assert [warning.reason for warning in paid.warnings] == ["negative_money"]


FLAT = {
    "order_hash": "venaaa0001",
    "order_number": "ordhashs",
    "order_final_price": 97.0,
    "product_name": "Curso Fictício",
    "method_payment": "pix",
    "date_order": "2026-11-21 09:00:00",
    "client": {"client_name": "Nair Suposta", "client_documment": "168.995.350-09"},
}


def test_flat_item_of_the_api_is_parsed_as_one_with_sections() -> None:
    order = {key: value for key, value in FLAT.items() if key != "client"}
    flat = parse_order(FLAT | {"utm_source": "busca", "general_info": {"name_sent": "Loja"}})
    nested = {"order": order, "client": FLAT["client"], "utms": {"utm_source": "busca"}}
    assert flat == parse_order(nested | {"general_info": {"name_sent": "Loja"}})
    assert (flat.customer.name, flat.customer.document) == ("Nair Suposta", "168.995.350-09")


def test_flat_item_may_have_the_fields_of_the_client_beside_those_of_the_order() -> None:
    client = {"client_name": "Nair Suposta", "client_documment": "168.995.350-09"}
    order = {key: value for key, value in FLAT.items() if key != "client"}
    assert parse_order({**order, **client, "client": []}) == parse_order(FLAT)


def test_flat_body_without_sections_is_an_order() -> None:
    assert parse_webhook(body_of(FLAT)).kind == "order"


def test_status_of_the_api_is_the_order_status() -> None:
    sale = parse_order(FLAT | {"status": "Aprovado"}).sale
    assert sale is not None
    assert (sale.status, sale.metadata) == (SaleStatus.PAID, {"order_status": "Aprovado"})


def test_order_status_comes_before_the_status_of_the_api() -> None:
    sale = sale_of(order_status="Aprovado", status="Pendente")
    assert (sale.status, sale.metadata["extra"]) == (
        SaleStatus.PAID,
        {"order": {"status": "Pendente"}},
    )


@pytest.mark.parametrize(
    ("number", "order_hash", "ids"),
    [
        ("ordzzzzz", "venaaa0001", ("ordzzzzz", "venaaa0001")),
        ("ordzzzzz", None, ("ordzzzzz", "")),
        (None, "venaaa0001", ("venaaa0001", "venaaa0001")),
        ([], " venaaa0001 ", ("venaaa0001", "venaaa0001")),
    ],
)
def test_order_has_a_number_or_a_hash(number: Any, order_hash: Any, ids: tuple[str, str]) -> None:
    sale = sale_of(order_number=number, order_hash=order_hash)
    assert (sale.external_id, sale.order_hash) == ids


def test_order_without_number_and_hash_is_rejected() -> None:
    with pytest.raises(PayloadInvalid) as raised:
        sale_of(order_number="", order_hash=None)
    assert raised.value.reason == "missing_identity"


def test_order_with_a_hash_has_its_hash_without_a_readable_price() -> None:
    sale = sale_of(order_number=None, order_hash="venaaa0001", order_final_price="1,234")
    assert (sale.external_id, sale.total_price) == ("venaaa0001", None)
    assert sale.missing_price is not None
    assert sale.missing_price.reason == "ambiguous_money"


def test_subscription_with_an_order_hash_has_a_sale() -> None:
    order = order_item(order_number=None, order_hash="venaaa0001")
    parsed = order_from(body_of(order | {"subscription": {**HASH, "status": "ativa"}}))
    assert (parsed.sale and parsed.sale.external_id, parsed.external_id) == (
        "venaaa0001",
        "venaaa0001",
    )


def test_pix_and_bank_slip_of_the_api_are_kept_as_sent() -> None:
    sale = parse_order(FLAT | {"pix": {"code": "0002"}, "bank_slip": {"url": "u"}}).sale
    assert sale is not None
    assert sale.metadata == {"pix": {"code": "0002"}, "bank_slip": {"url": "u"}}
