"""The inbox: what arrived, what became of it, and the ways to try again."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from clients.models import Client
from clients.search import search_clients
from flowzz.backoffice import audit_log, masking
from flowzz.backoffice.base_admin import staff_permission
from flowzz.backoffice.confirm_with_reason import ReasonForm, render_confirmation
from flowzz.backoffice.display import badge_column, preformatted, related_column, row_link
from flowzz.backoffice.filters import exact_match_first
from flowzz.core.formatting import counted
from integrations.admin.events import payload_masking
from integrations.admin.events.detail_actions import EventActions
from integrations.admin.events.explanations import tell
from integrations.inbox import replay
from integrations.inbox.failure_reasons import explain
from integrations.inbox.payload_diff import NotJson
from integrations.models import EventOutcome, EventState, WebhookEvent
from sales.admin.history import moved
from sales.models import Origin, Sale, SaleStatusChange, Subscription

MOST_SALES = 50
"""Of the clients that are searched for: the newest, whose events are shown."""
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
class WebhookEventAdmin(EventActions):
    list_display = (
        "received_at",
        "owner",
        "kind",
        "external_id",
        "state_badge",
        "outcome_badge",
        "cause_told",
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
                    "told",
                    "integration",
                    ("provider", "kind"),
                    ("external_id", "received_at"),
                )
            },
        ),
        ("O que mudou", {"fields": ("effects",)}),
        ("Diferenças do evento anterior do mesmo pedido", {"fields": ("differences",)}),
        ("Conteúdo", {"fields": ("shown_body", "shown_headers")}),
        (
            "Processamento",
            {
                "fields": (
                    ("state", "outcome", "finished_at"),
                    ("attempts", "next_attempt_at"),
                    "is_replay",
                    ("cause_told", "error"),
                    "failures",
                )
            },
        ),
    )
    readonly_fields = (
        "told",
        "cause_told",
        "effects",
        "differences",
        "failures",
        "shown_headers",
        "shown_body",
    )
    actions = ("replay", "discard")
    has_replay_permission = staff_permission("replay_events")
    has_settle_permission = staff_permission("settle_events")

    owner = related_column("integration__user", "usuário")
    state_badge = badge_column("state", "estado", STATE_COLOURS)
    outcome_badge = badge_column("outcome", "resultado", OUTCOME_COLOURS)

    @admin.display(description="situação")
    def told(self, event: WebhookEvent) -> SafeString:
        return render_to_string(
            "integrations/events/explanation.html", {"told": tell(event), "event": event}
        )

    @admin.display(description="causa", ordering="reason", empty_value="—")
    def cause_told(self, event: WebhookEvent) -> str:
        return explain(event.reason).title if event.reason else ""

    @admin.display(description="efeitos")
    def effects(self, event: WebhookEvent) -> SafeString:
        """The sale, its client, the subscription, and the lines of history that it made."""
        changes = SaleStatusChange.objects.filter(origin=Origin.EVENT, origin_id=event.id)
        sale = subscription = None
        if event.integration and event.external_id:
            user_id, number = event.integration.user_id, event.external_id
            sales = Sale.objects.owned_by(user_id).select_related("client")
            sale = sales.with_external_ids(event.provider, [number]).first()
            subscription = Subscription.objects.filter(
                user_id=user_id, source=event.provider, subscription_hash=number
            ).first()
        shown = {
            "sale": row_link(sale),
            "client": sale and sale.client,
            "client_name": sale and sale.client and _name_of(event, sale.client),
            "subscription": row_link(subscription),
            "changes": [(change, moved(change)) for change in changes],
        }
        return render_to_string("integrations/events/effects.html", shown)

    @admin.display(description="diferenças")
    def differences(self, event: WebhookEvent) -> SafeString:
        shown: dict[str, Any] = {"previous": (previous := _previous(event))}
        if previous and event.body is not None:
            try:
                shown["differences"] = payload_masking.differences(
                    previous, event, masked=_is_hidden(event)
                )
            except NotJson:
                shown["is_unreadable"] = True
        return render_to_string("integrations/events/differences.html", shown)

    @admin.display(description="tentativas sem sucesso")
    def failures(self, event: WebhookEvent) -> SafeString:
        failures = event.failures.order_by("-id")[:50]
        return render_to_string("integrations/events/failures.html", {"failures": failures})

    @admin.display(description="cabeçalhos")
    def shown_headers(self, event: WebhookEvent) -> SafeString:
        return preformatted("\n".join(f"{name}: {value}" for name, value in event.headers.items()))

    @admin.display(description="corpo")
    def shown_body(self, event: WebhookEvent) -> SafeString:
        if event.body is None:
            return preformatted("(corpo removido)")
        return preformatted(payload_masking.shown_body(event, masked=_is_hidden(event)))

    @admin.action(description="Reprocessar", permissions=["replay"])
    def replay(self, request: HttpRequest, events: "QuerySet[WebhookEvent]") -> None:
        gone = _free(events).filter(payload__isnull=True).count()
        count = replay.replay(_free(events))
        self._report(request, count, "Reprocessou eventos", "na fila para reprocessar")
        if gone:
            text = f"{counted(gone, 'evento', 'eventos')} já sem corpo: não há o que reprocessar."
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
                hidden_fields=_choice(request),
            )
        reason = form.cleaned_data["reason"]
        count = replay.discard(_free(events), reason)
        self._report(request, count, "Descartou eventos", "fora da quarentena", reason)
        return None

    def _report(
        self, request: HttpRequest, count: int, action: str, done: str, reason: str = ""
    ) -> None:
        if count:
            audit_log.record(request, action, None, reason=reason, details={"events": count})
        level = messages.SUCCESS if count else messages.WARNING
        self.message_user(request, f"{counted(count, 'evento', 'eventos')} {done}.", level)

    def mask_details(self, row: WebhookEvent) -> None:
        """Have what the page shows masked: its differences need the body as it is."""
        vars(row)["is_hidden"] = True

    def get_search_results(
        self, request: HttpRequest, queryset: "QuerySet[WebhookEvent]", search_term: str
    ) -> tuple["QuerySet[WebhookEvent]", bool]:
        if text := search_term.strip():
            sales = Sale.objects.filter(client__in=search_clients(text)).order_by("-sale_date")
            numbers = list(sales.values_list("external_id", flat=True)[:MOST_SALES])
            theirs = Q(external_id__any_of=numbers) & ~Q(external_id="")
            queryset = exact_match_first(queryset, Q(external_id=text), theirs)
        return queryset, False


def _choice(request: HttpRequest) -> list[tuple[str, str]]:
    """What was chosen in the list, and to be done with it."""
    names = ("action", "select_across", ACTION_CHECKBOX_NAME)
    return [(name, value) for name in names for value in request.POST.getlist(name)]


def _free(events: "QuerySet[WebhookEvent]") -> "QuerySet[Any]":
    """The same events, without the list's order, joins and deferred columns."""
    return WebhookEvent.objects.filter(id__in=events.order_by().values("id"))


def _is_hidden(event: WebhookEvent) -> bool:
    return bool(vars(event).get("is_hidden"))


def _name_of(event: WebhookEvent, client: Client) -> str:
    return masking.mask_name(str(client)) if _is_hidden(event) else str(client)


def _previous(event: WebhookEvent) -> WebhookEvent | None:
    """The event of the same order or subscription before this one, where it has its body yet."""
    if not event.external_id or not event.integration_id:
        return None
    return (
        WebhookEvent.objects.filter(
            Q(received_at__lt=event.received_at)
            | Q(received_at=event.received_at, id__lt=event.id),
            integration=event.integration_id,
            external_id=event.external_id,
            payload__isnull=False,
        )
        .select_related("payload")
        .order_by("-received_at", "-id")
        .first()
    )
