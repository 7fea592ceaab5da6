"""The admin's login form: rate limited together with the API's login, with a second factor."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from unfold.widgets import UnfoldAdminTextInputWidget

from flowzz.accounts import second_factor
from flowzz.accounts.models import User
from flowzz.core.api.throttling import LOGIN_RATE, LoginThrottle, client_ip, ip_key
from flowzz.core.rate_limits import RateLimit, RateLimitExceeded

if TYPE_CHECKING:  # unfold has no types
    from django.contrib.admin.forms import AdminAuthenticationForm as AuthenticationForm
else:
    from unfold.forms import AuthenticationForm

CODE_ATTRIBUTES = {"autocomplete": "one-time-code", "autocapitalize": "off", "spellcheck": "false"}


def count_login_attempt(key: str) -> None:
    """Count a login attempt, by password or by code; raises ValidationError above the limit."""
    try:
        RateLimit(LoginThrottle.name, LOGIN_RATE.value).hit(key)
    except RateLimitExceeded:
        raise ValidationError(
            "Muitas tentativas em pouco tempo. Aguarde um minuto e tente novamente."
        ) from None


class LoginForm(AuthenticationForm):
    code = forms.CharField(
        label="Código de verificação",
        required=False,
        max_length=16,
        help_text="Só para quem ativou a verificação em duas etapas.",
        widget=UnfoldAdminTextInputWidget(attrs=CODE_ATTRIBUTES),
    )

    def clean(self) -> dict[str, Any]:
        """Count the attempt before the password is checked; raises ValidationError."""
        assert self.request is not None
        count_login_attempt(ip_key(client_ip(self.request)))
        cleaned: dict[str, Any] = super().clean()
        self._check_second_factor()
        return cleaned

    def _check_second_factor(self) -> None:
        user = self.get_user()
        if not isinstance(user, User) or not second_factor.is_enabled(user):
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
        vars(user)["otp_device"] = device  # django-otp stores it in the session at login
