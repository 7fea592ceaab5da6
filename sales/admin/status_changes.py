"""The admin of the history of sales' statuses, and how a change is displayed."""

from django.contrib import admin

from flowzz.backoffice.base_admin import ReadOnlyAdmin
from sales.models import SaleStatusChange
from sales.statuses import SaleStatus, SaleStatusField, ShippingStatus


def status_label(change: SaleStatusChange, status: str) -> str:
    """Return the label of one of a change's statuses; a dash for none."""
    statuses = SaleStatus if change.field == SaleStatusField.STATUS else ShippingStatus
    return str(statuses(status).label) if status else "—"


def describe_change(change: SaleStatusChange) -> str:
    """Return both statuses, such as `Pendente → Pago`."""
    return f"{status_label(change, change.from_status)} → {status_label(change, change.to_status)}"


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
        return status_label(change, change.from_status)

    @admin.display(description="para")
    def after(self, change: SaleStatusChange) -> str:
        return status_label(change, change.to_status)
