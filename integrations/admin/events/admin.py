"""The list of webhook events, its search and its actions; the layout of an event's page."""

from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse

from clients.admin import search_clients_for
from flowzz.backoffice import audit_log
from flowzz.backoffice.base_admin import staff_permission
from flowzz.backoffice.confirm_with_reason import ReasonForm, render_confirmation
from flowzz.backoffice.display import badge_column, platform_column, section
from flowzz.backoffice.filters import WarningFilter, exact_match_first
from flowzz.backoffice.lists.filter_fields import empty_filter
from flowzz.backoffice.masked_admin import MaskedAdmin
from flowzz.core.formatting import format_count
from integrations.admin.events.detail_fields import EventDetailFields, mask_detail_fields
from integrations.admin.owner_column import owner_column
from integrations.inbox import replay
from integrations.inbox.failure_reasons import describe_warning
from integrations.models import EventOutcome, EventState, WebhookEvent
from sales.models import Sale

MAX_SALES_SEARCHED = 50
"""A search for a client lists the events of this many of the newest sales."""
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


@admin.register(WebhookEvent)
class WebhookEventAdmin(EventDetailFields, MaskedAdmin):
    list_display = (
        "received",
        "owner",
        "kind",
        "external_id",
        "state_badge",
        "outcome_badge",
        "failure_reason",
        "attempts",
    )
    list_filter = (
        "state",
        "outcome",
        "kind",
        (
            "integration",
            empty_filter("vendedor(a)", empty="Sem integração", filled="De uma integração"),
        ),
        WarningFilter,
    )
    linked_lookups = (
        "cause__exact",
        "integration__id__exact",
        "reason__exact",
        "received_at__gte",
        "received_at__lt",
    )
    list_select_related = ("integration__user",)
    search_fields = ("external_id",)
    search_help_text = "Número do pedido; CPF ou CNPJ, telefone, e-mail ou nome do cliente"
    exact_search_help_text = f"{search_help_text}, inteiros"
    fieldsets = (
        section(
            None, "explanation", "integration", ("platform", "kind"), ("external_id", "received")
        ),
        section("O que mudou", "effects", "warnings"),
        section("Diferenças do evento anterior do mesmo pedido", "differences"),
        section("Conteúdo", "rendered_body", "rendered_headers"),
        section(
            "Processamento",
            ("state", "result", "finished_at"),
            ("attempts", "next_attempt_at"),
            "is_replay",
            ("failure_reason", "error"),
            "failures",
        ),
    )
    readonly_fields = (
        "platform",
        "received",
        "result",
        "explanation",
        "failure_reason",
        "effects",
        "warnings",
        "differences",
        "failures",
        "rendered_headers",
        "rendered_body",
    )
    actions = ("replay", "discard")
    has_replay_permission = staff_permission("replay_events")
    has_settle_permission = staff_permission("settle_events")

    platform = platform_column("provider", "plataforma")
    owner = owner_column()
    state_badge = badge_column("state", "estado", STATE_COLOURS)
    outcome_badge = badge_column("outcome", "resultado", OUTCOME_COLOURS)

    @admin.action(description="Reprocessar", permissions=["replay"])
    def replay(self, request: HttpRequest, events: "QuerySet[WebhookEvent]") -> None:
        chosen = _plain(events)
        without_body = chosen.filter(payload__isnull=True).count()
        count = replay.replay(chosen)
        self._report(request, count, "Reprocessou eventos", "na fila para reprocessar")
        if without_body:
            number = format_count(without_body, "evento", "eventos")
            text = f"{number} já sem corpo: não há o que reprocessar."
            self.message_user(request, text, messages.ERROR)

    @admin.action(description="Descartar os que estão em quarentena", permissions=["settle"])
    def discard(
        self, request: HttpRequest, events: "QuerySet[WebhookEvent]"
    ) -> HttpResponse | None:
        form = ReasonForm(request.POST if "reason" in request.POST else None)
        if not form.is_valid():
            return render_confirmation(
                request,
                form,
                about=WebhookEvent,
                title="Descartar eventos",
                text="Dos eventos escolhidos, os que estão em quarentena são descartados. "
                "As vendas ficam como estão; os eventos são guardados, com o motivo.",
                button="Descartar",
                back=request.get_full_path(),
                hidden_fields=_selection(request),
            )
        reason = form.cleaned_data["reason"]
        count = replay.discard(_plain(events), reason)
        self._report(request, count, "Descartou eventos", "fora da quarentena", reason)
        return None

    def _report(
        self, request: HttpRequest, count: int, action: str, result: str, reason: str = ""
    ) -> None:
        if count:
            audit_log.record(request, action, None, reason=reason, details={"eventos": count})
        level = messages.SUCCESS if count else messages.WARNING
        self.message_user(request, f"{format_count(count, 'evento', 'eventos')} {result}.", level)

    def describe_lookup(
        self, request: HttpRequest, lookup: str, value: str
    ) -> tuple[str, str] | None:
        """Say the cause of a link from the quarantine in words."""
        if lookup in ("cause__exact", "reason__exact"):
            return "causa", describe_warning(value)
        return None

    def mask_details(self, row: WebhookEvent) -> None:
        mask_detail_fields(row)

    def get_search_results(
        self, request: HttpRequest, queryset: "QuerySet[WebhookEvent]", search_term: str
    ) -> tuple["QuerySet[WebhookEvent]", bool]:
        if text := search_term.strip():
            by_sale = partial(_of_sales, request, text)
            queryset = exact_match_first(queryset, Q(external_id=text), by_sale)
        return queryset, False


def _of_sales(request: HttpRequest, text: str) -> Q:
    """Match the events of the sales with this number or hash, or else of the clients found."""
    found = list(Sale.objects.filter(Q(external_id=text) | Q(order_hash=text)))
    if not found:
        sales = Sale.objects.filter(client__in=search_clients_for(request, text))
        newest = sales.order_by("-sale_date").only("external_id", "order_hash")
        found = list(newest[:MAX_SALES_SEARCHED])
    numbers = [order_id for sale in found for order_id in sale.order_ids]
    return Q(external_id__any_of=numbers) & ~Q(external_id="")


def _selection(request: HttpRequest) -> list[tuple[str, str]]:
    """Return the form fields that repeat the chosen action and rows."""
    names = ("action", "select_across", ACTION_CHECKBOX_NAME)
    return [(name, value) for name in names for value in request.POST.getlist(name)]


def _plain(events: "QuerySet[WebhookEvent]") -> "QuerySet[Any]":
    """Return the same events without the list's order, joins and deferred columns."""
    return WebhookEvent.objects.filter(id__in=events.order_by().values("id"))
