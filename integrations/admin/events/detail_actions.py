"""The buttons on the page of one event."""

import uuid

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from unfold.decorators import action

from flowzz.backoffice import audit_log, masking
from flowzz.backoffice.confirm_with_reason import (
    OptionalReasonForm,
    ReasonForm,
    render_confirmation,
)
from flowzz.backoffice.display import change_url
from flowzz.backoffice.masked_admin import MaskedAdmin
from integrations.admin.events.forms import OwnerReasonForm
from integrations.inbox import replay
from integrations.models import EventState, WebhookEvent


class EventDetailActions(MaskedAdmin):
    """Each button is shown only while it applies to the event."""

    actions_detail = ("replay_one", "assign_one", "discard_one", "download", "reveal")

    def has_replay_one_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        rows = _rows(object_id).filter(integration__isnull=False, payload__isnull=False)
        return request.user.has_perm("accounts.replay_events") and rows.exists()

    def has_assign_one_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        rows = _rows(object_id).filter(integration__isnull=True, payload__isnull=False)
        return request.user.has_perm("accounts.settle_events") and rows.exists()

    def has_discard_one_permission(
        self, request: HttpRequest, object_id: str | None = None
    ) -> bool:
        rows = _rows(object_id).filter(state=EventState.QUARANTINED)
        return request.user.has_perm("accounts.settle_events") and rows.exists()

    def has_download_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        event = _rows(object_id).filter(payload__isnull=False).only("id").first()
        return event is not None and masking.is_visible(request, event)

    @action(  # type: ignore[untyped-decorator]  # unfold has no types
        description="Reprocessar", url_path="reprocessar", icon="replay", permissions=["replay_one"]
    )
    def replay_one(self, request: HttpRequest, object_id: uuid.UUID) -> HttpResponse:
        event = _event(object_id)
        form = OptionalReasonForm(request.POST or None)
        if request.method != "POST" or not form.is_valid():
            text = "O evento é aplicado de novo, mesmo que o conteúdo já tenha vindo antes."
            return _confirm(request, form, event, "Reprocessar", text)
        replay.replay(_rows(object_id))
        audit_log.record(request, "Reprocessou evento", event, reason=form.cleaned_data["reason"])
        messages.success(request, "Na fila: atualize a página em alguns segundos.")
        return redirect(change_url(event))

    @action(  # type: ignore[untyped-decorator]  # unfold has no types
        description="Atribuir", url_path="atribuir", icon="person_add", permissions=["assign_one"]
    )
    def assign_one(self, request: HttpRequest, object_id: uuid.UUID) -> HttpResponse:
        event = _event(object_id)
        form = OwnerReasonForm(request.POST or None, provider=event.provider)
        if not form.is_valid() or form.integration is None:
            text = "O evento passa a ser deste usuário e é aplicado às vendas dele."
            return _confirm(request, form, event, "Atribuir", text)
        replay.assign(_rows(object_id), form.integration)
        audit_log.record(
            request,
            "Atribuiu evento",
            event,
            reason=form.cleaned_data["reason"],
            details={"integration": str(form.integration.id)},
        )
        messages.success(request, f"Atribuído a {form.integration.user} e na fila.")
        return redirect(change_url(event))

    @action(  # type: ignore[untyped-decorator]  # unfold has no types
        description="Descartar", url_path="descartar", icon="block", permissions=["discard_one"]
    )
    def discard_one(self, request: HttpRequest, object_id: uuid.UUID) -> HttpResponse:
        event = _event(object_id)
        form = ReasonForm(request.POST or None)
        if not form.is_valid():
            text = "As vendas ficam como estão; o evento é guardado, com o motivo."
            return _confirm(request, form, event, "Descartar", text)
        reason = form.cleaned_data["reason"]
        replay.discard(_rows(object_id), reason)
        audit_log.record(request, "Descartou evento", event, reason=reason)
        messages.success(request, "Descartado.")
        return redirect(change_url(event))

    @action(  # type: ignore[untyped-decorator]  # unfold has no types
        description="Baixar como recebido",
        url_path="baixar",
        icon="download",
        permissions=["download"],
    )
    def download(self, request: HttpRequest, object_id: uuid.UUID) -> HttpResponse:
        """Return the exact bytes of the body, with a type that no browser renders."""
        event = _event(object_id)
        audit_log.record(request, "Baixou o corpo do evento", event)
        headers = {"Content-Disposition": f'attachment; filename="evento-{event.id}.json"'}
        return HttpResponse(
            event.body or b"", content_type="application/octet-stream", headers=headers
        )


def _rows(object_id: uuid.UUID | str | None) -> "QuerySet[WebhookEvent]":
    events = WebhookEvent.objects.all()
    return events.filter(id=object_id) if object_id else events.none()


def _event(object_id: uuid.UUID) -> WebhookEvent:
    event = _rows(object_id).first()
    if event is None:
        raise Http404
    return event


def _confirm(
    request: HttpRequest, form: forms.Form, event: WebhookEvent, label: str, text: str
) -> HttpResponse:
    return render_confirmation(
        request,
        form,
        about=event,
        title=f"{label} evento",
        text=text,
        button=label,
        back=change_url(event),
    )
