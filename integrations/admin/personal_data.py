"""A client's personal data at their request: given as a file, or erased."""

import uuid
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from unfold.decorators import action

from clients.models import Client
from clients.privacy import Person
from flowzz.backoffice import audit_log
from flowzz.backoffice.confirm_with_reason import ReasonForm
from flowzz.backoffice.pages import frame, page_of
from integrations import privacy
from sales.admin.clients import ClientSalesPage

admin.site.unregister(Client)


class ErasureForm(ReasonForm):
    """Why, without the person's own data, whatever form they have."""

    def __init__(self, *args: Any, person: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = person

    def clean_reason(self) -> str:
        reason = super().clean_reason()
        if self.person.is_named_in(reason) or self.person.shares_a_name_with(reason):
            raise forms.ValidationError("Não escreva aqui dados da pessoa.")
        return reason


@admin.register(Client)
class ClientDataPage(ClientSalesPage):
    """The client's page, with what only those may do who answer requests of this kind."""

    actions_detail = (*ClientSalesPage.actions_detail, "export_data", "erase_data")

    def has_answer_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return request.user.has_perm("accounts.erase_people")

    @action(  # type: ignore[untyped-decorator]  # unfold has no types
        description="Exportar dados",
        url_path="exportar",
        icon="download",
        permissions=["answer"],
    )
    def export_data(self, request: HttpRequest, object_id: uuid.UUID) -> HttpResponse:
        client = get_object_or_404(Client, id=object_id)
        document = privacy.as_json(privacy.export(client))
        audit_log.record(request, "Exportou os dados pessoais", client)
        headers = {"Content-Disposition": f'attachment; filename="cliente-{client.id}.json"'}
        return HttpResponse(document, content_type="application/json", headers=headers)

    @action(  # type: ignore[untyped-decorator]  # unfold has no types
        description="Apagar dados",
        url_path="apagar",
        icon="person_remove",
        permissions=["answer"],
    )
    def erase_data(self, request: HttpRequest, object_id: uuid.UUID) -> HttpResponse:
        client = get_object_or_404(Client, id=object_id)
        page = page_of(client)
        form = ErasureForm(request.POST or None, person=privacy.person_of(client))
        if form.is_valid():
            privacy.erase(client.id)
            client.refresh_from_db()
            reason = form.cleaned_data["reason"]
            audit_log.record(request, "Apagou os dados pessoais", client, reason=reason)
            self.message_user(request, "Dados pessoais apagados.", messages.SUCCESS)
            return redirect(page)
        context = {
            **frame(request, "Apagar dados pessoais", client, back=page),
            "client": client,
            "form": form,
        }
        return render(request, "clients/erase.html", context)
