"""Work on an alert: who has it, until when it is put off, and a comment."""

import uuid
from datetime import timedelta
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone

from flowzz.accounts.models import User, request_user
from flowzz.backoffice import audit_log
from flowzz.backoffice.confirm_with_reason import Done, ReasonForm, confirm
from flowzz.backoffice.extensions import row_action
from integrations.admin.alerts.admin import AlertAdmin
from integrations.models import Alert

SETTLE = "accounts.settle_events"
MAX_STAFF = 200
_DELAYS = {
    "": ("Não adiar", None),
    "1": ("Por 1 hora", timedelta(hours=1)),
    "4": ("Por 4 horas", timedelta(hours=4)),
    "24": ("Por 1 dia", timedelta(days=1)),
    "168": ("Por 1 semana", timedelta(days=7)),
}


def _may_handle(request: HttpRequest, object_id: uuid.UUID | None) -> bool:
    is_open = Alert.objects.filter(id__in=[object_id] if object_id else [], resolved_at=None)
    return request.user.has_perm(SETTLE) and is_open.exists()


class HandlingForm(ReasonForm):
    """The reason is the comment: it stays on the alert and in the audit log."""

    assigned_to = forms.ChoiceField(label="Com quem está", required=False)
    snooze = forms.ChoiceField(
        label="Adiar",
        required=False,
        choices=[(key, label) for key, (label, _) in _DELAYS.items()],
        help_text="Adiado, ele sai da primeira página e dos contadores até lá.",
    )
    field_order = ("assigned_to", "snooze", "reason")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, initial={"assigned_to": str(user.id)}, **kwargs)
        field = self.fields["assigned_to"]
        assert isinstance(field, forms.ChoiceField)
        staff = User.objects.filter(is_staff=True, is_active=True).order_by("email")
        people = [(str(id_), email) for id_, email in staff.values_list("id", "email")[:MAX_STAFF]]
        field.choices = [("", "Ninguém"), *people]
        self.fields["reason"].label = "Comentário"
        self.fields["reason"].required = False


@row_action(AlertAdmin, "Cuidar", path="cuidar", icon="assignment_ind", permission=_may_handle)
def handle(request: HttpRequest, object_id: uuid.UUID) -> HttpResponse:
    """Assign, acknowledge and put off an open alert, with a comment."""
    alert = get_object_or_404(Alert, id=object_id)
    form = HandlingForm(request.POST or None, user=request_user(request))

    def act() -> Done:
        values = form.cleaned_data
        delay = _DELAYS[values["snooze"]][1]
        before = str(alert.assigned_to or "")
        alert.assigned_to_id = uuid.UUID(values["assigned_to"]) if values["assigned_to"] else None
        alert.acknowledged_at = alert.acknowledged_at or timezone.now()
        alert.snoozed_until = timezone.now() + delay if delay else None
        alert.comment = values["reason"] or alert.comment
        fields = ["assigned_to", "acknowledged_at", "snoozed_until", "comment"]
        alert.save(update_fields=fields)
        details = {
            "com quem está": audit_log.change(before, str(alert.assigned_to or "")),
            "adiar": _DELAYS[values["snooze"]][0],
        }
        return Done("Cuidou do alerta", "Anotado.", alert, details)

    return confirm(
        request,
        form,
        act,
        about=alert,
        title="Cuidar do alerta",
        text="O alerta se resolve sozinho quando a causa passar; isto diz à equipe quem o tem.",
        button="Salvar",
    )
