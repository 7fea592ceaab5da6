"""The list of sync runs, and the progress, report and cancellation of one run."""

import uuid
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from flowzz.backoffice import audit_log, masking
from flowzz.backoffice.base_admin import ReadOnlyAdmin, staff_permission
from flowzz.backoffice.display import section, two_line_cell
from flowzz.core.db.jobs import UNDER_WAY
from flowzz.core.formatting import format_count, format_number
from integrations.admin.owner_column import owner_column
from integrations.admin.sync.report import build_report
from integrations.models import SyncRun
from integrations.sync import runs as sync


@admin.register(SyncRun)
class SyncRunAdmin(ReadOnlyAdmin):
    change_form_outer_before_template = "integrations/sync/run.html"
    list_display = (
        "created_at",
        "owner",
        "requested_by",
        "progress_bar",
        "sales",
        "errors",
        "without_webhook",
    )
    list_filter = ("state", "trigger", "is_full")
    linked_lookups = (
        "error_code__exact",
        "finished_at__gte",
        "finished_at__lt",
        "integration__id__exact",
    )
    list_select_related = ("integration__user",)
    search_fields = ("integration__user__email__iexact",)
    search_help_text = "E-mail do(a) vendedor(a)"
    fieldsets = (
        section(None, "integration", ("trigger", "is_full")),
        section(
            "Detalhes",
            ("cursor_from", "cursor_to", "sales_limit"),
            ("next_page", "pages", "total"),
            ("failed_attempts", "not_before", "heartbeat_at"),
            "error_code",
            ("created_at", "started_at", "finished_at"),
        ),
    )
    readonly_fields = ("failed_attempts",)
    actions = ("cancel",)
    routes = {
        "progress": "<uuid:object_id>/andamento/",
        "bar": "<uuid:object_id>/barra/",
        "cancel_run": "<uuid:object_id>/cancelar/",
    }
    has_sync_permission = staff_permission("run_syncs")

    owner = owner_column()

    @admin.display(description="iniciada por", ordering="trigger")
    def requested_by(self, run: SyncRun) -> SafeString:
        return two_line_cell(run.get_trigger_display(), "completa" if run.is_full else "")

    @admin.display(description="vendas", ordering="processed")
    def sales(self, run: SyncRun) -> SafeString:
        created = format_count(run.created, "nova", "novas")
        updated = format_count(run.updated, "mudada", "mudadas")
        unchanged = format_count(run.unchanged, "igual", "iguais")
        counts = f"{created}, {updated}, {unchanged}"
        second_line = format_html('<span class="whitespace-nowrap">{}</span>', counts)
        return two_line_cell(format_number(run.processed), second_line if run.processed else "")

    @admin.display(description="tentativas que falharam")
    def failed_attempts(self, run: SyncRun) -> str:
        return format_number(run.attempts)

    @admin.display(description="sem webhook", ordering="missed")
    def without_webhook(self, run: SyncRun) -> str:
        return format_number(run.missed)

    @admin.display(description="andamento")
    def progress_bar(self, run: SyncRun) -> SafeString:
        return render_to_string("integrations/sync/run_bar.html", {"run": run})

    def progress(self, request: HttpRequest, object_id: uuid.UUID) -> HttpResponse:
        """Render the upper part of the page, which refreshes while the run is under way."""
        run = self.get_visible(request, object_id)
        context = self.detail_context(request, run)
        return _reload_at_end(run, render(request, "integrations/sync/run.html", context))

    def bar(self, request: HttpRequest, object_id: uuid.UUID) -> HttpResponse:
        run = self.get_visible(request, object_id)
        return _reload_at_end(run, render(request, "integrations/sync/run_bar.html", {"run": run}))

    @method_decorator(require_POST)
    def cancel_run(self, request: HttpRequest, object_id: uuid.UUID) -> HttpResponse:
        if not self.has_sync_permission(request):
            raise PermissionDenied
        run = self.get_visible(request, object_id)
        if _cancel(request, run):
            messages.success(request, "Sincronização cancelada.")
        else:
            messages.warning(request, "A sincronização já tinha terminado.")
        return redirect("admin:integrations_syncrun_change", run.id)

    def detail_context(self, request: HttpRequest, row: SyncRun) -> dict[str, Any]:
        is_masked = not masking.can_see_personal_data(request)
        return {
            "run": row,
            "report": build_report(row, is_masked=is_masked),
            "can_cancel": self.has_sync_permission(request),
        }

    def get_queryset(self, request: HttpRequest) -> "QuerySet[SyncRun]":
        return super().get_queryset(request).select_related("integration__user")

    @admin.action(description="Cancelar", permissions=["sync"])
    def cancel(self, request: HttpRequest, runs: "QuerySet[SyncRun]") -> None:
        under_way = runs.filter(state__in=UNDER_WAY).select_related("integration__user")
        count = sum(_cancel(request, run) for run in under_way)
        level = messages.SUCCESS if count else messages.WARNING
        text = format_count(count, "sincronização cancelada", "sincronizações canceladas")
        self.message_user(request, f"{text}.", level)


def _reload_at_end(run: SyncRun, response: HttpResponse) -> HttpResponse:
    """Have htmx reload the page once the run has ended: the rest of the page shows it, too."""
    if not run.is_under_way:
        response.headers["HX-Refresh"] = "true"
    return response


def _cancel(request: HttpRequest, run: SyncRun) -> bool:
    """Cancel a run and log it. Returns False if the run has ended already."""
    with transaction.atomic():
        if not sync.cancel(SyncRun.objects.filter(id=run.id)):
            return False
        audit_log.record(request, "Cancelou a sincronização", run)
    return True
