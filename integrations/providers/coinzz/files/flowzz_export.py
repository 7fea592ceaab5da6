"""Files of sales that Flowzz itself exported, imported again. Pure.

They hold our own statuses and no words of Coinzz: their lines become orders without its reader.
`sales/exports/columns.py` writes them.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Final, TypeVar

from clients.cleaning import clean_text
from clients.customer import Customer
from integrations.providers.coinzz.files.cells import is_totals_label, iso_date
from integrations.providers.coinzz.files.lines import CUT, NOT_CSV, TOTALS
from integrations.providers.coinzz.files.text_tables import Row
from integrations.providers.coinzz.money import payment_code
from integrations.providers.coinzz.values import (
    Unreadable,
    parse_count,
    parse_datetime,
    parse_identity,
    parse_money,
)
from integrations.providers.contracts import FileLine, Order
from sales.facts import SaleFacts
from sales.statuses import SaleStatus, ShippingStatus

T = TypeVar("T")
StatusT = TypeVar("StatusT", SaleStatus, ShippingStatus)

SIGNATURE: Final = frozenset({"Pedido", "Status", "Valor total (R$)", "Cliente reconhecido por"})
"""Titles that a file of ours has, and no other."""
IGNORED: Final = frozenset(
    {
        *("Origem", "Preço unitário (R$)", "Cliente reconhecido por"),
        *("Pago em", "Enviado em", "Entregue em", "Cancelado em"),
    }
)
"""Titles of what Flowzz derives by itself."""
UTMS: Final = ("source", "medium", "campaign")
_HIDDEN: Final = "***"
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")


def is_own_export(headers: Iterable[str]) -> bool:
    return set(headers) >= SIGNATURE


def read_lines(headers: Sequence[str], rows: Iterable[Row]) -> Iterator[FileLine]:
    for row in rows:
        if row.cells is None:
            yield FileLine(number=row.number, problems=(NOT_CSV,))
        elif not row.cells[0] or is_totals_label(row.cells[0]):
            yield FileLine(number=row.number, problems=(TOTALS,))
        elif row.is_unfinished and len(row.cells) < len(headers):
            yield FileLine(number=row.number, problems=(CUT,))
        else:
            line = dict(zip(headers, row.cells, strict=False))
            yield _read_line(row.number, line)


def _unescape_formula(cell: str) -> str:
    """Remove the apostrophe that an export puts before a formula."""
    is_escaped = cell.startswith("'") and cell.lstrip("'").startswith(_FORMULA)
    return cell[1:] if is_escaped else cell


@dataclass(slots=True)
class _Cells:
    cells: Mapping[str, str]

    def raw(self, title: str) -> str:
        return _unescape_formula(self.cells.get(title, ""))

    def text(self, title: str) -> str:
        return clean_text(self.raw(title))

    def personal(self, title: str) -> str:
        """Return a text; empty if the export masked it."""
        text = self.text(title)
        return "" if _HIDDEN in text else text

    def read(self, parse: Callable[[str], T], title: str) -> T:
        try:
            return parse(self.text(title))
        except Unreadable as error:
            raise Unreadable(error.reason, f"Coluna “{title}”: {error.message}") from None


def _read_line(number: int, line: Mapping[str, str]) -> FileLine:
    cells = _Cells(line)
    owner_email = cells.text("Vendedor(a)")
    try:
        order = Order(customer=_customer(cells), sale=_sale(cells))
    except Unreadable as error:
        return FileLine(number=number, owner_email=owner_email, problems=(error.message,))
    return FileLine(number=number, owner_email=owner_email, order=order)


def _customer(cells: _Cells) -> Customer:
    return Customer(
        name=cells.personal("Cliente"),
        email=cells.personal("E-mail"),
        phone=cells.personal("Telefone"),
        document=cells.personal("CPF/CNPJ"),
        city=cells.text("Cidade"),
        state=cells.text("Estado"),
    )


def _sale(cells: _Cells) -> SaleFacts:
    payment_method = cells.text("Forma de pagamento")
    utms = {name: text for name in UTMS if (text := cells.personal(f"utm_{name}"))}
    deleted_at = cells.read(_time, "Excluído em")
    return SaleFacts(
        external_id=cells.read(parse_identity, "Pedido"),
        order_hash=cells.read(parse_identity, "Hash do pedido"),
        total_price=cells.read(_amount, "Valor total (R$)"),
        quantity=cells.read(parse_count, "Quantidade"),
        product_name=cells.text("Produto"),
        product_sku=cells.text("Código do produto"),
        status=cells.read(partial(_status, SaleStatus), "Status"),
        shipping_status=cells.read(partial(_status, ShippingStatus), "Entrega"),
        payment_method=payment_method,
        payment_code=payment_code(payment_method),
        sale_date=cells.read(_time, "Data da venda"),
        commission=cells.read(_amount, "Comissão (R$)"),
        tracking_code=cells.personal("Código de rastreio"),
        deleted_at=deleted_at,
        reports_deletion=deleted_at is not None,
        metadata={"utms": utms} if utms else {},
    )


def _amount(text: str) -> Decimal | None:
    """Return an amount, which may be negative: a commission can be."""
    amount = parse_money(text.removeprefix("-"))
    return -amount if amount and text.startswith("-") else amount


def _time(text: str) -> datetime | None:
    return parse_datetime(iso_date(text))


def _status(statuses: type[StatusT], text: str) -> StatusT | None:
    for status in statuses:
        if text.casefold() in (str(status.label).casefold(), status.value.casefold()):
            return status
    if not text:
        return None
    labels = ", ".join(str(status.label) for status in statuses)
    raise Unreadable("unknown_status", f"use um destes: {labels}.")
