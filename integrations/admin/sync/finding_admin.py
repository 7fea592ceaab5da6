"""The list of findings of all sync runs, and the page of one finding."""

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest
from django.utils.safestring import SafeString

from flowzz.backoffice import masking
from flowzz.backoffice.display import badge_column, related_column
from flowzz.backoffice.masked_admin import MaskedAdmin
from integrations.admin.sync.differences import format_value, mask_differences, render_differences
from integrations.models import FindingKind, SyncFinding

KIND_COLOURS = {FindingKind.ERROR: "danger", FindingKind.MISSED: "warning"}


@admin.register(SyncFinding)
class SyncFindingAdmin(MaskedAdmin):
    list_display = ("run_time", "owner", "kind_badge", "external_id", "sale_value", "details")
    list_filter = ("kind",)
    list_select_related = ("run__integration__user",)
    search_fields = ("external_id__exact",)
    search_help_text = "Número do pedido"
    fields = readonly_fields = ("run", "kind", "external_id", "sale_value", "details")

    run_time = related_column("run__created_at", "sincronização de")
    owner = related_column("run__integration__user", "usuário")
    kind_badge = badge_column("kind", "tipo", KIND_COLOURS)

    def mask_details(self, row: SyncFinding) -> None:
        mask_differences(row)

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        changes = super().get_changelist_instance(request)
        if not masking.can_see_personal_data(request):
            for finding in changes.result_list:
                mask_differences(finding)
        return changes

    @admin.display(description="valor", ordering="value")
    def sale_value(self, finding: SyncFinding) -> str:
        return format_value(finding.value)

    @admin.display(description="o que houve")
    def details(self, finding: SyncFinding) -> str | SafeString:
        return finding.message or render_differences(finding) or "—"
