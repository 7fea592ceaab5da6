"""Create a seller, who is invited by e-mail to choose a password, and connect for them."""

from typing import Any

from django import forms
from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.debug import sensitive_post_parameters

from flowzz.accounts import passwords
from flowzz.accounts.admin.users import UserAdmin
from flowzz.accounts.models import User
from flowzz.backoffice import audit_log
from flowzz.backoffice.confirm_with_reason import OptionalReasonForm, render_confirmation
from flowzz.backoffice.display import change_url, list_url
from flowzz.backoffice.extensions import list_action
from integrations.admin.integrations.actions import MANAGE
from integrations.admin.integrations.forms import ConnectionForm, record_connection
from integrations.admin.user_page import connect_url
from integrations.models import IntegrationMode

EXISTS = "Já existe um usuário com este e-mail."
LATER = "Depois: quem vende conecta, ou você, na página dela ou dele"


class SellerForm(ConnectionForm, OptionalReasonForm):
    email = forms.EmailField(label="E-mail", max_length=254)
    name = forms.CharField(label="Nome", max_length=150)
    phone = forms.CharField(label="Telefone", max_length=40, required=False)
    mode = forms.ChoiceField(
        label="Conectar agora",
        choices=[("", LATER), *IntegrationMode.choices],
        required=False,
        widget=forms.RadioSelect,
        help_text="Só webhooks: sem chave; as vendas antigas entram por um arquivo.",
    )
    field_order = ("name", "email", "phone", "provider", "mode", "api_key", "reason")

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"].strip().lower()
        if User.objects.filter(email__iexact=email).exists():
            raise forms.ValidationError(EXISTS)
        return email

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        if values.get("api_key") and not values.get("mode"):
            self.add_error("mode", "Para usar a chave agora, escolha “API e webhooks”.")
        return values

    def create(self, request: HttpRequest) -> User | None:
        """Create the user without a password.

        If the user was created meanwhile, as by a second click, the form has an error.
        """
        try:
            return self._create(request)
        except IntegrityError:
            self.add_error("email", EXISTS)
            return None

    def _create(self, request: HttpRequest) -> User:
        values = self.cleaned_data
        with transaction.atomic():
            user = User.objects.create_user(
                values["email"], name=values["name"], phone=values["phone"]
            )
            audit_log.record(request, "Criou um(a) vendedor(a)", user, reason=values["reason"])
        return user


def _may_create(request: HttpRequest, _: object) -> bool:
    return request.user.has_perms(("accounts.add_user", f"accounts.{MANAGE}"))


@list_action(
    UserAdmin, "Criar vendedor(a)", path="criar-conta", icon="person_add", permission=_may_create
)
@sensitive_post_parameters("api_key")
def create_seller(request: HttpRequest) -> HttpResponse:
    form = SellerForm(request.POST or None)
    if form.is_valid() and (user := form.create(request)):
        _invite(request, user)
        return _connect(request, user, form)
    return render_confirmation(
        request,
        form,
        about=User,
        title="Criar vendedor(a)",
        text="A pessoa recebe um e-mail com um link para escolher a senha, que vale por "
        f"{passwords.INVITATION_DAYS} dias.",
        button="Criar e convidar",
        back=list_url(User),
    )


def _invite(request: HttpRequest, user: User) -> None:
    try:
        passwords.invite(user)
    except passwords.MailsUnavailable as error:
        messages.error(request, f"Criado(a), mas ainda sem convite. {error}")
    else:
        audit_log.record(request, "Convidou por e-mail", user)
        messages.success(request, f"Convite enviado a {user.email}.")


def _connect(request: HttpRequest, user: User, form: SellerForm) -> HttpResponse:
    """Connect the user if that was asked for; a refused key is asked for again."""
    if not form.cleaned_data["mode"]:
        return redirect(change_url(user))
    integration = form.connect(user)
    if integration is None:
        problem = " ".join(map(str, form.errors["api_key"]))
        messages.error(request, f"Criado(a), mas ainda sem conexão. {problem}")
        return redirect(connect_url(user))
    record_connection(request, integration, form)
    messages.success(request, "Conectado(a).")
    return redirect(change_url(user))
