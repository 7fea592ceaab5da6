"""What an export of sales or of clients tells of each row, and what of it is personal."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.db.models import Model
from django.db.models.fields.json import KT
from django.utils.timezone import get_default_timezone

from clients.documents import format_document
from clients.identity import Match
from clients.models import Client, ClientStatus
from flowzz.backoffice import masking
from sales.exports.spreadsheet_writers import Cell
from sales.models import Sale
from sales.models.exports import ExportSubject
from sales.statuses import SaleStatus, ShippingStatus

Show = Callable[[Any], Cell]


def _as_it_is(value: Any) -> Cell:
    cell: Cell = value
    return cell


def _local(moment: datetime) -> datetime:
    """In São Paulo, to the second, without its zone."""
    return moment.astimezone(get_default_timezone()).replace(tzinfo=None, microsecond=0)


def _label(labels: Mapping[str, Any]) -> Show:
    return lambda value: str(labels.get(value, value))


def _phone(phone: str) -> str:
    """`+5562954544554` as `55 62 95454-4554`: a leading plus would pass for a formula."""
    digits = phone.removeprefix("+")
    if digits.startswith("55"):
        digits = f"55 {digits[2:4]} {digits[4:]}"
    return f"{digits[:-4]}-{digits[-4:]}"


def _masked_phone(phone: str) -> str:
    return masking.mask_phone(phone).removeprefix("+")


def _cep(cep: str) -> str:
    """With its hyphen, without which a spreadsheet drops the first zero."""
    return f"{cep[:5]}-{cep[5:]}" if len(cep) == 8 else cep


@dataclass(frozen=True, slots=True)
class Column:
    """A value by its path from the row, as people read it; `mask` hides it from who may not."""

    title: str
    path: str
    show: Show = _as_it_is
    mask: masking.Mask | None = None

    def cell(self, value: Any, *, is_masked: bool) -> Cell:
        if value is None or value == "":
            return None
        return self.mask(str(value)) if is_masked and self.mask else self.show(value)


@dataclass(frozen=True, slots=True)
class Table:
    """`order` is what rows are read by, newest first: unique, and served by an index."""

    model: type[Model]
    order: tuple[str, ...]
    columns: tuple[Column, ...]
    derived: Mapping[str, Any] = field(default_factory=dict)

    @property
    def titles(self) -> list[str]:
        return [column.title for column in self.columns]


_UTMS: Final = {
    f"utm_{name}": f"metadata__utms__{name}" for name in ("source", "medium", "campaign")
}

_PERSON: Final = (
    ("Cliente", "name", _as_it_is, masking.mask_name),
    ("CPF/CNPJ", "cpf", format_document, masking.mask_document),
    ("Telefone", "phone", _phone, _masked_phone),
    ("E-mail", "email", _as_it_is, masking.mask_email),
)
_PLACE: Final = (("Cidade", "city"), ("Estado", "state"))

_SALE: Final = (
    Column("Pedido", "external_id"),
    Column("Origem", "source"),
    Column("Usuário", "user__email"),
    Column("Data da venda", "sale_date", _local),
    Column("Situação", "status", _label(dict(SaleStatus.choices))),
    Column("Entrega", "shipping_status", _label(dict(ShippingStatus.choices))),
    Column("Produto", "product_name"),
    Column("Código do produto", "product_sku"),
    Column("Quantidade", "quantity"),
    Column("Preço unitário (R$)", "unit_price"),
    Column("Valor total (R$)", "total_price"),
    Column("Comissão (R$)", "commission"),
    Column("Forma de pagamento", "payment_method"),
    Column("Código de rastreio", "tracking_code", mask=masking.mask_text),
    *(Column(title, f"client__{path}", show, mask) for title, path, show, mask in _PERSON),
    *(Column(title, f"client__{path}") for title, path in _PLACE),
    Column("Cliente reconhecido por", "client_match", _label(dict(Match.choices))),
    Column("Pago em", "paid_at", _local),
    Column("Enviado em", "shipped_at", _local),
    Column("Entregue em", "delivered_at", _local),
    Column("Cancelado em", "cancelled_at", _local),
    Column("Excluído em", "deleted_at", _local),
    *(Column(name, name, mask=masking.mask_emails_in) for name in _UTMS),
)
_CLIENT: Final = (
    *(Column(*person) for person in _PERSON),
    Column("Endereço", "address", mask=masking.mask_text),
    Column("Número", "address_number", mask=masking.mask_text),
    Column("Complemento", "complement", mask=masking.mask_text),
    Column("Bairro", "district", mask=masking.mask_text),
    *(Column(*place) for place in _PLACE),
    Column("CEP", "cep", _cep, masking.mask_text),
    Column("País", "country"),
    Column("Situação", "status", _label(dict(ClientStatus.choices))),
    Column("Usuário", "user__email"),
    Column("Criado em", "created_at", _local),
    Column("Id", "id", str),
)
TABLES: Final = {
    ExportSubject.SALES: Table(
        Sale, ("sale_date", "id"), _SALE, {name: KT(path) for name, path in _UTMS.items()}
    ),
    ExportSubject.CLIENTS: Table(Client, ("id",), _CLIENT),
}
