"""Bulk actions: how far each is, what came of it, and who asked for it."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from flowzz.backoffice import audit_log
from flowzz.backoffice.base_admin import ReadOnlyAdmin
from flowzz.backoffice.display import badge_column
from flowzz.core.db.jobs import JobState
from integrations.bulk_actions import bulk_jobs
from integrations.inbox.failure_reasons import explain
from integrations.models import BulkAction, BulkKind, EventOutcome

COLOURS = {
    JobState.QUEUED: "info",
    JobState.RUNNING: "primary",
    JobState.SUCCEEDED: "success",
    JobState.CANCELLED: "warning",
}
OUTCOMES = {
    **dict(EventOutcome.choices),
    "quarantined": "Voltou para a quarentena",
    "pending": "Ainda na fila",
    "retry": "Nova tentativa agendada",
    "skipped": "Sem integração",
}
TONES = {
    EventOutcome.CREATED: "good",
    EventOutcome.UPDATED: "info",
    "quarantined": "bad",
    "retry": "warning",
}
NEEDED = {
    BulkKind.REPLAY: "accounts.replay_events",
    BulkKind.ASSIGN: "accounts.settle_events",
    BulkKind.DISCARD: "accounts.settle_events",
    BulkKind.REMAP: "integrations.change_statusmapping",
}


def figures(
    outcomes: Mapping[str, int], labels: Mapping[str, str] = OUTCOMES
) -> list[dict[str, Any]]:
    """Outcomes as key figures, in one order."""
    return [
        {"label": label, "value": outcomes[key], "tone": TONES.get(key, "neutral")}
        for key, label in labels.items()
        if outcomes.get(key)
    ]


def show(request: HttpRequest, action_id: UUID) -> HttpResponse:
    """An action's page; posting to it cancels the action."""
    action = _visible(request, action_id)
    if request.method == "POST":
        if not _may_cancel(request, action):
            raise PermissionDenied
        if bulk_jobs.cancel(action.id):
            audit_log.record(request, "Cancelou ação em massa", action)
            messages.success(request, "Ação cancelada. O que já foi feito continua feito.")
        return redirect("backoffice:bulk", action.id)
    context = {
        **admin.site.each_context(request),
        **_shown(request, action),
        "title": action.get_kind_display(),
    }
    return render(request, "integrations/bulk_actions/action.html", context)


@require_safe
def progress(request: HttpRequest, action_id: UUID) -> HttpResponse:
    """The part of the page that is asked for again while the action is under way."""
    shown = _shown(request, _visible(request, action_id))
    return render(request, "integrations/bulk_actions/progress.html", shown)


def _may_cancel(request: HttpRequest, action: BulkAction) -> bool:
    return request.user.has_perm(NEEDED[BulkKind(action.kind)])


def _visible(request: HttpRequest, action_id: UUID) -> BulkAction:
    if not request.user.has_perm("integrations.view_bulkaction"):
        raise PermissionDenied
    rows = BulkAction.objects.select_related("requested_by", "mapping", "integration__user")
    return get_object_or_404(rows, id=action_id)


def _shown(request: HttpRequest, action: BulkAction) -> dict[str, Any]:
    return {
        "action": action,
        "colour": COLOURS[JobState(action.state)],
        "subject": explain(action.cause).title if action.cause else action.mapping,
        "figures": figures(action.outcomes),
        "may_cancel": _may_cancel(request, action),
    }


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
        "page",
    )
    list_filter = ("kind", "state")
    list_select_related = ("requested_by", "mapping")
    search_fields = ("requested_by__email__iexact",)
    search_help_text = "E-mail de quem pediu"
    fields = (
        ("kind", "state"),
        ("cause", "mapping", "integration"),
        ("total", "processed", "failed"),
        ("requested_by", "reason"),
        ("created_at", "finished_at"),
        "page",
    )
    readonly_fields = ("page",)

    state_badge = badge_column("state", "estado", COLOURS)

    @admin.display(description="sobre")
    def subject(self, action: BulkAction) -> str:
        return explain(action.cause).title if action.cause else str(action.mapping or "")

    @admin.display(description="andamento")
    def progress(self, action: BulkAction) -> str:
        return f"{action.processed} de {action.total}"

    @admin.display(description="detalhes")
    def page(self, action: BulkAction) -> SafeString:
        address = reverse("backoffice:bulk", args=[action.id])
        return format_html('<a class="underline" href="{}">Acompanhar</a>', address)
