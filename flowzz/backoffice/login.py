"""Staff's way in: no more tries than the API's login allows, counted with those."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from unfold.widgets import UnfoldAdminTextInputWidget

from flowzz.accounts import second_factor
from flowzz.accounts.models import User
from flowzz.core.api.throttling import LOGIN_RATE, LoginThrottle, address_of, client_at
from flowzz.core.rate_limits import Rate, RateExceeded

if TYPE_CHECKING:  # unfold has no types
    from django.contrib.admin.forms import AdminAuthenticationForm as AuthenticationForm
else:
    from unfold.forms import AuthenticationForm


def count_try(key: str) -> None:
    """Count a try to get in, by password or by code; raises ValidationError after too many."""
    try:
        Rate(LoginThrottle.name, LOGIN_RATE.value).hit(key)
    except RateExceeded:
        raise ValidationError(
            "Muitas tentativas em pouco tempo. Aguarde um minuto e tente novamente."
        ) from None


class LoginForm(AuthenticationForm):
    code = forms.CharField(
        label="Código de verificação",
        required=False,
        max_length=16,
        help_text="Só para quem ativou a verificação em duas etapas.",
        widget=UnfoldAdminTextInputWidget(
            attrs={"autocomplete": "one-time-code", "autocapitalize": "off"}
        ),
    )

    def clean(self) -> dict[str, Any]:
        """Count the try before the password is looked at; raises ValidationError."""
        assert self.request is not None
        count_try(client_at(address_of(self.request)))
        cleaned: dict[str, Any] = super().clean()
        self._check_second_step()
        return cleaned

    def _check_second_step(self) -> None:
        user = self.get_user()
        if not isinstance(user, User) or not second_factor.is_on(user):
            return
        code = self.cleaned_data.get("code", "")
        if not code:
            raise ValidationError("Digite também o código de verificação do seu aplicativo.")
        device = second_factor.verify(user, code)
        if device is None:
            raise ValidationError(
                "Código de verificação incorreto. Aguarde o próximo código do aplicativo, "
                "ou use um de recuperação."
            )
        vars(user)["otp_device"] = device  # django-otp keeps it with the session at the login
