"""The admin of sales: a filtered list with its totals, and each sale's timeline."""

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.db.models.fields.json import KT
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import is_aware, localtime

from clients.admin import ClientSearchAdmin
from flowzz.backoffice import audit_log, masking
from flowzz.backoffice.display import (
    breakable_email,
    bullet_list,
    platform_column,
    preformatted,
    reais_column,
    section,
    short_datetime,
    two_line_cell,
)
from flowzz.backoffice.filters import (
    ExactFilter,
    PeriodFilter,
    SellerFilter,
    TextFilter,
    WarningFilter,
)
from flowzz.core.formatting import format_count, format_json
from sales.admin import timeline_sources
from sales.admin.exports import extend_with_export
from sales.admin.statuses import ReportedStatusFilter, status_cell, status_note, summary_figures
from sales.admin.timeline import SaleExtension, TimelineQuery, build_timeline
from sales.admin.totals import calculate_totals, seller_charts
from sales.exports.export_files import DELETED_PARAMETER
from sales.models import CAMPAIGN_PATH, CAMPAIGN_START, MAX_INDEXED, Sale, SaleMerge
from sales.models.exports import ExportSubject
from sales.money import PaymentCode
from sales.order_ids.merges import associate
from sales.statuses import SaleStatusField

CAMPAIGN_FIELDS = ("source", "medium", "campaign", "content", "term")
_END = datetime.max.replace(tzinfo=UTC)


class ProductFilter(ExactFilter):
    title = "produto (nome exato)"
    parameter_name = "produto"
    field = "product_name"


class SourceFilter(ExactFilter):
    title = "origem (integração)"
    parameter_name = "origem"
    field = "source"

    def value(self) -> str | None:
        value = super().value()
        return value and str(value).lower()


class CampaignFilter(TextFilter):
    title = "campanha (UTM)"
    parameter_name = "campanha"

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Sale]") -> "QuerySet[Sale]":
        campaign = self.value()
        if not campaign:
            return queryset
        rows = queryset.alias(campaign=KT(CAMPAIGN_PATH), start=CAMPAIGN_START)
        start = campaign[:MAX_INDEXED]
        return rows.filter(metadata__has_key="utms", start=start, campaign=campaign)


class UnassociatedFilter(admin.SimpleListFilter):
    title = "não associadas"
    parameter_name = "nao_associadas"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("1", "Só estas")]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Sale]") -> "QuerySet[Sale]":
        return queryset.filter(is_associated=False) if self.value() else queryset


class DeletedFilter(admin.SimpleListFilter):
    title = "excluídas na origem"
    parameter_name = DELETED_PARAMETER

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("1", "Só estas"), ("todas", "Também na exportação")]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Sale]") -> "QuerySet[Sale]":
        return queryset.filter(deleted_at__isnull=False) if self.value() == "1" else queryset


@admin.register(Sale)
class SaleAdmin(ClientSearchAdmin):
    change_form_outer_before_template = "sales/sale_timeline.html"
    masks = {"client__name": masking.mask_name, "tracking_code": masking.mask_text}
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
    list_filter_submit = True
    linked_lookups = ("created_at__gte", "created_at__lt")
    actions = ("count_unassociated",)
    list_panels = ("sales/totals_panel.html",)
    routes = {"totals": "totais"}
    ordering = ("-sale_date", "-id")
    list_select_related = ("client", "user")
    search_fields = ("external_id", "order_hash")
    search_help_text = "Número ou hash do pedido; CPF ou CNPJ, telefone, e-mail ou nome do cliente"
    fieldsets = (
        section(
            None,
            ("external_id", "order_hash", "platform"),
            "is_associated",
            ("status", "shipping_status"),
            ("about_status", "about_shipping_status"),
            ("client", "client_match"),
            "user",
        ),
        section(
            "Produto",
            ("product_name", "product_sku"),
            ("quantity", "formatted_unit_price", "price"),
            ("formatted_commission", "formatted_fees", "formatted_net"),
            ("payment_method_label", "payment_method", "tracking_code"),
        ),
        section(
            "Datas",
            ("sale_date", "paid_at", "shipped_at"),
            ("delivered_at", "cancelled_at", "deleted_at"),
            ("last_observed", "created_at", "updated_at"),
        ),
        section(
            "Outros dados",
            "unknown_status",
            "unknown_shipping_status",
            "warnings",
            "formatted_metadata",
        ),
    )

    @admin.display(description="status", ordering="status")
    def status_badge(self, sale: Sale) -> SafeString:
        return status_cell(sale, SaleStatusField.STATUS)

    @admin.display(description="entrega", ordering="shipping_status")
    def shipping_badge(self, sale: Sale) -> SafeString:
        return status_cell(sale, SaleStatusField.SHIPPING)

    @admin.display(description="sobre o status", empty_value="—")
    def about_status(self, sale: Sale) -> str:
        return status_note(sale, SaleStatusField.STATUS)

    @admin.display(description="sobre a entrega", empty_value="—")
    def about_shipping_status(self, sale: Sale) -> str:
        return status_note(sale, SaleStatusField.SHIPPING)

    @admin.display(description="pedido", ordering="sale_date")
    def number(self, sale: Sale) -> SafeString:
        nowrap = '<span class="whitespace-nowrap">{}</span>'
        date = short_datetime(sale.sale_date)
        line = date if sale.is_associated else f"{date} · não associada"
        return two_line_cell(sale.external_id, format_html(nowrap, line))

    @admin.display(description="produto")
    def product(self, sale: Sale) -> SafeString:
        return two_line_cell(sale.product_name, self.payment_method_label(sale))

    @admin.display(description="forma de pagamento", empty_value="—")
    def payment_method_label(self, sale: Sale) -> str:
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
    formatted_unit_price = reais_column("unit_price", "preço unitário")
    formatted_commission = reais_column("commission", "comissão")
    formatted_fees = reais_column("fees", "taxas")
    formatted_net = reais_column("net", "líquido")

    @admin.display(description="última atividade")
    def last_observed(self, sale: Sale) -> str:
        return date_format(localtime(sale.observed_at), "DATETIME_FORMAT")

    @admin.display(description="avisos", empty_value="Nenhum.")
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
            "figures": summary_figures(row),
            "timeline": build_timeline(entries),
            "before": before,
        }

    def change_view(
        self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Redirect from a sale that was merged into another to that one."""
        if kept_id := SaleMerge.objects.kept_sale_id(UUID(object_id)):
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
        context = {"totals": calculate_totals(sales), "charts": charts}
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
