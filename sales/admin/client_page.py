"""What sales add to a client's page: the client's sales, an export, merges and splits."""

from decimal import Decimal

from django.contrib import admin
from django.db.models import Count, Max, Q, QuerySet, Sum
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime

from clients.admin import CLIENT_MASKS, ClientAdmin
from clients.models import Client, ClientMerge
from flowzz.backoffice import masking
from flowzz.backoffice.base_admin import ReadOnlyInline
from flowzz.backoffice.display import (
    NOTHING,
    Figure,
    RowSummary,
    badge_column,
    reais_column,
    row_link,
    short_datetime,
)
from flowzz.backoffice.extensions import PageExtension, extend
from flowzz.core.formatting import format_count, format_number, format_reais
from sales.admin.client_merging import MERGE_CLIENTS
from sales.admin.exports import extend_with_export
from sales.admin.statuses import STATUS_COLOURS
from sales.models import Sale
from sales.models.exports import ExportSubject
from sales.statuses import REVENUE_STATUSES

MAX_ALIASES = MAX_MERGES = 20


class SaleOfClientInline(ReadOnlyInline):
    model = Sale
    verbose_name_plural = "vendas"
    fields = ("number", "sale_date", "product_name", "price", "status_badge", "client_match")
    readonly_fields = fields
    ordering = ("-sale_date", "-id")
    status_badge = badge_column("status", "status", STATUS_COLOURS)
    price = reais_column("total_price", "valor")

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Sale]":
        return super().get_queryset(request).defer("metadata")

    @admin.display(description="pedido")
    def number(self, sale: Sale) -> SafeString | None:
        return row_link(sale)


@admin.display(description="unidos a este")
def aliases(client: Client) -> SafeString | str:
    """Return links to the clients merged into this one: their documents identify it now, too."""
    merged = list(client.merged_clients.order_by("created_at")[:MAX_ALIASES])
    for alias in merged if masking.is_masked(client) else ():
        masking.mask_row(alias, CLIENT_MASKS)
    return format_html_join(", ", "{}", ((row_link(alias),) for alias in merged)) or NOTHING


@admin.display(description="feitas")
def merges(client: Client) -> SafeString | str:
    """Return a line per merge or split of the client, with an undo link for staff who may."""
    of_client = ClientMerge.objects.filter(Q(source=client) | Q(target=client))
    rows = of_client.select_related("created_by")[:MAX_MERGES]
    can_undo = vars(client).get("can_undo_merges", False)
    lines = ((_merge_line(merge, can_undo=can_undo),) for merge in rows)
    return format_html_join("", "<p>{}</p>", lines) or NOTHING


def _merge_line(merge: ClientMerge, *, can_undo: bool) -> SafeString | str:
    line = (
        f"{merge.get_kind_display()} de {format_count(len(merge.sale_ids), 'venda', 'vendas')} em "
        f"{localtime(merge.created_at):%d/%m/%Y %H:%M}, por {merge.created_by or 'alguém'}"
    )
    if merge.undone_at:
        return f"{line} (desfeita)"
    if not can_undo:
        return line
    page = reverse("admin:clients_client_undo", args=[merge.id])
    return format_html('{} · <a class="bo-link" href="{}">Desfazer</a>', line, page)


def _summarize(_request: HttpRequest, client: Client) -> RowSummary:
    """Return what the client spent, by one statement over the client's sales."""
    sums = (
        Sale.objects.counted()
        .filter(client=client)
        .aggregate(
            count=Count("id"),
            spent=Sum("total_price", filter=Q(status__in=REVENUE_STATUSES)),
            last=Max("sale_date"),
        )
    )
    last = short_datetime(sums["last"]) if sums["last"] else NOTHING
    return RowSummary(
        figures=[
            Figure("Total gasto", format_reais(sums["spent"] or Decimal(0)), "good"),
            Figure("Pedidos", format_number(sums["count"])),
            Figure("Última compra", last),
        ]
    )


def _prepare(request: HttpRequest, client: Client) -> None:
    vars(client)["can_undo_merges"] = request.user.has_perm(MERGE_CLIENTS)
    if client.merged_into and not masking.is_visible(request, client):
        masking.mask_row(client.merged_into, CLIENT_MASKS)


extend_with_export(ClientAdmin, ExportSubject.CLIENTS)
extend(
    Client,
    PageExtension(
        inlines=[SaleOfClientInline],
        fieldsets=[("Uniões e separações", [aliases, merges])],
        summarize=_summarize,
        prepare_row=_prepare,
    ),
)
