"""Column headers of a file of orders, and Coinzz's fields for them. Pure.

No file exported by Coinzz has been seen: the headers are guesses from the words of its panel. Add a
new header to the table, or to the setting COINZZ_EXPORT_COLUMNS.
"""

import re
from collections.abc import Mapping
from typing import Final

from clients.cleaning import fold
from flowzz.core.caching import cache_short

TOTAL: Final = "order.order_final_price"
UNIT_PRICE: Final = "order.unit_price"
QUANTITY: Final = "order.order_quantity"
NUMBER: Final = "order.order_number"
HASH: Final = "order.order_hash"
DATE: Final = "order.date_order"
TIME: Final = "order.time_order"
PHONE: Final = "client.client_phone"
AREA_CODE: Final = "client.phone_area_code"
COUNTRY_CODE: Final = "client.phone_country_code"

COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    NUMBER: (
        "Número do pedido",
        "Pedido",
        "Código do pedido",
        "Código da venda",
        "Número da venda",
        "ID do pedido",
        "ID da venda",
        "ID",
    ),
    HASH: ("Hash do pedido", "Hash", "Hash da venda"),
    DATE: (
        "Data do pedido",
        "Data da venda",
        "Data da compra",
        "Data",
        "Data e hora",
        "Data e hora do pedido",
    ),
    TIME: ("Hora do pedido", "Hora", "Horário", "Hora da venda", "Hora da compra"),
    "order.order_status": (
        "Status do pedido",
        "Status da venda",
        "Status",
        "Situação",
        "Situação do pedido",
        "Situação da venda",
    ),
    "order.shipping_status": (
        "Status do envio",
        "Status da entrega",
        "Situação da entrega",
        "Situação do envio",
        "Envio",
    ),
    TOTAL: (
        "Valor total",
        "Valor",
        "Valor final",
        "Valor do pedido",
        "Valor da venda",
        "Valor da compra",
        "Valor pago",
        "Preço final",
        "Preço total",
        "Preço",
        "Total",
        "Total do pedido",
        "Total da venda",
    ),
    UNIT_PRICE: ("Preço unitário", "Valor unitário", "Preço por unidade", "Valor por unidade"),
    QUANTITY: ("Quantidade", "Quantidade de itens", "Quantidade de produtos"),
    "order.product_name": ("Produto", "Nome do produto"),
    "order.product_code": ("Código do produto", "SKU", "SKU do produto"),
    "order.offer_name": ("Oferta", "Nome da oferta"),
    "order.offer_code": ("Código da oferta",),
    "order.method_payment": (
        "Forma de pagamento",
        "Método de pagamento",
        "Meio de pagamento",
        "Tipo de pagamento",
        "Pagamento",
    ),
    "order.total_installments": ("Parcelas", "Número de parcelas", "Quantidade de parcelas"),
    "order.tracking_code": (
        "Código de rastreio",
        "Código de rastreamento",
        "Rastreio",
        "Rastreamento",
    ),
    "order.courier_name": ("Transportadora",),
    "order.producer_name": ("Produtor", "Nome do produtor"),
    "order.producer_email": ("E-mail do produtor",),
    "order.producer_commission": ("Comissão do produtor", "Comissão"),
    "order.affiliate_name": ("Afiliado", "Nome do afiliado"),
    "order.affiliate_email": ("E-mail do afiliado",),
    "order.affiliate_phone": ("Telefone do afiliado",),
    "order.affiliate_commission": ("Comissão do afiliado",),
    "order.deleted_at": ("Excluído em", "Data de exclusão"),
    "client.client_name": ("Cliente", "Nome do cliente", "Nome", "Nome completo"),
    "client.client_documment": (
        "CPF/CNPJ",
        "CPF",
        "CNPJ",
        "CPF ou CNPJ",
        "Documento",
        "CPF do cliente",
        "CPF/CNPJ do cliente",
        "Documento do cliente",
    ),
    "client.client_email": ("E-mail", "E-mail do cliente"),
    PHONE: (
        "Telefone",
        "Telefone do cliente",
        "Celular",
        "Celular do cliente",
        "Número de telefone",
        "WhatsApp",
    ),
    AREA_CODE: ("DDD", "Código de área", "DDD do telefone", "DDD do celular", "DDD do cliente"),
    COUNTRY_CODE: ("DDI", "DDI do telefone", "Código do país"),
    "client.client_address": ("Endereço", "Rua", "Logradouro", "Endereço do cliente"),
    "client.client_address_number": ("Número", "Número do endereço", "Número da casa"),
    "client.client_address_comp": ("Complemento", "Complemento do endereço"),
    "client.client_address_district": ("Bairro",),
    "client.client_address_city": ("Cidade", "Município", "Cidade do cliente"),
    "client.client_address_state": ("Estado", "UF", "Estado do cliente"),
    "client.client_zip_code": ("CEP", "CEP do cliente"),
    "client.client_address_country": ("País",),
    "utms.utm_source": ("UTM source",),
    "utms.utm_medium": ("UTM medium",),
    "utms.utm_campaign": ("UTM campaign", "Campanha"),
    "utms.utm_content": ("UTM content",),
    "utms.utm_term": ("UTM term",),
}
"""Coinzz's field → headers. The field's own name (`order_number`) is a header, too.

Not of Coinzz are `unit_price`, `time_order`, `phone_area_code` and `phone_country_code`: a file may
have in several columns what a body has in one field.
"""

REQUIRED: Final = ((NUMBER, HASH), (TOTAL, UNIT_PRICE))
"""A file has a column for one field of each group."""
MONEY: Final = frozenset({TOTAL, "order.producer_commission", "order.affiliate_commission"})
DATES: Final = frozenset({DATE, "order.deleted_at"})
WHOLE_NUMBERS: Final = frozenset({NUMBER, QUANTITY, "order.total_installments"})
CONVERTED: Final = DATES | WHOLE_NUMBERS | {HASH, PHONE}
"""Fields whose cells are converted, or joined with those of other columns."""
CODES: Final = frozenset({"client.client_documment", PHONE, "client.client_zip_code"})
"""Fields in which punctuation makes no difference."""

_SEPARATORS: Final = re.compile(r"[^a-z0-9]+")
_UNIT: Final = re.compile(
    r"[(\[]\s{0,9}(?:r?\$|brl|reais|em reais|un\.?|unid\.?|unidades?|qtde?\.?"
    r"|dd/mm/a{2,4}|aaaa-mm-dd)[^)\]]{0,40}[)\]]|\bem reais\b|r\$|\bbrl\b",
    re.IGNORECASE,
)
_SMALL_WORDS: Final = frozenset({"a", "as", "da", "das", "de", "do", "dos", "e", "o", "os"})
_SYNONYMS: Final = {
    **dict.fromkeys(("n", "no", "nr", "nro", "num"), "numero"),
    "cod": "codigo",
    **dict.fromkeys(("qtd", "qtde", "qnt", "qtdade", "quant"), "quantidade"),
    "dt": "data",
    **dict.fromkeys(("vl", "vlr", "val"), "valor"),
    **dict.fromkeys(("tel", "fone"), "telefone"),
    "cel": "celular",
    **dict.fromkeys(("pgto", "pagto", "pag"), "pagamento"),
    "prod": "produto",
    **dict.fromkeys(("unit", "unitaria", "un", "und", "unid"), "unitario"),
    "comprador": "cliente",
}
"""Abbreviations, and words with the same meaning in every header."""


@cache_short(1024)
def normalize_header(header: str) -> str:
    """Return the form in which headers are compared.

    Without case, accents, punctuation, units, small words and the order of the words.
    """
    words = _SEPARATORS.sub(" ", fold(_UNIT.sub(" ", header))).replace("e mail", "email").split()
    return " ".join(sorted(_SYNONYMS.get(word, word) for word in words if word not in _SMALL_WORDS))


def is_price(header: str) -> bool:
    """Return whether a header says "preço" only: of a unit, or of the order?"""
    return normalize_header(header) in _PRICES


def is_vague_amount(header: str) -> bool:
    """Return whether a header may be a unit's price if another column has the total."""
    return normalize_header(header) in _VAGUE_AMOUNTS


def known_headers(extra: Mapping[str, str]) -> dict[str, str]:
    """Return normalized header → field. `extra` maps more headers to fields without section."""
    names = {path.partition(".")[2]: path for path in COLUMNS}
    fields = {header: path for path, headers in COLUMNS.items() for header in headers} | names
    fields |= {header: names[name] for header, name in extra.items() if name in names}
    return {normalize_header(header): path for header, path in fields.items()}


_PRICES: Final = frozenset(map(normalize_header, ("Preço", "Preço do produto")))
_VAGUE_AMOUNTS: Final = _PRICES | {normalize_header("Valor")}
