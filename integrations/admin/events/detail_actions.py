"""The buttons on the page of one event, each shown only while it applies to the event."""

import uuid
from collections.abc import Callable

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from flowzz.backoffice import audit_log, masking
from flowzz.backoffice.confirm_with_reason import Done, OptionalReasonForm, ReasonForm, confirm
from flowzz.backoffice.extensions import page_view, row_action
from integrations.admin.bulk_actions import outcome_figures
from integrations.admin.events.admin import WebhookEventAdmin
from integrations.admin.events.forms import CorrectionForm, OwnerReasonForm, indent_json
from integrations.bulk_actions.preview import EXPECTED_LABELS, preview_replay
from integrations.inbox import replay
from integrations.models import EventState, WebhookEvent

REPLAY, SETTLE = "accounts.replay_events", "accounts.settle_events"


def _while(permission: str, applies: Q) -> Callable[[HttpRequest, uuid.UUID | None], bool]:
    """Allow an action to staff with a permission, on events that fulfil a condition."""

    def check(request: HttpRequest, object_id: uuid.UUID | None) -> bool:
        return request.user.has_perm(permission) and _rows(object_id).filter(applies).exists()

    return check


def _may_download(request: HttpRequest, object_id: uuid.UUID | None) -> bool:
    event = _rows(object_id).filter(payload__isnull=False).only("id").first()
    return event is not None and masking.is_visible(request, event)


def _may_correct(request: HttpRequest, object_id: uuid.UUID | None) -> bool:
    """Allow a correction to staff who may settle events, and see this one's personal data."""
    owned = _rows(object_id).filter(integration__isnull=False)
    return request.user.has_perm(SETTLE) and _may_download(request, object_id) and owned.exists()


@row_action(
    WebhookEventAdmin,
    "Reprocessar",
    path="reprocessar",
    icon="replay",
    permission=_while(REPLAY, Q(integration__isnull=False, payload__isnull=False)),
)
def replay_one(request: HttpRequest, object_id: uuid.UUID) -> HttpResponse:
    event = get_object_or_404(WebhookEvent, id=object_id)

    def act() -> Done:
        replay.replay(_rows(object_id))
        text = "Na fila: atualize a página em alguns segundos."
        return Done("Reprocessou evento", text, event)

    return confirm(
        request,
        OptionalReasonForm(request.POST or None),
        act,
        about=event,
        title="Reprocessar evento",
        text="O evento é aplicado de novo, mesmo que o conteúdo já tenha vindo antes.",
        button="Reprocessar",
        preview_url=reverse("admin:integrations_webhookevent_preview_one", args=[object_id]),
    )


@page_view(WebhookEventAdmin, "<uuid:object_id>/previa/", permission=REPLAY)
@require_safe
def preview_one(request: HttpRequest, object_id: uuid.UUID) -> HttpResponse:
    """Show what a replay would change: it is done, and rolled back."""
    preview = preview_replay(_rows(object_id), 1)
    context = {"preview": preview, "figures": outcome_figures(preview.outcomes, EXPECTED_LABELS)}
    return render(request, "integrations/bulk_actions/preview.html", context)


@row_action(
    WebhookEventAdmin,
    "Corrigir uma cópia",
    path="corrigir",
    icon="edit_note",
    permission=_may_correct,
)
def correct(request: HttpRequest, object_id: uuid.UUID) -> HttpResponse:
    """Process a copy of the event with another body."""
    event = get_object_or_404(WebhookEvent.objects.select_related("integration"), id=object_id)
    original = (event.body or b"").decode("utf-8-sig", errors="replace")
    form = CorrectionForm(request.POST or None, initial={"body": indent_json(original)})
    if event.state != EventState.QUARANTINED:
        del form.fields["keeps_original"]

    def act() -> Done:
        keeps = form.cleaned_data.get("keeps_original", True)
        body = form.cleaned_data["body"].encode()
        copy = WebhookEvent.objects.get(id=replay.send_corrected(event, body, keeps_original=keeps))
        text = "A cópia está na fila: atualize a página em alguns segundos."
        details = {"cópia": audit_log.reference(copy)}
        return Done("Enviou cópia corrigida do evento", text, event, details, copy)

    return confirm(
        request,
        form,
        act,
        about=event,
        title="Corrigir uma cópia do evento",
        text="A cópia vale como chegada na hora do original: não desfaz o que veio depois.",
        button="Enviar a cópia",
    )


@row_action(
    WebhookEventAdmin,
    "Atribuir",
    path="atribuir",
    icon="person_add",
    permission=_while(SETTLE, Q(integration__isnull=True, payload__isnull=False)),
)
def assign_one(request: HttpRequest, object_id: uuid.UUID) -> HttpResponse:
    event = get_object_or_404(WebhookEvent, id=object_id)
    form = OwnerReasonForm(request.POST or None, provider=event.provider)

    def act() -> Done:
        assert form.integration is not None  # of a valid form
        replay.assign(_rows(object_id), form.integration)
        text = f"Atribuído a {form.integration.user} e na fila."
        details = {"integração": audit_log.reference(form.integration)}
        return Done("Atribuiu evento", text, event, details)

    return confirm(
        request,
        form,
        act,
        about=event,
        title="Atribuir evento",
        text="O evento passa a ser desta conta e é aplicado às vendas dela.",
        button="Atribuir",
    )


@row_action(
    WebhookEventAdmin,
    "Descartar",
    path="descartar",
    icon="block",
    permission=_while(SETTLE, Q(state=EventState.QUARANTINED)),
)
def discard_one(request: HttpRequest, object_id: uuid.UUID) -> HttpResponse:
    event = get_object_or_404(WebhookEvent, id=object_id)
    form = ReasonForm(request.POST or None)

    def act() -> Done:
        replay.discard(_rows(object_id), form.cleaned_data["reason"])
        return Done("Descartou evento", "Descartado.", event)

    return confirm(
        request,
        form,
        act,
        about=event,
        title="Descartar evento",
        text="As vendas ficam como estão; o evento é guardado, com o motivo.",
        button="Descartar",
    )


@row_action(
    WebhookEventAdmin,
    "Baixar como recebido",
    path="baixar",
    icon="download",
    permission=_may_download,
)
def download(request: HttpRequest, object_id: uuid.UUID) -> HttpResponse:
    """Return the exact bytes of the body, with a type that no browser renders."""
    event = get_object_or_404(WebhookEvent, id=object_id)
    audit_log.record(request, "Baixou o corpo do evento", event)
    headers = {"Content-Disposition": f'attachment; filename="evento-{event.id}.json"'}
    return HttpResponse(event.body or b"", content_type="application/octet-stream", headers=headers)


def _rows(object_id: uuid.UUID | None) -> "QuerySet[WebhookEvent]":
    return WebhookEvent.objects.filter(pk__in=[object_id] if object_id else [])
