"""The admin of sales: a filtered list with its totals, and each sale's timeline."""

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import is_aware, localtime

from clients.admin import CLIENT_MASKS, ClientSearchAdmin
from flowzz.backoffice import audit_log, masking
from flowzz.backoffice.display import (
    NOTHING,
    breakable_email,
    bullet_list,
    platform_column,
    preformatted,
    reais_column,
    section,
    short_datetime,
    two_line_cell,
)
from flowzz.backoffice.filters import PeriodFilter, SellerFilter, WarningFilter
from flowzz.core.formatting import format_count, format_json
from sales.admin.exports import extend_with_export
from sales.admin.sale_filters import (
    CampaignFilter,
    DeletedFilter,
    ProductFilter,
    SourceFilter,
    UnassociatedFilter,
)
from sales.admin.sale_page import timeline_sources
from sales.admin.sale_page.summary import notices, value_groups, word_url
from sales.admin.sale_page.timeline import SaleExtension, TimelineQuery, build_timeline
from sales.admin.statuses import ReportedStatusFilter, status_cell, summary_figures
from sales.admin.totals import formatted_totals, seller_charts
from sales.models import Sale, SaleMerge
from sales.models.exports import ExportSubject
from sales.money import PaymentCode
from sales.order_ids.merges import associate
from sales.statuses import SaleStatusField

CAMPAIGN_FIELDS = ("source", "medium", "campaign", "content", "term")
_END = datetime.max.replace(tzinfo=UTC)


@admin.register(Sale)
class SaleAdmin(ClientSearchAdmin):
    change_form_outer_before_template = "sales/sale_timeline.html"
    masks = {f"client__{name}": mask for name, mask in CLIENT_MASKS.items()} | {
        "tracking_code": masking.mask_text
    }
    list_display = (
        "number",
        "product",
        "client",
        "price",
        "status_badge",
        "shipping_badge",
        "seller",
    )
    list_filter = (
        ("sale_date", PeriodFilter),
        "status",
        "shipping_status",
        ReportedStatusFilter,
        "payment_code",
        ProductFilter,
        CampaignFilter,
        SellerFilter,
        SourceFilter,
        WarningFilter,
        UnassociatedFilter,
        DeletedFilter,
    )
    linked_lookups = ("created_at__gte", "created_at__lt")
    actions = ("count_unassociated",)
    list_panels = ("sales/totals_panel.html",)
    routes = {"totals": "totais"}
    ordering = ("-sale_date", "-id")
    list_select_related = ("client", "user")
    search_fields = ("external_id", "order_hash")
    search_help_text = "Número ou hash do pedido; CPF ou CNPJ, telefone, e-mail ou nome do cliente"
    exact_search_help_text = f"{search_help_text}, inteiros"
    fieldsets = (
        section(
            "Datas",
            ("sale_date", "paid_at", "shipped_at"),
            ("delivered_at", "cancelled_at", "deleted_at"),
            ("last_observed", "created_at", "updated_at"),
        ),
        section("Outros dados", "client_match", "platform", "warnings"),
        ("Dados completos", {"fields": ("formatted_metadata",), "classes": ("collapse",)}),
    )

    @admin.display(description="status", ordering="status")
    def status_badge(self, sale: Sale) -> SafeString:
        return self._status_cell(sale, SaleStatusField.STATUS)

    @admin.display(description="entrega", ordering="shipping_status")
    def shipping_badge(self, sale: Sale) -> SafeString:
        return self._status_cell(sale, SaleStatusField.SHIPPING)

    def _status_cell(self, sale: Sale, field: SaleStatusField) -> SafeString:
        return status_cell(sale, field, word_url(sale, field, self.sale_extensions))

    @admin.display(description="pedido", ordering="sale_date")
    def number(self, sale: Sale) -> SafeString:
        nowrap = '<span class="whitespace-nowrap">{}</span>'
        deleted = "excluída" if sale.deleted_at else ""
        unassociated = "" if sale.is_associated else "não associada"
        parts = (short_datetime(sale.sale_date), deleted, unassociated)
        line = " · ".join(filter(None, parts))
        return two_line_cell(sale.external_id, format_html(nowrap, line))

    @admin.display(description="produto")
    def product(self, sale: Sale) -> SafeString:
        return two_line_cell(sale.product_name, self._payment_method(sale))

    def _payment_method(self, sale: Sale) -> str:
        """Show the code, and the word as sent where it says more."""
        label = sale.get_payment_code_display()
        if sale.payment_code == PaymentCode.OTHER or not label:
            return sale.payment_method
        return label

    @admin.display(description="vendedor(a)")
    def seller(self, sale: Sale) -> SafeString:
        return breakable_email(sale.user)

    platform = platform_column("source", "origem")
    price = reais_column("total_price", "valor")

    @admin.display(description="última atividade")
    def last_observed(self, sale: Sale) -> str:
        return date_format(localtime(sale.observed_at), "DATETIME_FORMAT")

    @admin.display(description="avisos", empty_value=NOTHING)
    def warnings(self, sale: Sale) -> SafeString:
        """List the values that could not be read; the metadata has them as sent."""
        extensions = self.sale_extensions
        describe = extensions[0].describe_warning if extensions else str
        return bullet_list(map(describe, sale.value_warnings))

    @admin.display(description="outros dados")
    def formatted_metadata(self, sale: Sale) -> SafeString:
        return preformatted(format_json(sale.metadata))

    @property
    def sale_extensions(self) -> list[SaleExtension]:
        return [extra for extra in self.extensions if isinstance(extra, SaleExtension)]

    def mask_details(self, row: Sale) -> None:
        """Mask the metadata by its source's rules; of an unknown source, show the campaign only."""
        for extension in self.sale_extensions:
            masked = extension.mask_metadata(row) if extension.mask_metadata else None
            if masked is not None:
                row.metadata = masked
                return
        row.metadata = masking.mask_payload(row.metadata, {}, CAMPAIGN_FIELDS)

    def detail_context(self, request: HttpRequest, row: Sale) -> dict[str, Any]:
        before = _aware_datetime(request.GET.get("antes", ""))
        query = TimelineQuery(row, before or _END, request)
        entries = timeline_sources.collect(query, self.sale_extensions)
        return {
            "notices": list(notices(row, self.sale_extensions)),
            "figures": summary_figures(row),
            "value_groups": value_groups(row, self.sale_extensions),
            "timeline": build_timeline(entries),
            "before": before,
        }

    def change_view(
        self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Redirect from a sale that was merged into another to that one, and say so."""
        if kept_id := SaleMerge.objects.kept_sale_id(UUID(object_id)):
            messages.info(request, "Este pedido foi unido a outro: esta é a venda que ficou.")
            return redirect("admin:sales_sale_change", kept_id)
        return super().change_view(request, object_id, *args, **kwargs)

    @admin.action(description="Contar as não associadas", permissions=["merge"])
    def count_unassociated(self, request: HttpRequest, sales: "QuerySet[Sale]") -> None:
        """Count sales as orders of their own."""
        count = associate(list(sales.filter(is_associated=False).values_list("id", flat=True)))
        if count:
            audit_log.record(request, "Associou vendas", None, details={"vendas": count})
        text = f"{format_count(count, 'venda passou', 'vendas passaram')} a entrar nos números."
        self.message_user(request, text)

    def totals(self, request: HttpRequest) -> HttpResponse:
        """Render the totals of a filtered list; the list requests them after it is shown."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        sales = self.get_changelist_instance(request).queryset
        charts = seller_charts(request.GET.get(SellerFilter.parameter_name, ""))
        context = {"totals": formatted_totals(sales), "charts": charts}
        return render(request, "sales/totals.html", context)

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Sale]":
        return super().get_queryset(request).defer("metadata")


def _aware_datetime(text: str) -> datetime | None:
    """Return None if the text is no date and time with a time zone."""
    with suppress(ValueError):
        parsed = parse_datetime(text)
        return parsed if parsed and is_aware(parsed) else None
    return None


extend_with_export(SaleAdmin, ExportSubject.SALES)
