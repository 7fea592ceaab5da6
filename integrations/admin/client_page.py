"""What integrations add to a client's page: export and erasure of the client's personal data."""

import uuid
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from clients.admin import CLIENT_MASKS, ClientAdmin
from clients.models import Client
from flowzz.backoffice import audit_log, masking
from flowzz.backoffice.confirm_with_reason import Done, ReasonForm, confirm
from flowzz.backoffice.extensions import row_action
from flowzz.core.db.statement_timeout import longer_statements
from integrations import privacy

ERASE = "accounts.erase_people"
ERASURE_CONSEQUENCES = (
    "Apagados: nome, documento, contatos e endereço; rastreio e outros dados pessoais das vendas; "
    "corpo e cabeçalhos dos webhooks; pedidos de afiliação.",
    "Ficam, sem dizer de quem são: valores, datas, produtos, status e histórico das vendas.",
    "Uma compra nova desta pessoa entra como a de um cliente novo.",
)


class ErasureForm(ReasonForm):
    """A reason that does not contain the person's own data."""

    def __init__(self, *args: Any, client: Client, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.client = client

    def clean_reason(self) -> str:
        reason = super().clean_reason()
        person = privacy.build_person(self.client)
        if person.is_named_in(reason) or person.shares_name_with(reason):
            raise forms.ValidationError("Não escreva aqui dados da pessoa.")
        return reason


@row_action(ClientAdmin, "Exportar dados", path="exportar", icon="download", permission=ERASE)
def export_data(request: HttpRequest, object_id: uuid.UUID) -> HttpResponse:
    client = get_object_or_404(Client, id=object_id)
    with longer_statements():
        document = privacy.to_json(privacy.export(client))
    audit_log.record(request, "Exportou os dados pessoais", client)
    headers = {"Content-Disposition": f'attachment; filename="cliente-{client.id}.json"'}
    return HttpResponse(document, content_type="application/json", headers=headers)


@row_action(ClientAdmin, "Apagar dados", path="apagar", icon="person_remove", permission=ERASE)
def erase_data(request: HttpRequest, object_id: uuid.UUID) -> HttpResponse:
    client, shown = (get_object_or_404(Client, id=object_id) for _ in range(2))
    if not masking.is_visible(request, shown):
        masking.mask_row(shown, CLIENT_MASKS)

    def act() -> Done:
        with longer_statements():
            privacy.erase(client.id)
        client.refresh_from_db()
        return Done("Apagou os dados pessoais", "Dados pessoais apagados.", client)

    return confirm(
        request,
        ErasureForm(request.POST or None, client=client),
        act,
        about=shown,
        refusals=(privacy.ErasureRefused,),
        title="Apagar dados pessoais",
        text=f"Apagar os dados pessoais de {shown}? Não pode ser desfeito. Se a pessoa pediu os "
        "dados, exporte antes.",
        consequences=ERASURE_CONSEQUENCES,
        is_destructive=True,
        button="Apagar definitivamente",
    )
