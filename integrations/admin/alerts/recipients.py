"""Which staff are told of each kind of alert: one form with a field for each kind."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from flowzz.backoffice import audit_log
from flowzz.backoffice.confirm_with_reason import OptionalReasonForm, render_confirmation
from flowzz.backoffice.display import list_url
from flowzz.backoffice.extensions import page_view
from flowzz.backoffice.forms.shown_values import ShownValuesForm
from integrations.admin.alerts.admin import AlertAdmin
from integrations.models import Alert, AlertKind, AlertRecipients
from integrations.monitoring.alert_recipients import OWNERS_ALONE
from integrations.runtime_settings import ALERT_EMAILS

KINDS = [kind for kind in AlertKind if kind not in OWNERS_ALONE]
NOBODY = "ninguém"
CHANNEL = "O canal da equipe (ALERT_WEBHOOK_URL) recebe também todos os tipos."
NO_CHANNEL = (
    "Com ALERT_WEBHOOK_URL, todos os tipos vão também a um canal do Slack, ou a outro endereço."
)


class RecipientsForm(ShownValuesForm, OptionalReasonForm):
    """An empty field means everybody of ALERT_EMAILS; the word `ninguém` means nobody."""

    def clean(self) -> dict[str, Any]:
        for kind in KINDS:
            text = self.cleaned_data.get(kind.value, "").strip()
            try:
                emails = [] if text.casefold() == NOBODY else ALERT_EMAILS.parse(text)
            except ValueError as error:
                self.add_error(kind.value, str(error))
            else:
                self.cleaned_data[kind.value] = emails if text else None
        return self.cleaned_data


RecipientsForm.base_fields = {
    **{
        kind.value: forms.CharField(label=str(kind.label), required=False, max_length=1000)
        for kind in KINDS
    },
    **RecipientsForm.base_fields,
}


@page_view(AlertAdmin, "quem-recebe/", permission="core.change_setting")
def recipients(request: HttpRequest) -> HttpResponse:
    own = {row.kind: ", ".join(row.emails) or NOBODY for row in AlertRecipients.objects.all()}
    form = RecipientsForm(request.POST or None, initial=own)
    if form.is_valid():
        _save(request, form)
        messages.success(request, "Salvo: vale a partir do próximo alerta.")
        return redirect("admin:integrations_alert_recipients")
    everyone = ", ".join(ALERT_EMAILS.value()) or NOBODY
    channel = CHANNEL if settings.ALERT_WEBHOOK_URL else NO_CHANNEL
    return render_confirmation(
        request,
        form,
        about=Alert,
        title="Quem recebe os alertas",
        text=f"Separe os e-mails por vírgula. Vazio: os de Configurações ({everyone}). "
        f"“{NOBODY}”: só quem vende recebe o aviso.",
        consequences=(channel,),
        button="Salvar",
        back=list_url(Alert),
    )


def _save(request: HttpRequest, form: RecipientsForm) -> None:
    changed = [kind for kind in KINDS if kind in form.changed_data]
    with transaction.atomic():
        for kind in changed:
            emails = form.cleaned_data[kind.value]
            if emails is None:
                AlertRecipients.objects.filter(kind=kind).delete()
            else:
                AlertRecipients.objects.update_or_create(kind=kind, defaults={"emails": emails})
        audit_log.record(
            request,
            "Mudou quem recebe os alertas",
            None,
            reason=form.cleaned_data["reason"],
            details={
                str(kind.label): audit_log.change(
                    form.initial.get(kind.value, ""), form.data.get(kind.value, "")
                )
                for kind in changed
            },
        )
