"""Forms that ask for the owner of events."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from flowzz.backoffice.confirm_with_reason import ReasonForm, StaffForm
from integrations.models import Integration


class OwnerForm(StaffForm):
    """Finds an integration of `provider` by the user's e-mail, as `integration`."""

    email = forms.EmailField(
        label="E-mail do vendedor", help_text="O mesmo com que entra no Flowzz."
    )

    def __init__(self, *args: Any, provider: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.provider = provider
        self.integration: Integration | None = None

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        self.integration = (
            Integration.objects.select_related("user")
            .filter(user__email__iexact=email.strip(), provider=self.provider)
            .first()
        )
        if self.integration is None:
            raise ValidationError(
                "Nenhum vendedor com este e-mail tem esta integração. Confira o e-mail na lista "
                "de integrações."
            )
        return email


class OwnerReasonForm(OwnerForm, ReasonForm):
    field_order = ("email", "reason")
