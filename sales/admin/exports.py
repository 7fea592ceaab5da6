"""Exports of filtered lists: buttons above the lists, and the admin of exports."""

from functools import partial
from tempfile import TemporaryFile
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.shortcuts import redirect

from flowzz.accounts.models import request_user
from flowzz.backoffice import audit_log, masking
from flowzz.backoffice.base_admin import BaseAdmin, JobAdmin
from flowzz.backoffice.display import list_url
from flowzz.backoffice.extensions import page_view
from flowzz.backoffice.lists.active_filters import filter_names
from sales.exports import export_files, export_jobs
from sales.exports.columns import TABLES
from sales.models.exports import Export, ExportFormat, ExportSubject

MAKE_EXPORT = "sales.make_export"
FORMATS = (ExportFormat.CSV, ExportFormat.XLSX)
_NOT_FILTERS = ("p", "o", "all")
"""The parameters of a list's URL that select a page and an order."""


def extend_with_export(page: type[BaseAdmin[Any]], subject: ExportSubject) -> None:
    """Add buttons to the subject's list and filters that export the filtered rows."""
    page.list_panels = (*page.list_panels, "sales/export_buttons.html")
    page.filter_actions = (*page.filter_actions, "sales/export_chosen.html")
    add = page_view(page, "exportar", name="export", permission=MAKE_EXPORT)
    add(partial(_export_list, subject))


def _export_list(subject: ExportSubject, request: HttpRequest) -> HttpResponseBase:
    """Export a list with the filters in its URL: as a file, or as a job with a page of its own."""
    model = TABLES[subject].model
    page = admin.site.get_model_admin(model)
    if not page.has_view_permission(request):
        raise PermissionDenied
    if request.method != "POST" or request.POST.get("format") not in FORMATS:
        return HttpResponseNotAllowed(["POST"])
    export = _new_export(request, subject)
    try:
        changes = export_files.list_for(subject, request)
    except IncorrectLookupParameters:
        messages.error(request, "Filtro inválido. Refaça o filtro e exporte de novo.")
        return redirect(list_url(model))
    details = {"formato": export.get_format_display(), "filtros": filter_names(changes, request)}
    if export_files.is_short(changes.queryset):
        return _export_now(request, export, changes.queryset, details)
    return _export_in_background(request, export, details)


@admin.register(Export)
class ExportAdmin(JobAdmin):
    """Staff see their own exports, superusers all."""

    list_display = ("created_at", "subject", "format", "state_badge", "total", "requested_by")
    template = "sales/export.html"
    progress_template = "sales/export_progress.html"
    routes = {**JobAdmin.routes, "download": "<uuid:object_id>/arquivo"}

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return super().has_view_permission(request, obj) and request.user.has_perm(MAKE_EXPORT)

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Export]":
        exports: QuerySet[Export] = super().get_queryset(request).select_related("requested_by")
        user = request_user(request)
        return exports if user.is_superuser else exports.filter(requested_by=user)

    def download(self, request: HttpRequest, object_id: UUID) -> HttpResponseBase:
        export: Export = self.get_visible(request, object_id)
        if not export.is_ready:
            raise Http404
        if not (export.is_masked or masking.can_see_personal_data(request)):
            raise PermissionDenied
        audit_log.record(request, "Baixou exportação", export, details={"linhas": export.total})
        return export_files.download(export, accepts_gzip=True)


def _new_export(request: HttpRequest, subject: ExportSubject) -> Export:
    filters = request.GET.copy()
    for name in _NOT_FILTERS:
        filters.pop(name, None)
    return Export(
        subject=subject,
        format=ExportFormat(request.POST["format"]),
        query=filters.urlencode(),
        requested_by=request_user(request),
        is_masked=not masking.can_see_personal_data(request),
    )


def _export_now(
    request: HttpRequest, export: Export, rows: "QuerySet[Model]", details: dict[str, Any]
) -> HttpResponseBase:
    with TemporaryFile() as file:
        for written in export_files.write(rows, export, file):
            export.total = written
        export_jobs.store_written(export, file)
    details |= {"linhas": export.total}
    audit_log.record(request, f"Exportou {_subject(export)}", export, details=details)
    return export_files.download(export, accepts_gzip=False)


def _export_in_background(
    request: HttpRequest, export: Export, details: dict[str, Any]
) -> HttpResponse:
    try:
        export_jobs.request_export(export)
    except export_jobs.ExportRefused as refusal:
        messages.error(request, str(refusal))
        return redirect("admin:sales_export_changelist")
    audit_log.record(request, f"Pediu exportação de {_subject(export)}", export, details=details)
    return redirect("admin:sales_export_change", export.id)


def _subject(export: Export) -> str:
    return export.get_subject_display().lower()
