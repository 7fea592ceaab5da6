"""Runs of the sync and what they found."""

import uuid
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from flowzz.backoffice import audit_log, masking
from flowzz.backoffice.base_admin import ReadOnlyAdmin, staff_permission
from flowzz.backoffice.display import badge_column, related_column, two_line_cell
from flowzz.backoffice.masked_admin import MaskedAdmin
from flowzz.core.db.jobs import UNDER_WAY
from flowzz.core.formatting import format_count
from integrations.admin.overview.formatting import whole
from integrations.admin.sync import report as sync_report
from integrations.models import FindingKind, SyncFinding, SyncRun
from integrations.sync import runs as sync

FINDING_COLOURS = {FindingKind.ERROR: "danger", FindingKind.MISSED: "warning"}


@admin.register(SyncRun)
class SyncRunAdmin(ReadOnlyAdmin):
    change_form_outer_before_template = "integrations/sync/run.html"
    list_display = (
        "created_at",
        "owner",
        "asked",
        "bar",
        "sales",
        "errors",
        "unheard",
    )
    list_filter = ("state", "trigger", "is_full")
    list_select_related = ("integration__user",)
    search_fields = ("integration__user__email__iexact",)
    search_help_text = "E-mail do usuário"
    fieldsets = (
        (
            None,
            {"fields": ("integration", ("trigger", "is_full"))},
        ),
        (
            "Detalhes",
            {
                "fields": (
                    ("cursor_from", "cursor_to", "sales_limit"),
                    ("next_page", "pages", "total"),
                    ("attempts", "not_before", "heartbeat_at"),
                    "error_code",
                    ("created_at", "started_at", "finished_at"),
                )
            },
        ),
    )
    actions = ("cancel",)
    has_sync_permission = staff_permission("run_syncs")

    owner = related_column("integration__user", "usuário")

    @admin.display(description="iniciada por", ordering="trigger")
    def asked(self, run: SyncRun) -> SafeString:
        return two_line_cell(run.get_trigger_display(), "completa" if run.is_full else "")

    @admin.display(description="vendas", ordering="processed")
    def sales(self, run: SyncRun) -> SafeString:
        new, changed, same = map(whole, (run.created, run.updated, run.unchanged))
        counts = f"{new} novas, {changed} mudadas, {same} iguais"
        told = format_html('<span class="whitespace-nowrap">{}</span>', counts)
        return two_line_cell(whole(run.processed), told if run.processed else "")

    @admin.display(description="sem webhook", ordering="missed")
    def unheard(self, run: SyncRun) -> str:
        return whole(run.missed)

    @admin.display(description="andamento")
    def bar(self, run: SyncRun) -> SafeString:
        return render_to_string("integrations/sync/run_bar.html", {"run": run})

    def get_urls(self) -> list[URLPattern]:
        own = {
            "andamento": ("progress", self.progress_view),
            "barra": ("bar", self.bar_view),
            "cancelar": ("cancel", self.cancel_view),
        }
        return [
            path(
                f"<uuid:object_id>/{address}/",
                self.admin_site.admin_view(view),
                name=f"integrations_syncrun_{name}",
            )
            for address, (name, view) in own.items()
        ] + super().get_urls()

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        run = self.get_object(request, object_id)
        shown = self._shown(request, run) if run and self.has_view_permission(request) else {}
        return super().change_view(request, object_id, form_url, (extra_context or {}) | shown)

    def progress_view(self, request: HttpRequest, object_id: uuid.UUID) -> HttpResponse:
        """The page's upper part, for whoever watches."""
        run = self._run(request, object_id)
        return render(request, "integrations/sync/run.html", self._shown(request, run))

    def bar_view(self, request: HttpRequest, object_id: uuid.UUID) -> HttpResponse:
        run = self._run(request, object_id)
        return render(request, "integrations/sync/run_bar.html", {"run": run})

    @method_decorator(require_POST)
    def cancel_view(self, request: HttpRequest, object_id: uuid.UUID) -> HttpResponse:
        if not self.has_sync_permission(request):
            raise PermissionDenied
        run = self._run(request, object_id)
        if cancel(request, run):
            messages.success(request, "Sincronização cancelada.")
        else:
            messages.warning(request, "A sincronização já tinha terminado.")
        return redirect("admin:integrations_syncrun_change", run.id)

    def _run(self, request: HttpRequest, object_id: uuid.UUID) -> SyncRun:
        """Raises PermissionDenied and Http404."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return get_object_or_404(self.get_queryset(request), id=object_id)

    def _shown(self, request: HttpRequest, run: SyncRun) -> dict[str, Any]:
        masked = not masking.can_see_personal_data(request)
        return {
            "run": run,
            "account": sync_report.account_of(run, masked=masked),
            "can_cancel": self.has_sync_permission(request),
        }

    def get_queryset(self, request: HttpRequest) -> "QuerySet[SyncRun]":
        return super().get_queryset(request).select_related("integration__user")

    @admin.action(description="Cancelar", permissions=["sync"])
    def cancel(self, request: HttpRequest, runs: "QuerySet[SyncRun]") -> None:
        under_way = runs.filter(state__in=UNDER_WAY).select_related("integration__user")
        count = sum(cancel(request, run) for run in under_way)
        level = messages.SUCCESS if count else messages.WARNING
        said = format_count(count, "sincronização cancelada", "sincronizações canceladas")
        self.message_user(request, f"{said}.", level)


def cancel(request: HttpRequest, run: SyncRun) -> bool:
    """Cancel a run and leave a line; say whether there was something to cancel."""
    with transaction.atomic():
        if not sync.cancel_run(run):
            return False
        audit_log.record(request, "Cancelou a sincronização", run)
    return True


@admin.register(SyncFinding)
class SyncFindingAdmin(MaskedAdmin):
    list_display = ("found_at", "owner", "kind_badge", "external_id", "worth", "told")
    list_filter = ("kind",)
    list_select_related = ("run__integration__user",)
    search_fields = ("external_id__exact",)
    search_help_text = "Número do pedido"
    fields = readonly_fields = ("run", "kind", "external_id", "worth", "told")

    found_at = related_column("run__created_at", "sincronização de")
    owner = related_column("run__integration__user", "usuário")
    kind_badge = badge_column("kind", "tipo", FINDING_COLOURS)

    def mask_details(self, row: SyncFinding) -> None:
        sync_report.mask(row)

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        changes = super().get_changelist_instance(request)
        for finding in () if masking.can_see_personal_data(request) else changes.result_list:
            self.mask_details(finding)
        return changes

    @admin.display(description="valor", ordering="value")
    def worth(self, finding: SyncFinding) -> str:
        return sync_report.money(finding.value)

    @admin.display(description="o que houve")
    def told(self, finding: SyncFinding) -> str | SafeString:
        return finding.message or sync_report.differences(finding) or "—"
