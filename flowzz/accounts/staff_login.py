"""The admin's login form: rate limited together with the API's login, with a second factor."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone
from unfold.widgets import UnfoldAdminTextInputWidget

from flowzz.accounts import login_attempts, second_factor
from flowzz.accounts.models import User
from flowzz.accounts.staff_sessions.engine import LOGIN
from flowzz.core.api.throttling import LOGIN_RATE, LoginThrottle, client_ip, hit_address
from flowzz.core.formatting import format_wait
from flowzz.core.rate_limits import RateLimit, RateLimitExceeded

if TYPE_CHECKING:  # unfold has no types
    from django.contrib.admin.forms import AdminAuthenticationForm as AuthenticationForm
else:
    from unfold.forms import AuthenticationForm

CODE_ATTRIBUTES = {"autocomplete": "one-time-code", "autocapitalize": "off", "spellcheck": "false"}


TOO_MANY = "Muitas tentativas em pouco tempo. Aguarde um minuto e tente novamente."


def count_code(user: User) -> None:
    """Count an attempt to give a code; raises ValidationError above the limit."""
    try:
        RateLimit(LoginThrottle.name, LOGIN_RATE.value).hit(f"code:{user.pk}")
    except RateLimitExceeded:
        raise ValidationError(TOO_MANY) from None


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
        email = self.cleaned_data.get("username", "")
        self._count(self.request, email)
        cleaned: dict[str, Any] = super().clean()
        self._check_second_factor()
        login_attempts.succeeded(self.request, email)
        self.request.session[LOGIN] = {
            "ip": client_ip(self.request)[:64],
            "user_agent": self.request.headers.get("User-Agent", "")[:200],
            "at": timezone.now().isoformat(),
        }
        return cleaned

    def _count(self, request: HttpRequest, email: str) -> None:
        try:
            hit_address(LoginThrottle.name, LOGIN_RATE.value, client_ip(request))
        except RateLimitExceeded:
            raise ValidationError(TOO_MANY) from None
        try:
            login_attempts.count(request, email)
        except RateLimitExceeded as exceeded:
            wait = format_wait(exceeded.retry_after)
            raise ValidationError(login_attempts.TOO_MANY.format(wait)) from None

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
