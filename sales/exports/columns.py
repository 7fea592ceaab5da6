"""The columns of exported sales and clients, with their formats and masks."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.db.models import Model
from django.db.models.fields.json import KT
from django.utils.timezone import get_default_timezone

from clients.contacts import format_cep, format_phone
from clients.documents import format_document
from clients.identity import Match
from clients.models import Client, ClientStatus
from flowzz.backoffice import masking
from sales.exports.spreadsheet_writers import Cell
from sales.models import Sale
from sales.models.exports import ExportSubject
from sales.statuses import SaleStatus, ShippingStatus

Format = Callable[[Any], Cell]


def _unchanged(value: Any) -> Cell:
    cell: Cell = value
    return cell


def _local(time: datetime) -> datetime:
    """Convert to a naive time in São Paulo, without microseconds."""
    return time.astimezone(get_default_timezone()).replace(tzinfo=None, microsecond=0)


def _label(labels: Mapping[str, Any]) -> Format:
    return lambda value: str(labels.get(value, value))


def _phone(phone: str) -> str:
    """Format `+5562954544554` as `+55 62 95454-4554`: a spreadsheet reads no number there."""
    digits = phone.removeprefix("+")
    if digits.startswith("55"):
        return f"+55 {digits[2:4]} {digits[4:-4]}-{digits[-4:]}"
    return format_phone(phone)


@dataclass(frozen=True, slots=True)
class Column:
    """A column with the path of its value; `mask` is applied in exports with masked data."""

    title: str
    path: str
    format: Format = _unchanged
    mask: masking.Mask | None = None

    def cell(self, value: Any, *, is_masked: bool) -> Cell:
        if value is None or value == "":
            return None
        return self.mask(str(value)) if is_masked and self.mask else self.format(value)


@dataclass(frozen=True, slots=True)
class Table:
    """A table; `order` is a unique, indexed key by which rows are read, newest first."""

    name: str
    model: type[Model]
    order: tuple[str, ...]
    columns: tuple[Column, ...]
    derived: Mapping[str, Any] = field(default_factory=dict)


_UTMS: Final = {
    f"utm_{name}": f"metadata__utms__{name}" for name in ("source", "medium", "campaign")
}

_PERSON: Final = (
    ("Cliente", "name", _unchanged, masking.mask_name),
    ("CPF/CNPJ", "cpf", format_document, masking.mask_document),
    ("Telefone", "phone", _phone, masking.mask_phone),
    ("E-mail", "email", _unchanged, masking.mask_email),
)
_CITY: Final = (("Cidade", "city"), ("Estado", "state"))

_SALE: Final = (
    Column("Pedido", "external_id"),
    Column("Origem", "source", str.capitalize),
    Column("Vendedor(a)", "user__email"),
    Column("Data da venda", "sale_date", _local),
    Column("Status", "status", _label(dict(SaleStatus.choices))),
    Column("Entrega", "shipping_status", _label(dict(ShippingStatus.choices))),
    Column("Produto", "product_name"),
    Column("Código do produto", "product_sku"),
    Column("Quantidade", "quantity"),
    Column("Preço unitário (R$)", "unit_price"),
    Column("Valor total (R$)", "total_price"),
    Column("Comissão (R$)", "commission"),
    Column("Forma de pagamento", "payment_method"),
    Column("Código de rastreio", "tracking_code", mask=masking.mask_text),
    *(Column(title, f"client__{path}", format_, mask) for title, path, format_, mask in _PERSON),
    *(Column(title, f"client__{path}") for title, path in _CITY),
    Column("Cliente reconhecido por", "client_match", _label(dict(Match.choices))),
    Column("Pago em", "paid_at", _local),
    Column("Enviado em", "shipped_at", _local),
    Column("Entregue em", "delivered_at", _local),
    Column("Cancelado em", "cancelled_at", _local),
    Column("Excluído em", "deleted_at", _local),
    *(Column(name, name, mask=masking.mask_emails_in) for name in _UTMS),
    Column("Hash do pedido", "order_hash"),
)
_CLIENT: Final = (
    *(Column(*person) for person in _PERSON),
    Column("Endereço", "address", mask=masking.mask_text),
    Column("Número", "address_number", mask=masking.mask_text),
    Column("Complemento", "complement", mask=masking.mask_text),
    Column("Bairro", "district", mask=masking.mask_text),
    *(Column(*city) for city in _CITY),
    Column("CEP", "cep", format_cep, masking.mask_text),
    Column("País", "country"),
    Column("Status", "status", _label(dict(ClientStatus.choices))),
    Column("Vendedor(a)", "user__email"),
    Column("Criado em", "created_at", _local),
    Column("Id", "id", str),
)
TABLES: Final = {
    ExportSubject.SALES: Table(
        "Vendas", Sale, ("sale_date", "id"), _SALE, {name: KT(path) for name, path in _UTMS.items()}
    ),
    ExportSubject.CLIENTS: Table("Clientes", Client, ("id",), _CLIENT),
}
