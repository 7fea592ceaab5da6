"""The admin of the history of sales, and how a change is displayed."""

from collections.abc import Callable
from decimal import Decimal
from typing import Final

from django.contrib import admin

from flowzz.backoffice.base_admin import ReadOnlyAdmin
from flowzz.core.formatting import format_reais
from sales.models import SaleStatusChange
from sales.statuses import HistoryField, SaleStatus, ShippingStatus

_LABELS: Final[dict[str, Callable[[str], str]]] = {
    HistoryField.STATUS: lambda value: str(SaleStatus(value).label),
    HistoryField.SHIPPING: lambda value: str(ShippingStatus(value).label),
    HistoryField.PRICE: lambda value: format_reais(Decimal(value)),
    HistoryField.CLIENT: lambda value: f"cliente {value[-6:]}",
}


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
    fields = ("sale", "field", "before", "after", "changed_at", "origin", "origin_id")
    readonly_fields = fields

    @admin.display(description="de")
    def before(self, change: SaleStatusChange) -> str:
        return value_label(change, change.from_status)

    @admin.display(description="para")
    def after(self, change: SaleStatusChange) -> str:
        return value_label(change, change.to_status)
