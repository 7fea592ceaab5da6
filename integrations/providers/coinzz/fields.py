"""Coinzz's field names (misspelt as they are) and the widths of our columns for them."""

from typing import Final, NamedTuple

NAME_WIDTH: Final = 500
EMAIL_WIDTH: Final = 254
CODE_WIDTH: Final = 128
SHORT_WIDTH: Final = 64
PLACE_WIDTH: Final = 200
REGION_WIDTH: Final = 100

ADDRESS: Final = ("client_address", "client_street")
COMPLEMENT: Final = ("client_address_comp", "client_address_complement")
"""Accounts and kinds of body use different names; the first field with a text counts."""


class Column(NamedTuple):
    """Our name for a text, and its greatest length."""

    name: str
    width: int


CUSTOMER: Final = {
    "client_name": Column("name", NAME_WIDTH),
    "client_email": Column("email", EMAIL_WIDTH),
    "client_phone": Column("phone", SHORT_WIDTH),
    "client_documment": Column("document", SHORT_WIDTH),
    "client_address_number": Column("address_number", SHORT_WIDTH),
    "client_address_district": Column("district", PLACE_WIDTH),
    "client_address_city": Column("city", PLACE_WIDTH),
    "client_address_state": Column("state", REGION_WIDTH),
    "client_zip_code": Column("cep", SHORT_WIDTH),
    "client_address_country": Column("country", REGION_WIDTH),
}
"""The texts of `Customer` that have one name in all bodies."""
REGIONS: Final = frozenset(
    {"client_address_city", "client_address_state", "client_address_country"}
)

CLIENT: Final = frozenset({*CUSTOMER, *ADDRESS, *COMPLEMENT})

SALE_TEXTS: Final = {
    "product_name": Column("product_name", NAME_WIDTH),
    "product_code": Column("product_sku", CODE_WIDTH),
    "method_payment": Column("payment_method", SHORT_WIDTH),
    "tracking_code": Column("tracking_code", CODE_WIDTH),
}

SALE: Final = frozenset(
    {
        "order_number",
        "order_hash",
        "product_name",
        "product_code",
        "order_quantity",
        "order_final_price",
        "method_payment",
        "date_order",
        "deleted_at",
    }
)
"""Fields of `order` with a column in `Sale`. All other fields go to its metadata."""

BUYERS: Final = frozenset(
    {
        "tracking_code",
        "qrcode_pix",
        "url_pix",
        "url_bank_slip",
        "pix",
        "bank_slip",
        "terms_and_conditions_file_path",
        "courier_name",
        "delivery_time",
        "agency_address",
    }
)
"""Metadata that leads to the buyer. Unknown fields may, too."""

STATUS_WORDS: Final = {"status": "order_status", "shipping_status": "shipping_status"}
"""Maps the name of a sale's status to the field with its word."""

FLAGS: Final = ("first_order", "second_order")
COUNTS: Final = ("deadline_delivery", "total_installments")
AMOUNTS: Final = frozenset({"producer_commission", "affiliate_commission", "logistic_fee"})
FEES: Final = frozenset({"logistic_fee"})
AS_SENT: Final = AMOUNTS | {"financial_fees", "coproducers", "pix", "bank_slip"}
"""Metadata of any type."""
EARNINGS: Final = AMOUNTS | {
    *("financial_fees", "coproducers", "producer_name", "producer_email"),
    *("affiliate_name", "affiliate_email"),
}
"""The metadata that commissions, fees and shares are derived from."""
METADATA: Final = frozenset(
    {
        *FLAGS,
        *COUNTS,
        *AMOUNTS,
        "financial_fees",
        "coproducers",
        *STATUS_WORDS.values(),
        *BUYERS,
        "producer_name",
        "producer_email",
        "affiliate_name",
        "affiliate_email",
        "affiliate_phone",
        "offer_code",
        "offer_name",
    }
)

TEXTS: Final = METADATA - {*FLAGS, *COUNTS, *AS_SENT}
ORDER_TEXTS: Final = TEXTS | SALE_TEXTS.keys()

IMPERSONAL: Final = METADATA - BUYERS | {"utms"}

PEOPLE: Final = (
    frozenset({"affiliate_name", "affiliate_email", "affiliate_phone"}),
    frozenset({"producer_name", "producer_email"}),
    frozenset({"name", "email"}),  # of `coproducers`
)
PERSONAL: Final = {
    "client_name": "name",
    "client_email": "email",
    "client_phone": "phone",
    "client_documment": "document",
    "affiliate_name": "name",
    "affiliate_email": "email",
    "affiliate_phone": "phone",
    "producer_name": "name",
    "producer_email": "email",
    "name": "name",
    "email": "email",
} | dict.fromkeys((*ADDRESS, *COMPLEMENT), "address")
"""Fields that describe a person and their kind, for masking; the last two of `coproducers`."""

METADATA_LABELS: Final = (
    ("offer_name", "Produto", "Oferta"),
    ("offer_code", "Produto", "Código da oferta"),
    ("total_installments", "Dinheiro", "Parcelas"),
    ("producer_commission", "Dinheiro", "Comissão do produtor"),
    ("affiliate_commission", "Dinheiro", "Comissão do afiliado"),
    ("financial_fees", "Dinheiro", "Taxas financeiras"),
    ("logistic_fee", "Dinheiro", "Taxa de logística"),
    ("courier_name", "Entrega", "Entregador"),
    ("delivery_time", "Entrega", "Previsão"),
    ("deadline_delivery", "Entrega", "Prazo (dias)"),
    ("agency_address", "Entrega", "Agência"),
    ("order_status", "Entrega", "Status na origem"),
    ("shipping_status", "Entrega", "Entrega na origem"),
    ("producer_name", "Produtor e afiliado", "Produtor"),
    ("producer_email", "Produtor e afiliado", "E-mail do produtor"),
    ("affiliate_name", "Produtor e afiliado", "Afiliado"),
    ("affiliate_email", "Produtor e afiliado", "E-mail do afiliado"),
    ("affiliate_phone", "Produtor e afiliado", "Telefone do afiliado"),
)
"""Metadata that staff see by name: field, group and label."""

SELLERS_EMAILS: Final = ("producer_email",)

UTMS: Final = {
    "utm_source": "source",
    "utm_medium": "medium",
    "utm_campaign": "campaign",
    "utm_content": "content",
    "utm_term": "term",
}

SUBSCRIPTION: Final = frozenset(
    {"subscription_hash", "status", "frequency", "cycle", "next_charge_date"}
)

ORDER_IDS: Final = ("order_number", "order_hash")
"""An order has one of them or both."""
API_STATUS: Final = "status"
"""The API's name of `order_status`."""

LABELS: Final = frozenset({"Postack", "general_info"})
"""Fields beside the sections: the seller's name for the postback, and the time of sending."""

KNOWN: Final[dict[str, frozenset[str]]] = {
    "client": CLIENT,
    "order": SALE | METADATA,
    "utms": frozenset(UTMS),
    "subscription": SUBSCRIPTION,
}
TOP: Final = LABELS | KNOWN.keys()

PUBLIC: Final = (
    SALE | (METADATA - BUYERS - PERSONAL.keys()) | UTMS.keys() | SUBSCRIPTION | LABELS | REGIONS
)
"""Fields of a body that staff without the permission for personal data may read."""
