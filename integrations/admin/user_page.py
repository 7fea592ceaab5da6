"""What integrations add to a user's page: the deletion of a seller with all data."""

import uuid
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from flowzz.accounts.admin.users import UserAdmin
from flowzz.accounts.models import User
from flowzz.backoffice.confirm_with_reason import Done, ReasonForm, confirm
from flowzz.backoffice.extensions import row_action
from integrations import seller_erasure

CONSEQUENCES = (
    "Agora: ninguém mais entra nesta conta, a chave de API é apagada, e os webhooks dela são "
    "recusados.",
    "Em seguida, em segundo plano: vendas, clientes, assinaturas, webhooks, sincronizações, "
    "importações e o próprio usuário são apagados.",
    "Fica o registro de ações da equipe, que só tem identificadores.",
)


class SellerErasureForm(ReasonForm):
    email = forms.EmailField(label="E-mail do vendedor, para confirmar")
    field_order = ("email", "reason")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        if email.strip().lower() != self.user.email:
            raise forms.ValidationError("Não é o e-mail deste vendedor.")
        return email


@row_action(
    UserAdmin,
    "Excluir com todos os dados",
    path="excluir",
    icon="delete_forever",
    permission="accounts.erase_people",
)
def erase_seller(request: HttpRequest, object_id: uuid.UUID) -> HttpResponse:
    user = get_object_or_404(User, id=object_id)

    def act() -> Done:
        seller_erasure.close_account(user)
        message = "Conta encerrada. Os dados são apagados nos próximos minutos."
        return Done("Excluiu um vendedor com todos os dados", message, user)

    return confirm(
        request,
        SellerErasureForm(request.POST or None, user=user),
        act,
        about=user,
        refusals=(seller_erasure.NotASeller,),
        title="Excluir o vendedor e todos os dados",
        text="Não pode ser desfeito.",
        consequences=CONSEQUENCES,
        is_destructive=True,
        button="Excluir definitivamente",
    )
