"""What is sold, by whom and how: the `order` and `utms` sections with Coinzz's habits."""

from random import Random
from typing import NamedTuple

from sandbox.clock import DAY, stamp
from sandbox.orders import Json


class Product(NamedTuple):
    code: str
    name: str
    cents: int
    """The price of one."""


class Affiliate(NamedTuple):
    name: str
    email: str
    phone: str


PRODUCTS = (
    Product("pro0001", "Creme Aurora", 14_990),
    Product("pro0002", "Sérum Orvalho", 19_700),
    Product("pro0003", "Cápsulas Vitalis", 12_999),
    Product("pro0004", "Kit Barba Jequitibá", 8_990),
    Product("pro0005", "Massageador Onda", 25_000),
    Product("pro0006", "Chá Serra Verde", 5_990),
)
CLUB = Product("pro0007", "Clube Vitalis", 5_990)
NOT_IN_SUBSCRIPTIONS = (
    "first_order",
    "second_order",
    "deadline_delivery",
    "qrcode_pix",
    "url_pix",
    "url_bank_slip",
    "terms_and_conditions_file_path",
)

_AFFILIATES = (
    Affiliate("Helena Prado", "helena.prado@example.com", "5432990001"),
    Affiliate("Otávio Rangel", "otavio.rangel@example.com", "62900000011"),
    Affiliate("Yara Menezes", "yara.menezes@example.com", "11900000012"),
    Affiliate("Nelson Veloso", "nelson.veloso@example.com", "85900000013"),
)
_NO_AFFILIATE: dict[str, None] = {
    "affiliate_name": None,
    "affiliate_email": None,
    "affiliate_phone": None,
}
_METHODS = {
    "cod": ("Venda pós-paga",),
    "pix": ("pix", "Pix", "pix", "Pix", "Boleto"),
    "card": ("Cartão", "credit_card"),
    "subscription": ("Cartão",),
}
_SOURCES = ("facebook", "google", "tiktok", "instagram", "kwai")
_CAMPAIGNS = ("blackfriday", "lancamento", "remarketing", "dia-das-maes", "frete-gratis")
_UTM_FIELDS = ("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term")
_WITH_NEWER_FIELDS = 0.35
_WITH_AFFILIATE = 0.25
_DELETED = 0.01


def order_section(dice: Random, start: str, born: float) -> Json:
    """Write the `order` section at birth, but for its number, its states and whose it is."""
    kind = start.partition("_")[0]
    product = CLUB if kind == "subscription" else dice.choice(PRODUCTS)
    quantity = 1 if product is CLUB else dice.choice((1, 1, 1, 2, 3, 5))
    cents = product.cents * quantity * (11 - quantity) // 10
    section: Json = {
        "first_order": True,
        "second_order": False,
        "date_order": stamp(born),
        "deadline_delivery": _number(dice, dice.choice((2, 3, 7))),
        "order_number": "",
        "order_status": "",
        "shipping_status": "",
        "tracking_code": None,
        "order_quantity": _number(dice, quantity),
        "product_name": product.name,
        "order_final_price": dice.choice((cents / 100, f"{cents / 100:.2f}")),
        "method_payment": dice.choice(_METHODS[kind]),
        "total_installments": _number(dice, dice.choice((1, 6, 12)) if kind == "card" else 1),
        "qrcode_pix": None,
        "url_pix": None,
        "url_bank_slip": None,
        "terms_and_conditions_file_path": None,
        "courier_name": None,
        "delivery_time": None,
        "producer_name": "Produtora Girassol",
        "producer_email": "contato@girassol.example",
        **_NO_AFFILIATE,
        "deleted_at": stamp(born + DAY) if dice.random() < _DELETED else None,
    }
    _add_payment_codes(section, dice)
    _add_affiliate_and_fees(section, dice, product, cents)
    return section


def no_utms() -> Json:
    return dict.fromkeys(_UTM_FIELDS)


def add_utms(body: Json, dice: Random) -> None:
    """Add the `utms` section: filled, half filled, all null, or not at all."""
    (kind,) = dice.choices(("filled", "partly", "null", "absent"), weights=(25, 20, 40, 15))
    if kind == "absent":
        return
    utms = no_utms()
    if kind != "null":
        utms.update(utm_source=dice.choice(_SOURCES), utm_campaign=dice.choice(_CAMPAIGNS))
    if kind == "filled":
        utms.update(utm_medium="cpc", utm_content=f"banner{dice.randint(1, 5)}", utm_term="oferta")
    body["utms"] = utms


def boolean(dice: Random, value: bool) -> bool | str:
    """Write a flag, at times as a text."""
    return dice.choice((*(value,) * 9, str(value).lower()))


def _number(dice: Random, value: int) -> int | str:
    return dice.choice((value, value, value, str(value)))


def _add_payment_codes(section: Json, dice: Random) -> None:
    code = f"{dice.randrange(10**12):012d}"
    if section["method_payment"] == "Boleto":
        section["url_bank_slip"] = f"https://boleto.girassol.example/{code}"
    elif section["method_payment"] in ("pix", "Pix"):
        pix = f"00020126BR.GOV.BCB.PIX0114{code}"
        link = f"https://pix.girassol.example/{code}"
        # Many accounts send the copy-and-paste code in all three, the boleto's included.
        codes = dice.choice(((pix, pix, pix), (pix, link, None)))
        section["qrcode_pix"], section["url_pix"], section["url_bank_slip"] = codes


def _add_affiliate_and_fees(section: Json, dice: Random, product: Product, cents: int) -> None:
    affiliated = dice.random() < _WITH_AFFILIATE
    if affiliated:
        name, email, phone = dice.choice(_AFFILIATES)
        section.update(affiliate_name=name, affiliate_email=email, affiliate_phone=phone)
    if affiliated or dice.random() < _WITH_NEWER_FIELDS:
        section.update(_newer_fields(product, section["order_quantity"], cents, affiliated))


def _newer_fields(product: Product, quantity: int | str, cents: int, affiliated: bool) -> Json:
    transaction, antifraud, logistic = cents * 25 // 1000 + 49, 100, 2_498
    affiliate = cents * 30 // 100 if affiliated else 0
    coproducer = cents * 5 // 100
    producer = max(0, cents - transaction - antifraud - logistic - affiliate - coproducer)
    return {
        "product_code": product.code,
        "offer_code": product.code.replace("pro", "off"),
        "offer_name": f"{quantity} un. {product.name}",
        "agency_address": None,
        "producer_commission": producer / 100,
        "affiliate_commission": affiliate / 100,
        "logistic_fee": logistic / 100,
        "financial_fees": {
            "transaction_fee": transaction / 100,
            "antifraud_fee": antifraud / 100,
            "total": (transaction + antifraud) / 100,
        },
        "coproducers": [
            {
                "name": "Rosana Gouveia",
                "email": "rosana.gouveia@example.com",
                "commission": coproducer / 100,
            }
        ],
    }
