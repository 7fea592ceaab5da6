"""The admin of sales: a filtered list with its totals, and each sale's timeline."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import is_aware, localtime

from clients.search import search_clients
from flowzz.backoffice import masking
from flowzz.backoffice.display import (
    badge_column,
    badge_tone,
    breakable_email,
    preformatted,
    two_line_cell,
)
from flowzz.backoffice.filters import PeriodFilter, SellerFilter, exact_match_first
from flowzz.backoffice.masked_admin import MaskedAdmin
from flowzz.core.formatting import format_reais
from sales.admin import timeline_sources
from sales.admin.exports import extend_with_export
from sales.admin.filters import CampaignFilter, ProductFilter, SourceFilter
from sales.admin.timeline import SaleExtension, TimelineQuery, build_timeline
from sales.admin.totals import calculate_totals
from sales.models import Sale
from sales.models.exports import ExportSubject
from sales.statuses import SaleStatus, ShippingStatus

STATUS_COLOURS = {
    SaleStatus.PENDING: "warning",
    SaleStatus.PAID: "info",
    SaleStatus.SHIPPED: "primary",
    SaleStatus.DELIVERED: "success",
    SaleStatus.CANCELLED: "danger",
    SaleStatus.REFUNDED: "danger",
}
SHIPPING_COLOURS = {
    ShippingStatus.PENDING: "warning",
    ShippingStatus.SHIPPED: "primary",
    ShippingStatus.DELIVERED: "success",
    ShippingStatus.FAILED: "danger",
    ShippingStatus.RETURNED: "danger",
    ShippingStatus.CANCELLED: "danger",
}
PAYMENT_METHODS = {"credit_card": "Cartão", "pix": "Pix", "afterpay": "Venda pós-paga"}
"""Labels of the machine names that providers send; other names are shown as sent."""
CAMPAIGN_FIELDS = ("source", "medium", "campaign", "content", "term")
_END = datetime.max.replace(tzinfo=UTC)


@admin.register(Sale)
class SaleAdmin(MaskedAdmin):
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
        ProductFilter,
        CampaignFilter,
        SellerFilter,
        SourceFilter,
    )
    list_filter_submit = True
    list_panels = ("sales/totals_panel.html",)
    ordering = ("-sale_date", "-id")
    list_select_related = ("client", "user")
    search_fields = ("external_id",)
    search_help_text = "Número do pedido; CPF ou CNPJ, telefone, e-mail ou nome do cliente"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("external_id", "source"),
                    ("status", "shipping_status"),
                    ("client", "client_match"),
                    "user",
                )
            },
        ),
        (
            "Produto",
            {
                "fields": (
                    ("product_name", "product_sku"),
                    ("quantity", "formatted_unit_price", "price", "formatted_commission"),
                    ("payment_method_label", "tracking_code"),
                )
            },
        ),
        (
            "Datas",
            {
                "fields": (
                    ("sale_date", "paid_at", "shipped_at"),
                    ("delivered_at", "cancelled_at", "deleted_at"),
                    ("last_observed", "created_at", "updated_at"),
                )
            },
        ),
        (
            "Outros dados",
            {"fields": ("unknown_status", "unknown_shipping_status", "formatted_metadata")},
        ),
    )

    status_badge = badge_column("status", "situação", STATUS_COLOURS)
    shipping_badge = badge_column("shipping_status", "entrega", SHIPPING_COLOURS)

    @admin.display(description="pedido", ordering="sale_date")
    def number(self, sale: Sale) -> SafeString:
        date = date_format(localtime(sale.sale_date), "SHORT_DATETIME_FORMAT")
        nowrap = '<span class="whitespace-nowrap">{}</span>'
        return two_line_cell(sale.external_id, format_html(nowrap, date))

    @admin.display(description="produto")
    def product(self, sale: Sale) -> SafeString:
        return two_line_cell(sale.product_name, self.payment_method_label(sale))

    @admin.display(description="forma de pagamento", empty_value="—")
    def payment_method_label(self, sale: Sale) -> str:
        return PAYMENT_METHODS.get(sale.payment_method, sale.payment_method)

    @admin.display(description="usuário")
    def seller(self, sale: Sale) -> SafeString:
        return breakable_email(sale.user)

    @admin.display(description="valor", ordering="total_price")
    def price(self, sale: Sale) -> str:
        return format_reais(sale.total_price)

    @admin.display(description="preço unitário")
    def formatted_unit_price(self, sale: Sale) -> str:
        return format_reais(sale.unit_price)

    @admin.display(description="comissão")
    def formatted_commission(self, sale: Sale) -> str:
        return "—" if sale.commission is None else format_reais(sale.commission)

    @admin.display(description="última informação")
    def last_observed(self, sale: Sale) -> str:
        return date_format(localtime(sale.observed_at), "DATETIME_FORMAT")

    @admin.display(description="outros dados")
    def formatted_metadata(self, sale: Sale) -> SafeString:
        return preformatted(json.dumps(sale.metadata, indent=2, ensure_ascii=False))

    @property
    def sale_extensions(self) -> list[SaleExtension]:
        return [one for one in self.extensions if isinstance(one, SaleExtension)]

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

    def get_urls(self) -> list[URLPattern]:
        totals = path("totais", self.admin_site.admin_view(self.totals), name="sales_sale_totals")
        return [totals, *super().get_urls()]

    def totals(self, request: HttpRequest) -> HttpResponse:
        """Render the totals of a filtered list; the list requests them after it is shown."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        sales = self.get_changelist_instance(request).queryset
        return render(request, "sales/totals.html", {"totals": calculate_totals(sales)})

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Sale]":
        return super().get_queryset(request).defer("metadata")

    def get_search_results(
        self, request: HttpRequest, queryset: "QuerySet[Sale]", search_term: str
    ) -> tuple["QuerySet[Sale]", bool]:
        if text := search_term.strip():
            by_client = Q(client__in=search_clients(text))
            queryset = exact_match_first(queryset, Q(external_id=text), by_client)
        return queryset, False


def summary_figures(sale: Sale) -> list[tuple[str, str, str]]:
    """Return the sale's price and statuses: label, value, tone."""
    return [
        ("Valor", format_reais(sale.total_price), "neutral"),
        (
            "Situação",
            sale.get_status_display(),
            badge_tone(STATUS_COLOURS[SaleStatus(sale.status)]),
        ),
        (
            "Entrega",
            sale.get_shipping_status_display(),
            badge_tone(SHIPPING_COLOURS[ShippingStatus(sale.shipping_status)]),
        ),
    ]


def _aware_datetime(text: str) -> datetime | None:
    """Return None if the text is no date and time with a time zone."""
    with suppress(ValueError):
        parsed = parse_datetime(text)
        return parsed if parsed and is_aware(parsed) else None
    return None


extend_with_export(ExportSubject.SALES)
