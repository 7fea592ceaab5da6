"""What staff do with one event, from its page."""

import uuid

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


class EventActions(MaskedAdmin):
    """The buttons of an event's page; each is there when it can be of use."""

    actions_detail = ("replay_one", "assign_one", "discard_one", "download", "reveal")

    def has_replay_one_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        rows = self._rows(object_id).filter(integration__isnull=False, payload__isnull=False)
        return request.user.has_perm("accounts.replay_events") and rows.exists()

    def has_assign_one_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        rows = self._rows(object_id).filter(integration__isnull=True, payload__isnull=False)
        return request.user.has_perm("accounts.settle_events") and rows.exists()

    def has_discard_one_permission(
        self, request: HttpRequest, object_id: str | None = None
    ) -> bool:
        rows = self._rows(object_id).filter(state=EventState.QUARANTINED)
        return request.user.has_perm("accounts.settle_events") and rows.exists()

    def has_download_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        event = self._rows(object_id).filter(payload__isnull=False).only("id").first()
        return event is not None and masking.is_visible(request, event)

    @action(  # type: ignore[untyped-decorator]  # unfold has no types
        description="Reprocessar", url_path="reprocessar", icon="replay", permissions=["replay_one"]
    )
    def replay_one(self, request: HttpRequest, object_id: uuid.UUID) -> HttpResponse:
        event, back = self._event(object_id)
        form = OptionalReasonForm(request.POST or None)
        if request.method != "POST" or not form.is_valid():
            text = "O evento é aplicado de novo, mesmo que o conteúdo já tenha vindo antes."
            return render_confirmation(
                request,
                form,
                about=event,
                title="Reprocessar evento",
                text=text,
                button="Reprocessar",
                back=back,
            )
        replay.replay(self._rows(object_id))
        audit_log.record(request, "Reprocessou evento", event, reason=form.cleaned_data["reason"])
        messages.success(request, "Na fila: atualize a página em alguns segundos.")
        return redirect(back)

    @action(  # type: ignore[untyped-decorator]  # unfold has no types
        description="Atribuir", url_path="atribuir", icon="person_add", permissions=["assign_one"]
    )
    def assign_one(self, request: HttpRequest, object_id: uuid.UUID) -> HttpResponse:
        event, back = self._event(object_id)
        form = OwnerReasonForm(request.POST or None, provider=event.provider)
        if not form.is_valid() or form.integration is None:
            text = "O evento passa a ser deste usuário e é aplicado às vendas dele."
            return render_confirmation(
                request,
                form,
                about=event,
                title="Atribuir evento",
                text=text,
                button="Atribuir",
                back=back,
            )
        replay.assign(self._rows(object_id), form.integration)
        audit_log.record(
            request,
            "Atribuiu evento",
            event,
            reason=form.cleaned_data["reason"],
            details={"integration": str(form.integration.id)},
        )
        messages.success(request, f"Atribuído a {form.integration.user} e na fila.")
        return redirect(back)

    @action(  # type: ignore[untyped-decorator]  # unfold has no types
        description="Descartar", url_path="descartar", icon="block", permissions=["discard_one"]
    )
    def discard_one(self, request: HttpRequest, object_id: uuid.UUID) -> HttpResponse:
        event, back = self._event(object_id)
        form = ReasonForm(request.POST or None)
        if not form.is_valid():
            text = "As vendas ficam como estão; o evento é guardado, com o motivo."
            return render_confirmation(
                request,
                form,
                about=event,
                title="Descartar evento",
                text=text,
                button="Descartar",
                back=back,
            )
        reason = form.cleaned_data["reason"]
        replay.discard(self._rows(object_id), reason)
        audit_log.record(request, "Descartou evento", event, reason=reason)
        messages.success(request, "Descartado.")
        return redirect(back)

    @action(  # type: ignore[untyped-decorator]  # unfold has no types
        description="Baixar como recebido",
        url_path="baixar",
        icon="download",
        permissions=["download"],
    )
    def download(self, request: HttpRequest, object_id: uuid.UUID) -> HttpResponse:
        """The body byte for byte, never as something that a browser would run."""
        event, _ = self._event(object_id)
        audit_log.record(request, "Baixou o corpo do evento", event)
        headers = {"Content-Disposition": f'attachment; filename="evento-{event.id}.json"'}
        return HttpResponse(
            event.body or b"", content_type="application/octet-stream", headers=headers
        )

    def _rows(self, object_id: uuid.UUID | str | None) -> "QuerySet[WebhookEvent]":
        return (
            WebhookEvent.objects.filter(id=object_id) if object_id else WebhookEvent.objects.none()
        )

    def _event(self, object_id: uuid.UUID) -> tuple[WebhookEvent, str]:
        event = self._rows(object_id).first()
        if event is None:
            raise Http404
        return event, change_url(event)
