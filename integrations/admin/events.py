"""The inbox: what arrived, what became of it, and the ways to try again."""

import json
from typing import Any

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime

from clients.search import search_clients
from flowzz.backoffice import trail
from flowzz.backoffice.pages import badge, column, link, preformatted
from flowzz.backoffice.permissions import permission
from flowzz.backoffice.personal import PersonalPage
from integrations import inbox
from integrations.admin.masked import masked_body
from integrations.models import EventOutcome, EventState, WebhookEvent
from sales.models import Origin, Sale, SaleStatusChange

STATE_COLOURS = {
    EventState.PENDING: "info",
    EventState.DONE: "success",
    EventState.RETRY: "warning",
    EventState.QUARANTINED: "danger",
}
OUTCOME_COLOURS = {
    EventOutcome.CREATED: "success",
    EventOutcome.UPDATED: "primary",
    EventOutcome.STALE: "warning",
}


def readable(body: bytes) -> str:
    """A body as a person reads it: indented where it is JSON, else as it came."""
    text = body.decode("utf-8-sig", errors="backslashreplace")
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text


@admin.register(WebhookEvent)
class WebhookEventPage(PersonalPage):
    list_display = (
        "received_at",
        "owner",
        "kind",
        "external_id",
        "state_badge",
        "outcome_badge",
        "reason",
        "attempts",
    )
    list_filter = (
        "state",
        "outcome",
        "kind",
        ("integration", admin.EmptyFieldListFilter),
    )
    list_select_related = ("integration__user",)
    search_fields = ("external_id",)
    search_help_text = "Número do pedido; CPF ou CNPJ, telefone, e-mail ou nome do cliente"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("integration", "provider"),
                    ("kind", "external_id", "sale"),
                    "received_at",
                )
            },
        ),
        (
            "Processamento",
            {
                "fields": (
                    ("state", "outcome", "finished_at"),
                    ("attempts", "next_attempt_at", "is_replay"),
                    ("reason", "error"),
                    "changes",
                )
            },
        ),
        ("Conteúdo", {"fields": ("shown_headers", "shown_body")}),
    )
    readonly_fields = ("sale", "changes", "shown_headers", "shown_body")
    actions = ("replay", "discard")
    has_replay_permission = permission("replay_events")
    has_settle_permission = permission("settle_events")

    owner = column("integration__user", "usuário")
    state_badge = badge("state", "estado", STATE_COLOURS)
    outcome_badge = badge("outcome", "resultado", OUTCOME_COLOURS)

    @admin.display(description="venda")
    def sale(self, event: WebhookEvent) -> SafeString | None:
        if event.integration is None or not event.external_id:
            return None
        sales = Sale.objects.of(event.integration.user_id)
        return link(sales.numbered(event.provider, [event.external_id]).first())

    @admin.display(description="o que mudou")
    def changes(self, event: WebhookEvent) -> SafeString:
        changes = SaleStatusChange.objects.filter(origin=Origin.EVENT, origin_id=event.id)
        return format_html_join(
            SafeString("<br>"),
            "{}: {}",
            ((change.get_axis_display(), change) for change in changes),
        )

    @admin.display(description="cabeçalhos")
    def shown_headers(self, event: WebhookEvent) -> SafeString:
        return preformatted("\n".join(f"{name}: {value}" for name, value in event.headers.items()))

    @admin.display(description="corpo")
    def shown_body(self, event: WebhookEvent) -> SafeString:
        if event.body is None:
            removed = date_format(localtime(event.body_removed_at), "SHORT_DATETIME_FORMAT")
            return preformatted(f"(corpo removido em {removed})")
        return preformatted(readable(bytes(event.body)))

    @admin.action(description="Reprocessar", permissions=["replay"])
    def replay(self, request: HttpRequest, events: "QuerySet[WebhookEvent]") -> None:
        gone = _free(events).filter(body__isnull=True).count()
        count = inbox.replay(_free(events))
        self._report(request, count, "Reprocessou eventos", "na fila para reprocessar")
        if gone:
            text = f"{gone} evento(s) já sem corpo: não há o que reprocessar."
            self.message_user(request, text, messages.ERROR)

    @admin.action(description="Descartar os que estão em quarentena", permissions=["settle"])
    def discard(self, request: HttpRequest, events: "QuerySet[WebhookEvent]") -> None:
        count = inbox.discard(_free(events), f"Descartado por {request.user}.")
        self._report(request, count, "Descartou eventos", "descartado(s)")

    def _report(self, request: HttpRequest, count: int, action: str, done: str) -> None:
        if count:
            trail.record(request, action, None, details={"events": count})
        level = messages.SUCCESS if count else messages.WARNING
        self.message_user(request, f"{count} evento(s) {done}.", level)

    def hide(self, row: WebhookEvent) -> None:
        row.body = masked_body(row)

    def get_queryset(self, request: HttpRequest) -> "QuerySet[WebhookEvent]":
        return super().get_queryset(request).defer("body", "headers")

    def get_search_results(
        self, request: HttpRequest, queryset: "QuerySet[WebhookEvent]", search_term: str
    ) -> tuple["QuerySet[WebhookEvent]", bool]:
        if text := search_term.strip():
            theirs = Sale.objects.filter(client__in=search_clients(text)).values("external_id")
            queryset = queryset.filter(Q(external_id=text) | Q(external_id__in=theirs))
        return queryset, False


def _free(events: "QuerySet[WebhookEvent]") -> "QuerySet[Any]":
    """The same events, without the list's order, joins and deferred columns."""
    return WebhookEvent.objects.filter(id__in=events.order_by().values("id"))
