"""The read-only fields of an event's page: what happened, its effects, differences and body."""

from typing import Any

from django.contrib import admin
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from flowzz.backoffice import masking
from flowzz.backoffice.display import NOTHING, bullet_list, exact_datetime, preformatted, row_link
from flowzz.core.db.keyset import behind
from flowzz.core.formatting import shorten
from integrations.admin.events import payload_masking
from integrations.admin.events.explanations import explain_event
from integrations.admin.events.payload_diff import MAX_DIFFERENCES, NotJson
from integrations.admin.order_pages import order_page_link
from integrations.inbox.failure_reasons import describe_warning, explain
from integrations.inbox.store import COPY_HEADER
from integrations.models import WebhookEvent
from integrations.models.events import ARRIVAL, NEWEST_FIRST
from sales.admin.statuses import describe_change
from sales.models import Origin, Sale, SaleStatusChange, Subscription

MAX_FAILURES = 50


def mask_detail_fields(event: WebhookEvent) -> None:
    """Render the event's page masked. The body stays as received: differences need it."""
    vars(event)["is_masked"] = True


def _is_masked(event: WebhookEvent) -> bool:
    return bool(vars(event).get("is_masked"))


class EventDetailFields:
    @admin.display(description="recebido em", ordering="received_at")
    def received(self, event: WebhookEvent) -> str:
        return exact_datetime(event.received_at)

    @admin.display(description="resultado")
    def result(self, event: WebhookEvent) -> str:
        return event.get_outcome_display()

    @admin.display(description="o que houve")
    def explanation(self, event: WebhookEvent) -> SafeString:
        context = {
            "explanation": explain_event(event),
            "event": event,
            "copy_of": event.headers.get(COPY_HEADER),
        }
        return render_to_string("integrations/events/explanation.html", context)

    @admin.display(description="causa", ordering="reason")
    def failure_reason(self, event: WebhookEvent) -> str:
        return explain(event.reason).title if event.reason else NOTHING

    @admin.display(description="efeitos")
    def effects(self, event: WebhookEvent) -> SafeString:
        """Link the sale or subscription and list the status changes that the event made."""
        changes = SaleStatusChange.objects.filter(origin=Origin.EVENT, origin_id=event.id)
        sale, subscription = _sale(event), _subscription(event)
        client = sale.client if sale else None
        client_name = str(client or "")
        context = {
            "sale": row_link(sale),
            "order_page": order_page_link(sale) if sale else None,
            "client": client,
            "client_name": masking.mask_name(client_name) if _is_masked(event) else client_name,
            "subscription": row_link(subscription),
            "changes": [(change, describe_change(change)) for change in changes],
        }
        return render_to_string("integrations/events/effects.html", context)

    @admin.display(description="avisos", empty_value="Nenhum.")
    def warnings(self, event: WebhookEvent) -> SafeString:
        """List the values that could not be read; the rest of the event was applied."""
        return bullet_list(map(describe_warning, event.value_warnings))

    @admin.display(description="diferenças")
    def differences(self, event: WebhookEvent) -> SafeString:
        previous = _previous(event)
        context: dict[str, Any] = {"previous": previous, "maximum": MAX_DIFFERENCES}
        if previous and event.body is not None:
            try:
                context["differences"] = payload_masking.differences(
                    previous, event, is_masked=_is_masked(event)
                )
            except NotJson:
                context["is_unreadable"] = True
        return render_to_string("integrations/events/differences.html", context)

    @admin.display(description="tentativas sem sucesso")
    def failures(self, event: WebhookEvent) -> SafeString:
        newest = event.failures.order_by("-id")[:MAX_FAILURES]
        return render_to_string("integrations/events/failures.html", {"failures": newest})

    @admin.display(description="cabeçalhos")
    def rendered_headers(self, event: WebhookEvent) -> SafeString:
        headers = (f"{name}: {shorten(value)}" for name, value in event.headers.items())
        return preformatted("\n".join(headers))

    @admin.display(description="corpo")
    def rendered_body(self, event: WebhookEvent) -> SafeString:
        if event.body is None:
            return preformatted("(corpo removido)")
        return payload_masking.render_body(event, is_masked=_is_masked(event))


def _sale(event: WebhookEvent) -> Sale | None:
    if not event.integration or not event.external_id:
        return None
    sales = Sale.objects.owned_by(event.integration.user_id).select_related("client")
    sale: Sale | None = sales.with_order_ids(event.provider, [event.external_id]).first()
    return sale


def _subscription(event: WebhookEvent) -> Subscription | None:
    if not event.integration or not event.external_id:
        return None
    return Subscription.objects.filter(
        user_id=event.integration.user_id,
        source=event.provider,
        subscription_hash=event.external_id,
    ).first()


def _previous(event: WebhookEvent) -> WebhookEvent | None:
    """Return the event before this one about the same order that still has its body."""
    if not event.external_id or not event.integration_id:
        return None
    place = (event.received_at, event.id)
    events = WebhookEvent.objects.filter(
        behind(ARRIVAL, place, is_descending=True),
        integration=event.integration_id,
        external_id__any_of=sale.order_ids if (sale := _sale(event)) else [event.external_id],
        payload__isnull=False,
    )
    return events.select_related("payload").order_by(*NEWEST_FIRST).first()
