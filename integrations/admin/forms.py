"""What staff say when they act on events: why, and for whom."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from unfold.widgets import UnfoldAdminTextInputWidget

from flowzz.backoffice import trail
from integrations.models import Integration


class ReasonForm(forms.Form):
    """Why; it stays in the trail for good, so it names nobody."""

    reason = forms.CharField(
        label="Motivo",
        max_length=200,
        widget=UnfoldAdminTextInputWidget,
        help_text="Por exemplo o número do atendimento. Fica no registro: sem dados da pessoa.",
    )

    def __init__(self, *args: Any, required: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = required
        if not required:
            self.fields["reason"].label = "Motivo (opcional)"

    def clean_reason(self) -> str:
        return trail.clean_reason(self.cleaned_data["reason"])


class OwnerForm(forms.Form):
    """Whose events they are."""

    email = forms.EmailField(
        label="E-mail do usuário",
        widget=UnfoldAdminTextInputWidget,
        help_text="Do vendedor ou afiliado, como ele entra no Flowzz.",
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
                "Nenhum usuário com este e-mail tem esta integração. Confira o e-mail na lista "
                "de integrações."
            )
        return email
