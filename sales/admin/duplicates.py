"""The list of clients that are perhaps one person: merge a pair after a preview, or dismiss it."""

import uuid
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet, Value
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from clients.admin import CLIENT_MASKS, contact_values
from clients.documents import format_document
from clients.models import Client, MergeRefused, MergeSuggestion
from flowzz.accounts.models import request_user
from flowzz.backoffice import audit_log
from flowzz.backoffice.display import (
    NOTHING,
    RowSummary,
    ValueGroup,
    breakable_email,
    change_url,
    list_url,
    menu_count,
    row_link,
    short_datetime,
    two_line_cell,
)
from flowzz.backoffice.extensions import page_view
from flowzz.backoffice.masked_admin import MaskedAdmin
from sales import client_merging
from sales.admin.client_merging import MERGE_CLIENTS, log_merge, preview_merge


def pending_count(request: HttpRequest) -> str:
    """Return the number beside the menu item; empty for none."""
    return menu_count(MergeSuggestion.objects.pending())


@admin.register(MergeSuggestion)
class MergeSuggestionAdmin(MaskedAdmin):
    masks = {
        f"{name}__{field}": mask
        for name in ("first", "second")
        for field, mask in CLIENT_MASKS.items()
    }
    actions_detail = ()
    list_display = ("one", "other", "seller", "created", "decision")
    list_display_links = None
    list_select_related = ("first__user", "second")
    ordering = ("-created_at", "-id")
    fields = readonly_fields = ("seller", "created")

    def get_queryset(self, request: HttpRequest) -> "QuerySet[MergeSuggestion]":
        pending: Any = super().get_queryset(request) & MergeSuggestion.objects.pending()
        rows: QuerySet[MergeSuggestion] = pending.annotate(
            can_decide=Value(request.user.has_perm(MERGE_CLIENTS))
        )
        return rows

    def change_view(
        self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Lead those who decide to the preview, which compares both clients."""
        if request.user.has_perm(MERGE_CLIENTS):
            return redirect(_url("merge", self.get_visible(request, object_id)))
        return super().change_view(request, object_id, *args, **kwargs)

    def summarize(self, request: HttpRequest, row: MergeSuggestion) -> RowSummary:
        clients = {"Cliente": row.first, "E este, com o mesmo telefone": row.second}
        groups = [
            ValueGroup(title, "person", contact_values(client)) for title, client in clients.items()
        ]
        return RowSummary(value_groups=groups)

    @admin.display(description="cliente")
    def one(self, suggestion: MergeSuggestion) -> SafeString:
        return _cell(suggestion.first)

    @admin.display(description="e este, com o mesmo telefone")
    def other(self, suggestion: MergeSuggestion) -> SafeString:
        return _cell(suggestion.second)

    @admin.display(description="vendedor(a)")
    def seller(self, suggestion: MergeSuggestion) -> SafeString:
        return breakable_email(suggestion.first.user)

    @admin.display(description="sugerida em", ordering="created_at")
    def created(self, suggestion: MergeSuggestion) -> str:
        return short_datetime(suggestion.created_at)

    @admin.display(description="são a mesma pessoa?")
    def decision(self, suggestion: Any) -> SafeString | str:
        """Return a link to the preview, and a button of the list's form with its CSRF token."""
        if not suggestion.can_decide:
            return NOTHING
        return format_html(
            '<a class="bo-link" href="{}">Unir</a> · '
            '<button class="bo-link" type="submit" formaction="{}">Dispensar</button>',
            _url("merge", suggestion),
            _url("dismiss", suggestion),
        )


@page_view(MergeSuggestionAdmin, "<uuid:suggestion_id>/unir/", permission=MERGE_CLIENTS)
def merge(request: HttpRequest, suggestion_id: uuid.UUID) -> HttpResponse:
    """Show what changes, then merge the second client into the first one."""
    suggestion = _suggestion(suggestion_id)
    kept, absorbed = suggestion.first, suggestion.second
    if request.method != "POST":
        dismiss_url = _url("dismiss", suggestion)
        return preview_merge(
            request, kept, absorbed, back=list_url(MergeSuggestion), dismiss_url=dismiss_url
        )
    try:
        done = client_merging.merge(kept.id, absorbed.id, by=request_user(request))
    except MergeRefused as refusal:
        messages.error(request, str(refusal))
        return redirect(list_url(MergeSuggestion))
    moved = log_merge(request, done, reason="Possível duplicado")
    text = 'Clientes unidos: {} para um só. <a class="bo-link" href="{}">Ver ou desfazer</a>'
    messages.success(request, format_html(text, moved, change_url(kept)))
    return redirect(list_url(MergeSuggestion))


@page_view(MergeSuggestionAdmin, "<uuid:suggestion_id>/dispensar/", permission=MERGE_CLIENTS)
@require_POST
def dismiss(request: HttpRequest, suggestion_id: uuid.UUID) -> HttpResponse:
    suggestion = _suggestion(suggestion_id)
    MergeSuggestion.objects.filter(id=suggestion.id).update(dismissed_at=timezone.now())
    details = {"o outro": audit_log.reference(suggestion.second)}
    audit_log.record(request, "Dispensou possível duplicado", suggestion.first, details=details)
    messages.success(request, "Dispensado: não será sugerido de novo.")
    return redirect(list_url(MergeSuggestion))


def _suggestion(suggestion_id: uuid.UUID) -> MergeSuggestion:
    """Return a pending suggestion. Raises Http404."""
    pending = MergeSuggestion.objects.pending().select_related("first", "second")
    return get_object_or_404(pending, id=suggestion_id)


def _url(name: str, suggestion: MergeSuggestion) -> str:
    return reverse(f"admin:clients_mergesuggestion_{name}", args=[suggestion.id])


def _cell(client: Client) -> SafeString:
    return two_line_cell(row_link(client), format_document(client.cpf) or "sem documento")
