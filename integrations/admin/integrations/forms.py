"""The forms of an integration: connecting a user, the signing secret, the owner."""

from typing import Any

from django import forms
from django.http import HttpRequest

from flowzz.accounts.models import User
from flowzz.backoffice import audit_log
from flowzz.backoffice.confirm_with_reason import ReasonForm, UserField
from integrations import connection
from integrations.models import Integration, IntegrationMode
from integrations.providers.errors import EndpointMissing, IntegrationError
from integrations.providers.registry import all_providers, default_provider

MIN_SECRET_LENGTH = 16


class ConnectionForm(ReasonForm):
    """How a user is connected."""

    provider = forms.ChoiceField(
        label="Plataforma",
        choices=lambda: [(provider.name, provider.label) for provider in all_providers()],
        initial=default_provider,
    )
    mode = forms.ChoiceField(
        label="Modo",
        choices=IntegrationMode.choices,
        initial=IntegrationMode.API,
        widget=forms.RadioSelect,
        help_text="Só webhooks: sem chave; as vendas antigas entram por um arquivo.",
    )
    api_key = forms.CharField(
        label="Chave de API",
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="Testada antes de ser guardada, cifrada; ninguém pode vê-la depois.",
    )

    def clean(self) -> dict[str, Any]:
        values = self.cleaned_data
        key = values["api_key"] = connection.clean_api_key(values.get("api_key", ""))
        if values.get("mode") == IntegrationMode.WEBHOOK and key:
            self.add_error("api_key", "No modo só webhooks, deixe a chave vazia.")
        least, most = connection.MIN_KEY_LENGTH, connection.MAX_KEY_LENGTH
        if values.get("mode") == IntegrationMode.API and not least <= len(key) <= most:
            text = f"Cole a chave inteira: ela tem de {least} a {most} caracteres."
            self.add_error("api_key", text)
        return values

    def connect(self, user: User) -> Integration | None:
        """Connect the user. Returns None if the key's test fails: the form then has the error."""
        values = self.cleaned_data
        options = {"user_id": user.id, "provider": values["provider"]}
        if values["mode"] == IntegrationMode.WEBHOOK:
            return connection.connect_by_webhooks(**options)
        try:
            return connection.connect(**options, api_key=values["api_key"])
        except IntegrationError as error:
            advice = " Ou conecte só por webhooks." if isinstance(error, EndpointMissing) else ""
            self.add_error("api_key", f"{error.message}{advice}")
            return None


def record_connection(request: HttpRequest, integration: Integration, form: ConnectionForm) -> None:
    """Log that staff connected a user."""
    text, reason = "Conectou a integração por quem vende", form.cleaned_data["reason"]
    details = {"modo": IntegrationMode(integration.mode).label}
    audit_log.record(request, text, integration, reason=reason, details=details)


class ConnectForm(ConnectionForm):
    email = UserField(label="E-mail de quem vende")
    field_order = ("email", "provider", "mode", "api_key", "reason")


class SecretForm(ReasonForm):
    secret = forms.CharField(
        label="Segredo",
        required=False,
        min_length=MIN_SECRET_LENGTH,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="Deixe vazio para que o Flowzz crie um; ele é mostrado uma única vez.",
    )


class FirstSecretForm(SecretForm):
    is_observed = forms.BooleanField(
        label="Só observar, por enquanto",
        required=False,
        initial=True,
        help_text="Nada é recusado até alguém escolher “Exigir a assinatura”.",
    )
    field_order = ("secret", "is_observed", "reason")


class ChangedSecretForm(SecretForm):
    keep_previous = forms.BooleanField(
        label="Aceitar também o segredo em uso",
        required=False,
        initial=True,
        help_text="Até a plataforma passar a assinar com o novo; depois, encerre o anterior.",
    )
    field_order = ("secret", "keep_previous", "reason")


class OwnerEmailForm(ReasonForm):
    owner_email = forms.EmailField(
        label="E-mail do(a) vendedor(a) na plataforma",
        required=False,
        help_text="Vazio: o e-mail de login.",
    )
    field_order = ("owner_email", "reason")
