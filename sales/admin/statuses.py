"""How a sale's statuses and its history are shown, and the filter of reported statuses."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from flowzz.backoffice.base_admin import ReadOnlyAdmin
from flowzz.backoffice.display import Figure, badge_column, badge_tone, two_line_cell
from flowzz.backoffice.lists.filter_fields import ChoiceFilter
from flowzz.core.formatting import format_reais
from sales.models import Sale, SaleStatusChange
from sales.models.sales import STATUS_MISSING, STATUS_REFUSED
from sales.sale_changes import STATUS_COLUMNS
from sales.statuses import HistoryField, SaleStatus, SaleStatusField, ShippingStatus

STATUS_COLOURS: Final = {
    SaleStatus.PENDING: "warning",
    SaleStatus.PAID: "info",
    SaleStatus.SHIPPED: "primary",
    SaleStatus.DELIVERED: "success",
    SaleStatus.CANCELLED: "danger",
    SaleStatus.REFUNDED: "danger",
}
SHIPPING_COLOURS: Final = {
    ShippingStatus.PENDING: "warning",
    ShippingStatus.SHIPPED: "primary",
    ShippingStatus.DELIVERED: "success",
    ShippingStatus.FAILED: "danger",
    ShippingStatus.RETURNED: "danger",
    ShippingStatus.CANCELLED: "danger",
}
_LABELS: Final[dict[str, Callable[[str], str]]] = {
    HistoryField.STATUS: lambda value: str(SaleStatus(value).label),
    HistoryField.SHIPPING: lambda value: str(ShippingStatus(value).label),
    HistoryField.PRICE: lambda value: format_reais(Decimal(value)),
    HistoryField.CLIENT: lambda value: f"cliente {value[-6:]}",
}
_badges: Final = {
    SaleStatusField.STATUS: badge_column("status", "status", STATUS_COLOURS),
    SaleStatusField.SHIPPING: badge_column("shipping_status", "entrega", SHIPPING_COLOURS),
}


_REPORTED: Final = {
    "desconhecido": ~Q(unknown_status="") | ~Q(unknown_shipping_status=""),
    "nao": STATUS_MISSING,
    "divergente": STATUS_REFUSED,
}


class ReportedStatusFilter(ChoiceFilter):
    title = "status informado"
    parameter_name = "informada"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("desconhecido", "Não reconhecido"),
            ("nao", "Não informado"),
            ("divergente", "Com divergência"),
        ]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Sale]") -> "QuerySet[Sale]":
        condition = _REPORTED.get(self.value() or "")
        return queryset.filter(condition) if condition else queryset


def status_cell(sale: Sale, field: SaleStatusField, word_url: str = "") -> SafeString:
    """Return the badge of a status, and a word about how it came about.

    `word_url` is where an unknown status word is given a meaning.
    """
    note: str | SafeString = _short_note(sale, field)
    if word_url and getattr(sale, STATUS_COLUMNS[field].unknown):
        note = format_html('<a class="bo-link" href="{}">{}</a>', word_url, note)
    return two_line_cell(_badges[field](None, sale), note)


def status_note(sale: Sale, field: SaleStatusField) -> str:
    """Explain why a status is not simply the last reported one; empty if it is."""
    columns = STATUS_COLUMNS[field]
    notes = []
    if overridden := _label(sale, columns.overridden):
        notes.append(f"Definido pela equipe; a origem informou {overridden}.")
    if refused := _label(sale, columns.refused):
        notes.append(f"A origem informou depois {refused}: seria um retrocesso, não foi aplicado.")
    if not (getattr(sale, columns.word) or overridden):
        notes.append("Não informado pela origem.")
    return " ".join(notes)


def summary_figures(sale: Sale) -> list[Figure]:
    """Return the sale's price and statuses."""
    tone = badge_tone(STATUS_COLOURS[SaleStatus(sale.status)])
    shipping_tone = badge_tone(SHIPPING_COLOURS[ShippingStatus(sale.shipping_status)])
    return [
        Figure("Valor", format_reais(sale.total_price)),
        _figure(sale, SaleStatusField.STATUS, tone),
        _figure(sale, SaleStatusField.SHIPPING, shipping_tone),
    ]


def _figure(sale: Sale, field: SaleStatusField, tone: str) -> Figure:
    return Figure(str(field.label), _label(sale, field), tone, _short_note(sale, field))


def _short_note(sale: Sale, field: SaleStatusField) -> str:
    columns = STATUS_COLUMNS[field]
    if word := getattr(sale, columns.unknown):
        return f"“{word}” não reconhecido"
    if getattr(sale, columns.overridden):
        return "definido pela equipe"
    if getattr(sale, columns.refused):
        return "com divergência"
    return "" if getattr(sale, columns.word) else "não informado"


def _label(sale: Sale, column: str) -> str:
    return str(getattr(sale, f"get_{column}_display")())


def value_label(change: SaleStatusChange, value: str) -> str:
    """Return one of a change's values as staff read it; a dash for none."""
    return _LABELS.get(change.field, str)(value) if value else "—"


def describe_change(change: SaleStatusChange) -> str:
    """Return both values, such as `Pendente → Pago`."""
    return f"{value_label(change, change.from_status)} → {value_label(change, change.to_status)}"


@admin.register(SaleStatusChange)
class SaleStatusChangeAdmin(ReadOnlyAdmin):
    list_display = ("changed_at", "sale", "field", "before", "after", "origin")
    list_filter = ("field", "origin")
    list_select_related = ("sale",)
    search_fields = ("sale__external_id__exact",)
    search_help_text = "Número do pedido"
    fields = ("sale", "field", "before", "after", "changed_at", "origin")
    readonly_fields = fields

    @admin.display(description="de")
    def before(self, change: SaleStatusChange) -> str:
        return value_label(change, change.from_status)

    @admin.display(description="para")
    def after(self, change: SaleStatusChange) -> str:
        return value_label(change, change.to_status)
