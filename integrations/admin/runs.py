"""Runs of the sync and what they found."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from flowzz.backoffice import trail
from flowzz.backoffice.pages import ReadOnlyInline, ReadOnlyPage, badge, column
from flowzz.backoffice.permissions import permission
from integrations import sync
from integrations.models import FindingKind, RunState, SyncFinding, SyncRun

STATE_COLOURS = {
    RunState.QUEUED: "info",
    RunState.RUNNING: "primary",
    RunState.SUCCEEDED: "success",
    RunState.FAILED: "danger",
    RunState.CANCELLED: "warning",
}
FINDING_COLOURS = {FindingKind.ERROR: "danger", FindingKind.MISSED: "warning"}


class FindingInline(ReadOnlyInline):
    model = SyncFinding
    fields = readonly_fields = ("kind", "external_id", "message", "value", "fields")
    ordering = ("id",)
    verbose_name_plural = "achados"


@admin.register(SyncRun)
class SyncRunPage(ReadOnlyPage):
    inlines = (FindingInline,)
    list_display = (
        "created_at",
        "owner",
        "trigger",
        "is_full",
        "state_badge",
        "progress",
        "created",
        "updated",
        "unchanged",
        "errors",
        "missed",
        "finished_at",
    )
    list_filter = ("state", "trigger", "is_full")
    list_select_related = ("integration__user",)
    search_fields = ("integration__user__email__iexact",)
    search_help_text = "E-mail do usuário"
    fieldsets = (
        (
            None,
            {"fields": ("integration", ("trigger", "is_full"), ("state", "progress"))},
        ),
        (
            "Resultado",
            {
                "fields": (
                    ("processed", "created", "updated"),
                    ("unchanged", "errors", "missed"),
                    ("error_code", "error"),
                )
            },
        ),
        (
            "Andamento",
            {
                "fields": (
                    ("cursor_from", "cursor_to", "sales_limit"),
                    ("next_page", "pages", "total"),
                    ("attempts", "not_before", "heartbeat_at"),
                    ("created_at", "started_at", "finished_at"),
                )
            },
        ),
    )
    readonly_fields = ("progress",)
    actions = ("cancel",)
    has_sync_permission = permission("run_syncs")

    owner = column("integration__user", "usuário")
    state_badge = badge("state", "estado", STATE_COLOURS)

    @admin.display(description="andamento")
    def progress(self, run: SyncRun) -> str | SafeString:
        if not run.expected or not run.is_under_way:
            return str(run.processed)
        return format_html(
            '<progress value="{0}" max="{1}"></progress> {0} de {1}', run.processed, run.expected
        )

    @admin.action(description="Cancelar", permissions=["sync"])
    def cancel(self, request: HttpRequest, runs: "QuerySet[SyncRun]") -> None:
        """Cancel what the integrations of these runs have under way."""
        under_way = runs.filter(state__in=(RunState.QUEUED, RunState.RUNNING))
        count = 0
        for run in under_way.select_related("integration"):
            if sync.cancel_runs(run.integration):
                trail.record(request, "Cancelou a sincronização", run)
                count += 1
        level = messages.SUCCESS if count else messages.WARNING
        self.message_user(request, f"{count} sincronização(ões) cancelada(s).", level)


@admin.register(SyncFinding)
class SyncFindingPage(ReadOnlyPage):
    list_display = ("found_at", "owner", "kind_badge", "external_id")
    list_filter = ("kind",)
    list_select_related = ("run__integration__user",)
    search_fields = ("external_id__exact",)
    search_help_text = "Número do pedido"

    found_at = column("run__created_at", "sincronização de")
    owner = column("run__integration__user", "usuário")
    kind_badge = badge("kind", "tipo", FINDING_COLOURS)
