"""Payment methods as people and programs write them; commissions and fees of a sale."""

import json
from decimal import Decimal
from typing import Any
from unicodedata import normalize

import pytest

from integrations.providers.coinzz.money import earnings, payment_code
from integrations.providers.coinzz.payloads import parse_webhook
from integrations.providers.contracts import Order
from sales.metadata import merge_metadata
from tests import payloads


@pytest.mark.parametrize(
    ("method", "code"),
    [
        ("Venda pós-paga", "CASH_ON_DELIVERY"),
        ("venda pos paga", "CASH_ON_DELIVERY"),
        ("PÓS‑PAGO", "CASH_ON_DELIVERY"),
        ("vendapospaga", "CASH_ON_DELIVERY"),
        ("venda_pos_paga", "CASH_ON_DELIVERY"),
        ("afterpay", "CASH_ON_DELIVERY"),
        ("After Pay", "CASH_ON_DELIVERY"),
        ("Pagamento na entrega", "CASH_ON_DELIVERY"),
        ("Cartão na entrega", "CASH_ON_DELIVERY"),
        ("cash_on_delivery", "CASH_ON_DELIVERY"),
        ("pix", "PIX"),
        (" PIX ", "PIX"),
        ("Ｐｉｘ", "PIX"),
        ("P\u200bix", "PIX"),
        ("\ufeffPix parcelado", "PIX"),
        ("credit_card", "CARD"),
        ("creditCard", "CARD"),
        ("Cartão", "CARD"),
        ("CARTAO DE CRÉDITO", "CARD"),
        ("Cartão de crédito 12x", "CARD"),
        ("debit-card", "CARD"),
        ("Boleto", "BOLETO"),
        ("Boleto bancário", "BOLETO"),
        ("bank_slip", "BOLETO"),
        ("Cripto", "OTHER"),
        ("Venda pré-paga", "OTHER"),
        ("?", "OTHER"),
        ("", ""),
        (" \u200b ", ""),
    ],
)
def test_payment_method_has_a_code(method: str, code: str) -> None:
    assert payment_code(method) == code
    assert payment_code(normalize("NFD", method)) == code


PRODUCER, AFFILIATE, COPRODUCER = "produtora@example.com", "afiliada@example.com", "um@example.com"
PARTIES: dict[str, Any] = {
    "producer_email": PRODUCER,
    "affiliate_email": "Afiliada@example.com ",
    "coproducers": ["?", {"email": None, "commission": 1}, {"email": COPRODUCER, "commission": 5}],
}
BOTH = {"producer_commission": 50, "affiliate_commission": 20}


def money(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


@pytest.mark.parametrize(
    ("amounts", "owner", "commission"),
    [
        ({"producer_commission": Decimal("50.99")}, "", "50.99"),
        ({"producer_commission": "50.99"}, " \tPRODUTORA@example.com ", "50.99"),
        ({"affiliate_commission": "20.99"}, "", "20.99"),
        ({"producer_commission": 0, "affiliate_commission": None}, "", "0.00"),
        (BOTH, "", None),
        (BOTH, "outra@example.com", None),
        (BOTH, PRODUCER, "50.00"),
        (BOTH, "AFILIADA@example.com", "20.00"),
        (BOTH, COPRODUCER, "5.00"),
        ({**BOTH, "producer_email": COPRODUCER}, COPRODUCER, "55.00"),
        ({"producer_commission": 50}, AFFILIATE, None),
        ({"producer_commission": "a combinar"}, "", None),
        ({"producer_commission": -1}, "", None),
        ({"producer_commission": True}, PRODUCER, None),
        ({**BOTH, "affiliate_email": None}, "", None),
        ({"producer_commission": 50, "affiliate_commission": 0, "affiliate_email": None}, "", "50"),
        ({"producer_commission": "9999999999.99", "producer_email": COPRODUCER}, COPRODUCER, None),
        (
            {"producer_commission": 7, "affiliate_commission": None, "affiliate_name": "Lia"},
            "",
            "7",
        ),
        ({}, "", None),
    ],
)
def test_commission_is_the_users_own(
    amounts: dict[str, Any], owner: str, commission: str | None
) -> None:
    assert earnings({**PARTIES, **amounts}, owner).commission == money(commission)


@pytest.mark.parametrize(
    ("fields", "reports"),
    [
        ({"producer_commission": 0}, True),
        ({"affiliate_commission": "20"}, True),
        ({"coproducers": [{"commission": "5"}]}, True),
        ({**PARTIES, "coproducers": []}, False),
        ({"producer_commission": "a combinar", "logistic_fee": 1}, False),
    ],
)
def test_anyones_readable_commission_is_reported(fields: dict[str, Any], reports: bool) -> None:
    assert earnings(fields, "").reports_commissions is reports


@pytest.mark.parametrize(
    ("fields", "fees"),
    [
        ({}, None),
        ({"financial_fees": {"transaction_fee": "2.97", "antifraud_fee": 1, "total": "9"}}, "9"),
        ({"financial_fees": {"transaction_fee": "2.97", "antifraud_fee": 1}}, "3.97"),
        ({"financial_fees": {"transaction_fee": "2.97", "total": "?"}}, "2.97"),
        ({"financial_fees": "4.20"}, "4.20"),
        ({"financial_fees": []}, None),
        ({"logistic_fee": "12,90"}, "12.90"),
        ({"logistic_fee": "12.90", "financial_fees": {"total": "5.30"}}, "18.20"),
        ({"financial_fees": {"transaction_fee": "2.97", "antifraud_fee": "?"}}, None),
        ({"financial_fees": {"transaction_fee": "2.97", "antifraud_fee": None}}, None),
        ({"logistic_fee": "a combinar", "financial_fees": {"total": "5.30"}}, None),
        ({"logistic_fee": None, "financial_fees": {"total": "5.30"}}, None),
        ({"logistic_fee": "12.90", "financial_fees": "a combinar"}, None),
        ({"logistic_fee": 0}, "0.00"),
        ({"logistic_fee": "9999999999.98", "financial_fees": "0.01"}, "9999999999.99"),
        ({"logistic_fee": "9999999999.98", "financial_fees": "0.02"}, None),
    ],
)
def test_fees_are_the_sum_of_all_that_are_reported(
    fields: dict[str, Any], fees: str | None
) -> None:
    assert earnings(fields, "").fees == money(fees)


@pytest.mark.parametrize(
    ("fields", "owner", "shares"),
    [
        ({}, "", "0.00"),
        ({"producer_email": PRODUCER}, PRODUCER, "0.00"),
        ({**PARTIES, **BOTH}, PRODUCER, "26.00"),
        ({**PARTIES, **BOTH}, AFFILIATE, None),
        ({**PARTIES, **BOTH}, "", None),
        ({**PARTIES, "producer_commission": 50}, PRODUCER, None),
        ({"affiliate_name": "Lia", "affiliate_commission": "20"}, PRODUCER, None),
        ({"coproducers": {"email": COPRODUCER, "commission": "5.5"}}, "", "5.50"),
        ({"coproducers": [{"email": COPRODUCER}]}, "", None),
        ({"coproducers": [{"name": "Eva"}]}, "", None),
        ({"coproducers": [{"commission": "5.5"}, {"commission": 0}]}, "", "5.50"),
        ({**PARTIES, **BOTH, "producer_email": COPRODUCER}, COPRODUCER, "21.00"),
    ],
)
def test_partner_shares_are_known_to_the_producer_alone(
    fields: dict[str, Any], owner: str, shares: str | None
) -> None:
    assert earnings(fields, owner).partner_shares == money(shares)


def metadata_of(**order: Any) -> dict[str, Any]:
    """Return the metadata of a webhook with these fields of its order."""
    payload = parse_webhook(payloads.encode(payloads.order(**order))).payload
    assert isinstance(payload, Order)
    assert payload.sale
    return payload.sale.metadata


def test_amounts_of_three_decimals_are_rounded_to_the_cent() -> None:
    """A tenth of R$ 150,99 is the number 15.099, which a text would make thousands."""
    metadata = metadata_of(
        producer_email=PRODUCER,
        producer_commission=45.297,
        affiliate_name="Lia",
        affiliate_commission=15.099,
        coproducers=[{"name": "Eva", "commission": 7.545}],
        financial_fees={"transaction_fee": 7.125, "antifraud_fee": 1, "total": 8.125},
        logistic_fee=24.985,
    )
    assert earnings(metadata, PRODUCER).values == {
        "commission": Decimal("45.30"),
        "fees": Decimal("33.12"),
        "partner_shares": Decimal("22.65"),
    }


@pytest.mark.parametrize("nothing", [None, False, "", "-", "null", "N/A", [], {}])
def test_missing_amounts_replace_no_known_ones(nothing: Any) -> None:
    known = {
        "producer_commission": 45.3,
        "logistic_fee": 10,
        "financial_fees": {"transaction_fee": 3, "total": 3},
    }
    first = metadata_of(**known)
    for later in (
        dict.fromkeys(known, nothing),
        {"financial_fees": {"transaction_fee": nothing, "total": nothing}},
        {"financial_fees": [nothing]},
    ):
        assert merge_metadata(first, metadata_of(**later)) == first


@pytest.mark.parametrize("nothing", [None, "?", "a combinar", True])
def test_amounts_without_a_value_leave_those_that_are_known(nothing: Any) -> None:
    """Each amount within a field is judged separately, as the fields are."""
    eva = {"name": "Eva", "email": COPRODUCER}
    fees = {"transaction_fee": "2.97", "antifraud_fee": "1.00"}
    first = metadata_of(
        producer_email=PRODUCER,
        coproducers=[{**eva, "commission": "20.00"}, {"name": "Bia", "commission": "5.00"}],
        financial_fees={**fees, "total": "3.97"},
    )
    later = metadata_of(
        coproducers=[{**eva, "commission": nothing}, {"name": "Bia", "commission": "6.00"}],
        financial_fees={**fees, "antifraud_fee": nothing, "total": nothing},
    )
    for merged in (merge_metadata(first, later), merge_metadata(later, first)):
        assert earnings(merged, PRODUCER).fees == Decimal("3.97")
    known = earnings(merge_metadata(first, later), PRODUCER)
    assert known.partner_shares == Decimal("26.00")
    alone = earnings(later | {"producer_email": PRODUCER}, PRODUCER)
    assert (alone.fees, alone.partner_shares) == (None, None)


def test_unreadable_fees_and_shares_are_warnings() -> None:
    order: dict[str, Any] = {
        "logistic_fee": "a combinar",
        "financial_fees": {"transaction_fee": "2.97", "total": "?"},
        "coproducers": {"0": {"name": "Eva", "commission": "metade"}},
    }
    payload = parse_webhook(payloads.encode(payloads.order(**order))).payload
    assert isinstance(payload, Order)
    assert payload.sale
    # The total is the sum of its parts here; that it could not be read is no more than a warning.
    assert payload.sale.metadata["extra"] == {"order": order}
    assert {warning.cause for warning in payload.warnings} == {
        f"invalid_money:order.{name}" for name in order
    }
    assert earnings(payload.sale.metadata, "").values == {"fees": None, "partner_shares": None}


def test_parts_are_not_read_beside_a_total() -> None:
    fees = {"transaction_fee": "2.97", "plan": "D+2", "total": "3.97"}
    metadata = metadata_of(financial_fees=fees)
    assert metadata["financial_fees"] == fees
    assert "extra" not in metadata


def test_zero_is_an_amount() -> None:
    found = earnings(metadata_of(producer_commission="0", financial_fees={"total": 0}), "")
    assert found.commission == 0
    assert found.fees == 0


PARTNERS = [{"email": COPRODUCER, "commission": 20}, {"name": "Eva", "commission": "5,50"}]


@pytest.mark.parametrize(
    ("coproducers", "fees"),
    [
        (PARTNERS, {"total": "4.20"}),
        ({"0": PARTNERS[0], "2": PARTNERS[1]}, [{"total": "4.20"}]),
        (json.dumps(PARTNERS), json.dumps({"total": "4.20"})),
        (json.dumps(dict(enumerate(PARTNERS))), json.dumps([{"total": "4.20"}])),
    ],
    ids=["as usual", "objects of PHP", "texts of JSON", "objects in texts"],
)
def test_lists_and_objects_that_php_writes_in_other_ways_are_read(
    coproducers: Any, fees: Any
) -> None:
    """`filter()` of Laravel leaves gaps in a list; a column without a cast is a text."""
    metadata = metadata_of(
        producer_email=PRODUCER,
        producer_commission=80,
        coproducers=coproducers,
        financial_fees=fees,
    )
    assert earnings(metadata, PRODUCER).values == {
        "commission": Decimal("80.00"),
        "fees": Decimal("4.20"),
        "partner_shares": Decimal("25.50"),
    }
    assert earnings(metadata, COPRODUCER).commission == Decimal("20.00")
