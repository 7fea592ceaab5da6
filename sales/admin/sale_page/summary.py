"""What a sale's page shows first: what is special about the sale, and its values with names."""

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import groupby
from typing import Any, Final

from django.utils.formats import date_format
from django.utils.timezone import localtime

from clients.admin import contact_values
from flowzz.backoffice.display import NamedValue, Notice, ValueGroup, change_url
from flowzz.core.formatting import format_reais
from sales.admin.sale_page.timeline import SaleExtension
from sales.admin.statuses import status_note
from sales.models import Sale
from sales.money import PaymentCode
from sales.sale_changes import STATUS_COLUMNS
from sales.statuses import SaleStatusField

_AMOUNT: Final = re.compile(r"-?[0-9]{1,12}[.][0-9]{1,2}")
_CORREIOS: Final = re.compile(r"[A-Z]{2}\d{9}[A-Z]{2}")
_CORREIOS_PAGE: Final = "https://rastreamento.correios.com.br/app/index.php?objetos={}"
_UTMS: Final = (
    ("source", "Origem (utm_source)"),
    ("medium", "Meio (utm_medium)"),
    ("campaign", "Campanha (utm_campaign)"),
    ("content", "Conteúdo (utm_content)"),
    ("term", "Termo (utm_term)"),
)
PAYMENT: Final = "Dinheiro"
DELIVERY: Final = "Entrega"


def notices(sale: Sale, extensions: Sequence[SaleExtension]) -> Iterator[Notice]:
    """Yield what makes the sale unlike the others: deleted, unassociated, erased, its statuses."""
    if sale.deleted_at:
        at = date_format(localtime(sale.deleted_at), "SHORT_DATETIME_FORMAT")
        yield Notice(f"Excluída na origem em {at}: não entra em número nenhum.", "bad")
    if not sale.is_associated:
        yield Notice(
            "Não associada: a origem só informou o hash, e pode ser o pedido de outra venda. Não "
            "entra em número nenhum até você a unir a outra ou contá-la, nos botões acima."
        )
    if sale.client and sale.client.erased_at:
        yield Notice(
            "Os dados pessoais do comprador foram apagados a pedido.",
            "info",
            change_url(sale.client),
            "Ver o cliente",
        )
    for field in SaleStatusField:
        if word := getattr(sale, STATUS_COLUMNS[field].unknown):
            text = f"{field.label}: veio “{word}”, que o Flowzz não reconhece."
            yield Notice(text, "warning", word_url(sale, field, extensions), "Dar um significado")
        elif note := status_note(sale, field):
            yield Notice(f"{field.label}: {note}", "info")


def word_url(sale: Sale, field: SaleStatusField, extensions: Sequence[SaleExtension]) -> str:
    """Return the URL of the page that gives the sale's unknown status word a meaning."""
    urls = (extra.word_url(sale, field) for extra in extensions if extra.word_url)
    return next(filter(None, urls), "")


def value_groups(sale: Sale, extensions: Sequence[SaleExtension]) -> list[ValueGroup]:
    """Return the buyer, the product, the money and the rest that is known, by name."""
    client = sale.client
    known = {extra_title: list(found) for extra_title, found in _metadata(sale, extensions)}
    quantity = sale.quantity if sale.quantity != 1 else None
    groups = [
        ValueGroup("Pedido", "tag", list(_order(sale, extensions))),
        ValueGroup("Comprador", "person", contact_values(client) if client else ()),
        ValueGroup(
            "Produto",
            "inventory_2",
            [
                NamedValue("Produto", sale.product_name),
                NamedValue("Código", sale.product_sku, is_copied=True),
                NamedValue("Quantidade", quantity),
                NamedValue("Preço unitário", format_reais(sale.unit_price) if quantity else ""),
                *known.pop("Produto", ()),
            ],
        ),
        ValueGroup(PAYMENT, "payments", [*_money(sale), *known.pop(PAYMENT, ())]),
        ValueGroup(DELIVERY, "local_shipping", [*_delivery(sale), *known.pop(DELIVERY, ())]),
        ValueGroup("Campanha", "campaign", list(_campaign(sale))),
        *(ValueGroup(title, "handshake", found) for title, found in known.items()),
    ]
    return [group for group in groups if group.known]


def _order(sale: Sale, extensions: Sequence[SaleExtension]) -> Iterator[NamedValue]:
    yield NamedValue("Número", sale.external_id, is_copied=True)
    if not sale.has_only_hash:
        yield NamedValue("Hash", sale.order_hash, is_copied=True)
    for extra in extensions:
        if extra.order_page and (page := extra.order_page(sale)):
            yield NamedValue("Na origem", page[1], page[0], is_external=True)
    yield NamedValue("Vendedor(a)", str(sale.user), change_url(sale.user))


def _money(sale: Sale) -> Iterator[NamedValue]:
    amounts = {
        "Valor total": sale.total_price,
        "Comissão": sale.commission,
        "Taxas": sale.fees,
        "Comissões de parceiros": sale.partner_shares,
        "Líquido": sale.net,
    }
    for label, amount in amounts.items():
        yield NamedValue(label, "" if amount is None else format_reais(amount))
    is_known = sale.payment_code not in ("", PaymentCode.OTHER)
    method = sale.get_payment_code_display() if is_known else sale.payment_method
    yield NamedValue("Forma de pagamento", method)


def _delivery(sale: Sale) -> Iterator[NamedValue]:
    code = sale.tracking_code
    url = _CORREIOS_PAGE.format(code) if _CORREIOS.fullmatch(code) else ""
    yield NamedValue("Código de rastreio", code, url, is_copied=True, is_external=True)


def _campaign(sale: Sale) -> Iterator[NamedValue]:
    utms = sale.metadata.get("utms")
    for name, label in _UTMS if isinstance(utms, dict) else ():
        yield NamedValue(label, utms.get(name))


def _metadata(
    sale: Sale, extensions: Sequence[SaleExtension]
) -> Iterator[tuple[str, Iterator[NamedValue]]]:
    """Yield what the source's own fields say, by group."""
    fields = [row for extra in extensions for row in extra.metadata_fields(sale)]
    for group, rows in groupby(fields, key=lambda row: row[0]):
        yield group, (NamedValue(label, _text(value)) for _, label, value in rows)


def _text(value: Any) -> str:
    """Return a plain value as text; what is nested is in the complete data only."""
    if _AMOUNT.fullmatch(str(value)):
        return format_reais(Decimal(str(value)))
    return "" if value is None or isinstance(value, dict | list | bool) else str(value)
