"""What integrations add to a client's page: export and erasure of the client's personal data."""

import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from clients.models import Client
from clients.privacy import Person
from flowzz.backoffice import audit_log
from flowzz.backoffice.confirm_with_reason import ReasonForm, render_confirmation
from flowzz.backoffice.display import change_url
from flowzz.backoffice.extensions import DetailAction, PageExtension, extend
from flowzz.core.db.statement_timeout import longer_statements
from integrations import privacy

ERASE_PEOPLE = "accounts.erase_people"
ERASURE_CONSEQUENCES = (
    "Apagados: nome, documento, contatos e endereço; rastreio e outros dados pessoais das vendas; "
    "corpo e cabeçalhos dos webhooks; pedidos de afiliação.",
    "Ficam, sem dizer de quem são: valores, datas, produtos, situações e histórico das vendas.",
    "Uma compra nova desta pessoa entra como a de um cliente novo.",
)


class ErasureForm(ReasonForm):
    """A reason that does not contain the person's own data."""

    def __init__(self, *args: Any, person: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = person

    def clean_reason(self) -> str:
        reason = super().clean_reason()
        if self.person.is_named_in(reason) or self.person.shares_name_with(reason):
            raise forms.ValidationError("Não escreva aqui dados da pessoa.")
        return reason


def export_data(request: HttpRequest, object_id: uuid.UUID) -> HttpResponse:
    client = get_object_or_404(Client, id=object_id)
    with longer_statements():
        document = privacy.to_json(privacy.export(client))
    audit_log.record(request, "Exportou os dados pessoais", client)
    headers = {"Content-Disposition": f'attachment; filename="cliente-{client.id}.json"'}
    return HttpResponse(document, content_type="application/json", headers=headers)


def erase_data(request: HttpRequest, object_id: uuid.UUID) -> HttpResponse:
    client = get_object_or_404(Client, id=object_id)
    page = change_url(client)
    form = ErasureForm(request.POST or None, person=privacy.build_person(client))
    if form.is_valid():
        with longer_statements():
            privacy.erase(client.id)
        client.refresh_from_db()
        reason = form.cleaned_data["reason"]
        audit_log.record(request, "Apagou os dados pessoais", client, reason=reason)
        messages.success(request, "Dados pessoais apagados.")
        return redirect(page)
    return render_confirmation(
        request,
        form,
        about=client,
        title="Apagar dados pessoais",
        text=f"Apagar os dados pessoais de {client}? Não pode ser desfeito. Se a pessoa pediu os "
        "dados, exporte antes.",
        consequences=ERASURE_CONSEQUENCES,
        is_destructive=True,
        button="Apagar definitivamente",
        back=page,
    )


extend(
    Client,
    PageExtension(
        actions=[
            DetailAction(
                name="export_data",
                label="Exportar dados",
                path="exportar",
                icon="download",
                permission=ERASE_PEOPLE,
                view=export_data,
            ),
            DetailAction(
                name="erase_data",
                label="Apagar dados",
                path="apagar",
                icon="person_remove",
                permission=ERASE_PEOPLE,
                view=erase_data,
            ),
        ]
    ),
)
