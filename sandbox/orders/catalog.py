"""The `order` and `utms` sections of invented orders, as irregular as Coinzz's."""

from random import Random
from typing import NamedTuple

from sandbox.orders.clock import DAY_SECONDS, format_time
from sandbox.orders.order import Json


class Product(NamedTuple):
    code: str
    name: str
    cents: int
    """Price of one unit."""


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
_NEWER_FIELDS_PROBABILITY = 0.35
_AFFILIATE_PROBABILITY = 0.25
_DELETED_PROBABILITY = 0.01


def order_section(random: Random, stage: str, created_at: float) -> Json:
    """Return the `order` section of a new order, without its number and status words.

    `created_at` is in seconds since the epoch.
    """
    kind = stage.partition("_")[0]
    product = CLUB if kind == "subscription" else random.choice(PRODUCTS)
    quantity = 1 if product is CLUB else random.choice((1, 1, 1, 2, 3, 5))
    cents = product.cents * quantity * (11 - quantity) // 10
    section: Json = {
        "first_order": True,
        "second_order": False,
        "date_order": format_time(created_at),
        "deadline_delivery": _number(random, random.choice((2, 3, 7))),
        "order_number": "",
        "order_status": "",
        "shipping_status": "",
        "tracking_code": None,
        "order_quantity": _number(random, quantity),
        "product_name": product.name,
        "order_final_price": random.choice((cents / 100, f"{cents / 100:.2f}")),
        "method_payment": random.choice(_METHODS[kind]),
        "total_installments": _number(random, random.choice((1, 6, 12)) if kind == "card" else 1),
        "qrcode_pix": None,
        "url_pix": None,
        "url_bank_slip": None,
        "terms_and_conditions_file_path": None,
        "courier_name": None,
        "delivery_time": None,
        "producer_name": "Produtora Girassol",
        "producer_email": "contato@girassol.example",
        **_NO_AFFILIATE,
        "deleted_at": format_time(created_at + DAY_SECONDS)
        if random.random() < _DELETED_PROBABILITY
        else None,
    }
    _add_payment_codes(section, random)
    _add_affiliate_and_fees(section, random, product, cents)
    return section


def empty_utms() -> Json:
    return dict.fromkeys(_UTM_FIELDS)


def add_utms(body: Json, random: Random) -> None:
    """Add a `utms` section that is filled, partly filled or all null, or add none."""
    (kind,) = random.choices(("filled", "partly", "null", "absent"), weights=(25, 20, 40, 15))
    if kind == "absent":
        return
    utms = empty_utms()
    if kind != "null":
        utms.update(utm_source=random.choice(_SOURCES), utm_campaign=random.choice(_CAMPAIGNS))
    if kind == "filled":
        utms.update(
            utm_medium="cpc", utm_content=f"banner{random.randint(1, 5)}", utm_term="oferta"
        )
    body["utms"] = utms


def flag(random: Random, value: bool) -> bool | str:
    """Return a flag, in one of ten cases as a text."""
    return random.choice((*(value,) * 9, str(value).lower()))


def _number(random: Random, value: int) -> int | str:
    return random.choice((value, value, value, str(value)))


def _add_payment_codes(section: Json, random: Random) -> None:
    code = f"{random.randrange(10**12):012d}"
    if section["method_payment"] == "Boleto":
        section["url_bank_slip"] = f"https://boleto.girassol.example/{code}"
    elif section["method_payment"] in ("pix", "Pix"):
        pix = f"00020126BR.GOV.BCB.PIX0114{code}"
        link = f"https://pix.girassol.example/{code}"
        # Many accounts send the Pix code in all three fields, the boleto's included.
        codes = random.choice(((pix, pix, pix), (pix, link, None)))
        section["qrcode_pix"], section["url_pix"], section["url_bank_slip"] = codes


def _add_affiliate_and_fees(section: Json, random: Random, product: Product, cents: int) -> None:
    affiliated = random.random() < _AFFILIATE_PROBABILITY
    if affiliated:
        name, email, phone = random.choice(_AFFILIATES)
        section.update(affiliate_name=name, affiliate_email=email, affiliate_phone=phone)
    if affiliated or random.random() < _NEWER_FIELDS_PROBABILITY:
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
