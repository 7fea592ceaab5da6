"""Findings of sync runs: their list and page, and their differences described and masked."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import FieldDoesNotExist
from django.db.models import DateTimeField, DecimalField
from django.http import HttpRequest
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.html import format_html, format_html_join
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.text import capfirst

from flowzz.backoffice import masking
from flowzz.backoffice.display import (
    NOTHING,
    Notice,
    RowSummary,
    badge_column,
    badge_tone,
    reais_column,
    related_column,
    row_link,
    short_datetime,
)
from flowzz.backoffice.masked_admin import MaskedAdmin
from flowzz.core.formatting import format_reais
from integrations.admin.owner_column import owner_column
from integrations.models import FindingKind, SyncFinding
from sales.models import Sale

KIND_COLOURS = {
    FindingKind.ERROR: "danger",
    FindingKind.MISSED: "warning",
    FindingKind.DIFFERS: "info",
    FindingKind.UNASSOCIATED: "warning",
    FindingKind.WARNING: "warning",
}
EXPLANATIONS = {
    FindingKind.ERROR: "A sincronização não gravou esta venda.",
    FindingKind.MISSED: "Nenhum webhook trouxe este pedido: só a sincronização o viu.",
    FindingKind.DIFFERS: "A sincronização corrigiu o que os webhooks tinham dito.",
    FindingKind.UNASSOCIATED: (
        "A origem só informou o hash deste pedido. A venda não entra em número nenhum até ser "
        "unida a outra ou contada, na página dela."
    ),
    FindingKind.WARNING: "Um valor não pôde ser lido: o campo ficou como estava.",
}
_ABOUT_WEBHOOKS = {FindingKind.MISSED, FindingKind.DIFFERS}
_PUBLIC_FIELDS = {
    "product_name",
    "product_sku",
    "payment_method",
    "payment_code",
    "commission",
    "fees",
    "partner_shares",
    "sale_date",
    "quantity",
    "unit_price",
    "total_price",
    "status",
    "shipping_status",
    "unknown_status",
    "unknown_shipping_status",
    "deleted_at",
    "external_id",
    "order_hash",
}
"""Fields of a sale without personal data; the values of all others are masked."""


@admin.register(SyncFinding)
class SyncFindingAdmin(MaskedAdmin):
    list_display = ("run_time", "owner", "kind_badge", "external_id", "sale_value", "details")
    list_filter = ("kind",)
    linked_lookups = ("run__id__exact",)
    list_select_related = ("run__integration__user",)
    search_fields = ("external_id__exact",)
    search_help_text = "Número do pedido"
    fields = readonly_fields = ("order", "sale_value", "details", "integration", "run")

    run_time = related_column("run__created_at", "sincronização de")
    owner = owner_column("run__integration")
    kind_badge = badge_column("kind", "tipo", KIND_COLOURS)
    sale_value = reais_column("value", "valor")

    def summarize(self, request: HttpRequest, row: SyncFinding) -> RowSummary:
        """Explain the kind, and lead from what webhooks missed to the diagnosis."""
        kind = FindingKind(row.kind)
        tone = badge_tone(KIND_COLOURS[kind])
        if kind not in _ABOUT_WEBHOOKS:
            return RowSummary([Notice(EXPLANATIONS[kind], tone)])
        url = reverse("admin:integrations_integration_diagnosis", args=[row.run.integration_id])
        return RowSummary([Notice(EXPLANATIONS[kind], tone, url, "Diagnosticar a integração")])

    @admin.display(description="pedido")
    def order(self, finding: SyncFinding) -> SafeString | str:
        """Link to the sale, or to where the order may be."""
        number, integration = finding.external_id, finding.run.integration
        if not number:
            return NOTHING
        sales = Sale.objects.owned_by(integration.user_id)
        if sale := sales.with_order_ids(integration.provider, [number]).first():
            return row_link(sale) or NOTHING
        url = f"{reverse('backoffice:missing_order')}?{urlencode({'pedido': number})}"
        link = '{} · <a class="bo-link" href="{}">Onde está o pedido?</a>'
        return format_html(link, number, url)

    @admin.display(description="integração")
    def integration(self, finding: SyncFinding) -> SafeString | None:
        return row_link(finding.run.integration)

    def mask_details(self, row: SyncFinding) -> None:
        mask_differences(row)

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        changes = super().get_changelist_instance(request)
        if not masking.can_see_personal_data(request):
            for finding in changes.result_list:
                mask_differences(finding)
        return changes

    @admin.display(description="o que houve")
    def details(self, finding: SyncFinding) -> str | SafeString:
        return finding.message or render_differences(finding) or NOTHING


def describe_difference(difference: Mapping[str, str]) -> str:
    """Return `Status: Pendente → Pago`, or the field's name alone if it has no values."""
    name = difference["field"]
    try:
        field: Any = Sale._meta.get_field(name)
    except FieldDoesNotExist:
        return name
    if "after" not in difference:
        return capfirst(str(field.verbose_name))
    before, after = (_display_value(field, difference[key]) for key in ("before", "after"))
    return f"{capfirst(str(field.verbose_name))}: {before} → {after}"


def render_differences(finding: SyncFinding) -> SafeString:
    """Return the finding's differences, one on a line."""
    lines = ([describe_difference(difference)] for difference in finding.fields)
    return format_html_join(SafeString("<br>"), "{}", lines)


def mask_differences(finding: SyncFinding) -> None:
    """Mask in memory the values that may contain personal data."""
    finding.fields = [_masked(difference) for difference in finding.fields]


def format_value(value: Decimal | None) -> str:
    return NOTHING if value is None else format_reais(value)


def _masked(difference: Mapping[str, str]) -> dict[str, str]:
    if difference["field"] in _PUBLIC_FIELDS:
        return dict(difference)
    return {
        key: text if key == "field" else masking.mask_text(text) for key, text in difference.items()
    }


def _display_value(field: Any, text: str) -> str:
    if not text:
        return NOTHING
    if isinstance(field, DecimalField):
        try:
            return format_reais(Decimal(text))
        except InvalidOperation:
            return text
    if isinstance(field, DateTimeField) and (time := parse_datetime(text)):
        return short_datetime(time)
    return str(dict(field.flatchoices).get(text, text))
