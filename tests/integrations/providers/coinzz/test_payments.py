"""Payment methods as people and programs write them."""

from unicodedata import normalize

import pytest

from integrations.providers.coinzz.payments import payment_code


@pytest.mark.parametrize(
    ("method", "code"),
    [
        ("Venda pós-paga", "cash_on_delivery"),
        ("venda pos paga", "cash_on_delivery"),
        ("PÓS‑PAGO", "cash_on_delivery"),
        ("afterpay", "cash_on_delivery"),
        ("After Pay", "cash_on_delivery"),
        ("Pagamento na entrega", "cash_on_delivery"),
        ("Cartão na entrega", "cash_on_delivery"),
        ("cash_on_delivery", "cash_on_delivery"),
        ("pix", "pix"),
        (" PIX ", "pix"),
        ("Ｐｉｘ", "pix"),
        ("P\u200bix", "pix"),
        ("\ufeffPix parcelado", "pix"),
        ("credit_card", "card"),
        ("creditCard", "card"),
        ("Cartão", "card"),
        ("CARTAO DE CRÉDITO", "card"),
        ("Cartão de crédito 12x", "card"),
        ("debit-card", "card"),
        ("Boleto", "boleto"),
        ("Boleto bancário", "boleto"),
        ("bank_slip", "boleto"),
        ("Cripto", "other"),
        ("Venda pré-paga", "other"),
        ("?", "other"),
        ("", ""),
        (" \u200b ", ""),
    ],
)
def test_payment_method_has_a_code(method: str, code: str) -> None:
    assert payment_code(method) == code
    assert payment_code(normalize("NFD", method)) == code
