"""Bulk actions: their list, and the progress, results and cancellation of one action."""

from collections.abc import Mapping
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from flowzz.backoffice import audit_log
from flowzz.backoffice.base_admin import JobAdmin
from flowzz.backoffice.display import Figure, change_url
from flowzz.core.formatting import format_number
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


def outcome_figures(
    outcomes: Mapping[str, int], labels: Mapping[str, str] = OUTCOME_LABELS
) -> list[Figure]:
    """Return the counts as key figures, in the order of `labels`."""
    return [
        Figure(label, outcomes[key], OUTCOME_TONES.get(key, "neutral"))
        for key, label in labels.items()
        if outcomes.get(key)
    ]


@admin.register(BulkAction)
class BulkActionAdmin(JobAdmin):
    list_display = (
        "created_at",
        "kind",
        "subject",
        "state_badge",
        "done",
        "failed",
        "requested_by",
        "finished_at",
    )
    list_filter = ("kind", "state")
    search_fields = ("requested_by__email__iexact",)
    search_help_text = "E-mail de quem pediu"
    template = "integrations/bulk_actions/action.html"
    progress_template = "integrations/bulk_actions/progress.html"

    def get_queryset(self, request: HttpRequest) -> "QuerySet[BulkAction]":
        related = ("requested_by", "mapping", "integration__user")
        return super().get_queryset(request).select_related(*related)

    @admin.display(description="sobre")
    def subject(self, action: BulkAction) -> str:
        if action.cause:
            return explain(action.cause).title
        return str(action.mapping or action.integration or "")

    @admin.display(description="andamento")
    def done(self, action: BulkAction) -> str:
        return f"{format_number(action.processed)} de {format_number(action.total)}"

    def job_context(self, request: HttpRequest, job: BulkAction) -> dict[str, Any]:
        return {
            "title": job.get_kind_display(),
            "subject": self.subject(job),
            "figures": outcome_figures(job.outcomes),
            "may_cancel": _may_cancel(request, job),
        }

    def act(self, request: HttpRequest, job: BulkAction) -> HttpResponse:
        """Cancel the action."""
        if not _may_cancel(request, job):
            raise PermissionDenied
        if bulk_jobs.cancel(job.id):
            audit_log.record(request, "Cancelou ação em massa", job)
            messages.success(request, "Ação cancelada. O que já foi feito continua feito.")
        return redirect(change_url(job))


def _may_cancel(request: HttpRequest, action: BulkAction) -> bool:
    return request.user.has_perm(PERMISSIONS[BulkKind(action.kind)])
