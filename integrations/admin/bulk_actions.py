"""Bulk actions: their list, and the progress, results and cancellation of one action."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from flowzz.backoffice import audit_log
from flowzz.backoffice.base_admin import ReadOnlyAdmin
from flowzz.backoffice.display import JOB_STATE_COLOURS, badge_column
from integrations.bulk_actions import bulk_jobs
from integrations.inbox.failure_reasons import explain
from integrations.models import BulkAction, BulkKind, EventOutcome

OUTCOME_LABELS = {
    **dict(EventOutcome.choices),
    "quarantined": "Voltou para a quarentena",
    "pending": "Ainda na fila",
    "retry": "Nova tentativa agendada",
    "skipped": "Sem integração",
}
OUTCOME_TONES = {
    EventOutcome.CREATED: "good",
    EventOutcome.UPDATED: "info",
    "quarantined": "bad",
    "retry": "warning",
}
PERMISSIONS = {
    BulkKind.REPLAY: "accounts.replay_events",
    BulkKind.ASSIGN: "accounts.settle_events",
    BulkKind.DISCARD: "accounts.settle_events",
    BulkKind.REMAP: "integrations.change_statusmapping",
    BulkKind.EARNINGS: "accounts.manage_connections",
}
"""Required to start or cancel an action of each kind."""

_can_view = permission_required("integrations.view_bulkaction", raise_exception=True)


def outcome_figures(
    outcomes: Mapping[str, int], labels: Mapping[str, str] = OUTCOME_LABELS
) -> list[dict[str, Any]]:
    """Return the counts as key figures, in the order of `labels`."""
    return [
        {"label": label, "value": outcomes[key], "tone": OUTCOME_TONES.get(key, "neutral")}
        for key, label in labels.items()
        if outcomes.get(key)
    ]


@_can_view
def action_view(request: HttpRequest, action_id: UUID) -> HttpResponse:
    """Show an action; a POST cancels it."""
    action = _action(action_id)
    if request.method == "POST":
        return _cancel(request, action)
    context = {
        **admin.site.each_context(request),
        **_progress_context(request, action),
        "title": action.get_kind_display(),
    }
    return render(request, "integrations/bulk_actions/action.html", context)


@require_safe
@_can_view
def progress_view(request: HttpRequest, action_id: UUID) -> HttpResponse:
    """Render the part of the page that refreshes while the action is under way."""
    context = _progress_context(request, _action(action_id))
    return render(request, "integrations/bulk_actions/progress.html", context)


def _cancel(request: HttpRequest, action: BulkAction) -> HttpResponse:
    if not _may_cancel(request, action):
        raise PermissionDenied
    if bulk_jobs.cancel(action.id):
        audit_log.record(request, "Cancelou ação em massa", action)
        messages.success(request, "Ação cancelada. O que já foi feito continua feito.")
    return redirect("backoffice:bulk_action", action.id)


def _may_cancel(request: HttpRequest, action: BulkAction) -> bool:
    return request.user.has_perm(PERMISSIONS[BulkKind(action.kind)])


def _action(action_id: UUID) -> BulkAction:
    rows = BulkAction.objects.select_related("requested_by", "mapping", "integration__user")
    return get_object_or_404(rows, id=action_id)


def _progress_context(request: HttpRequest, action: BulkAction) -> dict[str, Any]:
    return {
        "action": action,
        "colour": JOB_STATE_COLOURS[action.state],
        "subject": _subject(action),
        "figures": outcome_figures(action.outcomes),
        "may_cancel": _may_cancel(request, action),
    }


def _subject(action: BulkAction) -> str:
    if action.cause:
        return explain(action.cause).title
    return str(action.mapping or action.integration or "")


@admin.register(BulkAction)
class BulkActionAdmin(ReadOnlyAdmin):
    list_display = (
        "created_at",
        "kind",
        "subject",
        "state_badge",
        "progress",
        "failed",
        "requested_by",
        "finished_at",
        "details_link",
    )
    list_filter = ("kind", "state")
    list_select_related = ("requested_by", "mapping", "integration__user")
    search_fields = ("requested_by__email__iexact",)
    search_help_text = "E-mail de quem pediu"
    fields = (
        ("kind", "state"),
        ("cause", "mapping", "integration"),
        ("total", "processed", "failed"),
        ("requested_by", "reason"),
        ("created_at", "finished_at"),
        "details_link",
    )
    readonly_fields = ("details_link",)

    state_badge = badge_column("state", "estado", JOB_STATE_COLOURS)

    @admin.display(description="sobre")
    def subject(self, action: BulkAction) -> str:
        return _subject(action)

    @admin.display(description="andamento")
    def progress(self, action: BulkAction) -> str:
        return f"{action.processed} de {action.total}"

    @admin.display(description="detalhes")
    def details_link(self, action: BulkAction) -> SafeString:
        url = reverse("backoffice:bulk_action", args=[action.id])
        return format_html('<a class="underline" href="{}">Acompanhar</a>', url)
