"""Column headers of a file of orders, and Coinzz's fields for them. Pure.

No file exported by Coinzz has been seen: the headers are guesses from the words of its panel. Add a
new header to the table, or to the setting COINZZ_EXPORT_COLUMNS.
"""

import re
from collections.abc import Mapping
from typing import Final
from unicodedata import combining, normalize

COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "order.order_number": (
        "Número do pedido",
        "Nº do pedido",
        "Pedido",
        "Código do pedido",
        "Código da venda",
        "Número da venda",
        "ID do pedido",
        "ID da venda",
    ),
    "order.date_order": ("Data do pedido", "Data da venda", "Data da compra", "Data"),
    "order.order_status": ("Status do pedido", "Status da venda", "Status", "Situação"),
    "order.shipping_status": (
        "Status do envio",
        "Status da entrega",
        "Status de entrega",
        "Situação da entrega",
        "Envio",
    ),
    "order.order_final_price": (
        "Valor",
        "Valor total",
        "Valor final",
        "Valor do pedido",
        "Valor da venda",
        "Preço",
        "Total",
    ),
    "order.order_quantity": ("Quantidade", "Qtd", "Qtde"),
    "order.product_name": ("Produto", "Nome do produto"),
    "order.product_code": ("Código do produto", "SKU"),
    "order.offer_name": ("Oferta", "Nome da oferta"),
    "order.offer_code": ("Código da oferta",),
    "order.method_payment": (
        "Forma de pagamento",
        "Método de pagamento",
        "Meio de pagamento",
        "Tipo de pagamento",
        "Pagamento",
    ),
    "order.total_installments": ("Parcelas", "Número de parcelas"),
    "order.tracking_code": ("Código de rastreio", "Código de rastreamento", "Rastreio"),
    "order.courier_name": ("Transportadora",),
    "order.producer_name": ("Produtor", "Nome do produtor"),
    "order.producer_email": ("E-mail do produtor",),
    "order.producer_commission": ("Comissão do produtor", "Comissão"),
    "order.affiliate_name": ("Afiliado", "Nome do afiliado"),
    "order.affiliate_email": ("E-mail do afiliado",),
    "order.affiliate_phone": ("Telefone do afiliado",),
    "order.affiliate_commission": ("Comissão do afiliado",),
    "client.client_name": ("Cliente", "Nome do cliente", "Nome", "Comprador"),
    "client.client_documment": (
        "CPF/CNPJ",
        "CPF",
        "CNPJ",
        "Documento",
        "CPF do cliente",
        "Documento do cliente",
    ),
    "client.client_email": ("E-mail", "E-mail do cliente"),
    "client.client_phone": ("Telefone", "Telefone do cliente", "Celular", "WhatsApp"),
    "client.client_address": ("Endereço", "Rua", "Logradouro"),
    "client.client_address_number": ("Número", "Número do endereço"),
    "client.client_address_comp": ("Complemento",),
    "client.client_address_district": ("Bairro",),
    "client.client_address_city": ("Cidade",),
    "client.client_address_state": ("Estado", "UF"),
    "client.client_zip_code": ("CEP",),
    "client.client_address_country": ("País",),
    "utms.utm_source": ("UTM source",),
    "utms.utm_medium": ("UTM medium",),
    "utms.utm_campaign": ("UTM campaign", "Campanha"),
    "utms.utm_content": ("UTM content",),
    "utms.utm_term": ("UTM term",),
}
"""Coinzz's field → headers. The field's own name (`order_number`) is a header, too."""

REQUIRED: Final = ("order.order_number", "order.order_final_price")
MONEY: Final = frozenset(
    {"order.order_final_price", "order.producer_commission", "order.affiliate_commission"}
)
DATES: Final = frozenset({"order.date_order"})

_NOT_LETTERS: Final = re.compile(r"[^a-z0-9]+")


def normalize_header(header: str) -> str:
    """Return the form in which headers are compared: no case, accents or punctuation."""
    letters = (letter for letter in normalize("NFKD", header) if not combining(letter))
    plain = _NOT_LETTERS.sub(" ", "".join(letters).casefold()).strip()
    return plain.replace("e mail", "email")


def known_headers(extra: Mapping[str, str]) -> dict[str, str]:
    """Return normalized header → field. `extra` maps more headers to fields without section."""
    names = {path.partition(".")[2]: path for path in COLUMNS}
    fields = {header: path for path, headers in COLUMNS.items() for header in headers} | names
    fields |= {header: names[name] for header, name in extra.items() if name in names}
    return {normalize_header(header): path for header, path in fields.items()}
