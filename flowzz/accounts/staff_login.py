"""The admin's login form: rate limited together with the API's login, with a second factor."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NoReturn

from django import forms
from django.core import signing
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django_otp.models import Device
from unfold.widgets import UnfoldAdminTextInputWidget

from flowzz.accounts import login_attempts, second_factor
from flowzz.accounts.models import LoginOutcome, LoginWay, User
from flowzz.accounts.staff_sessions.engine import LOGIN
from flowzz.core.api.throttling import LOGIN_RATE, LoginThrottle, client_ip, hit_address
from flowzz.core.formatting import format_wait
from flowzz.core.rate_limits import RateLimit, RateLimitExceeded

if TYPE_CHECKING:  # unfold has no types
    from django.contrib.admin.forms import AdminAuthenticationForm as AuthenticationForm
else:
    from unfold.forms import AuthenticationForm

CODE_ATTRIBUTES = {"autocomplete": "one-time-code", "autocapitalize": "off", "spellcheck": "false"}


CODE_NEEDED = "Falta o código de verificação."
WRONG_CODE = "Código incorreto. Aguarde o próximo do aplicativo, ou use um código de recuperação."
FIRST_STEP = "flowzz.accounts.first_step"
FIRST_STEP_VALID = timedelta(minutes=5)
TOO_MANY = "Muitas tentativas em pouco tempo. Aguarde um minuto e tente novamente."


def count_code(user: User) -> None:
    """Count an attempt to give a code; raises ValidationError above the limit."""
    try:
        RateLimit(LoginThrottle.name, LOGIN_RATE.value).hit(f"code:{user.pk}")
    except RateLimitExceeded:
        raise ValidationError(TOO_MANY) from None


def _check_code(user: User, code: str) -> Device:
    """Return the device of a valid code; raises ValidationError in words for the person."""
    try:
        device = second_factor.verify(user, code)
    except second_factor.CodeThrottled as throttled:
        raise ValidationError(throttled_message(throttled)) from None
    if device is None:
        raise ValidationError(WRONG_CODE)
    return device


def throttled_message(throttled: second_factor.CodeThrottled) -> str:
    wait = format_wait(throttled.wait_seconds)
    return f"Códigos errados demais em seguida. Espere {wait} e digite o código novo do aplicativo."


class LoginForm(AuthenticationForm):
    """Asks for e-mail and password, then, of those who have a second factor, for its code.

    Between the two steps the page holds a signed note of whose password was right: the password
    itself does not travel again.
    """

    code = forms.CharField(
        label="Código de verificação",
        required=False,
        max_length=16,
        help_text="Os seis números do aplicativo autenticador, ou um código de recuperação.",
        widget=UnfoldAdminTextInputWidget(attrs=CODE_ATTRIBUTES),
    )
    first_step = forms.CharField(required=False, widget=forms.HiddenInput)
    error_messages: Any = {
        **AuthenticationForm.error_messages,
        "invalid_login": "E-mail ou senha incorretos, ou a conta não é da equipe.",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.asks_code = bool(self.data.get("first_step"))
        """Whether the page shows the second step."""
        self.fields["username"].required = self.fields["password"].required = not self.asks_code
        focused = "code" if self.asks_code else "password" if self.is_bound else "username"
        self._focus(focused)

    def _focus(self, name: str) -> None:
        for field in self.fields.values():
            field.widget.attrs.pop("autofocus", None)
        self.fields[name].widget.attrs["autofocus"] = ""

    def shown_errors(self) -> list[str]:
        """Return what is wrong with the login as a whole: one sentence, if any."""
        errors = [str(error) for error in self.non_field_errors()]
        return [error for error in errors if error != CODE_NEEDED][:1]

    def clean(self) -> dict[str, Any]:
        """Count the attempt before the password is checked; raises ValidationError."""
        assert self.request is not None
        user = self._user_of_first_step() if self.asks_code else None
        email = user.email if user else self.cleaned_data.get("username", "")
        self._count(self.request, email)
        with self._recording(email, LoginOutcome.REFUSED):
            if user:
                self.user_cache = user
                self.confirm_login_allowed(user)
            else:
                super().clean()
        if self.get_user() is None:  # the e-mail or the password is missing
            return self.cleaned_data
        self._check_second_factor(email)
        login_attempts.succeeded(self.request, email)
        self._record(email, LoginOutcome.SUCCESS)
        self.request.session[LOGIN] = {
            "ip": client_ip(self.request)[:64],
            "user_agent": self.request.headers.get("User-Agent", "")[:200],
            "at": timezone.now().isoformat(),
        }
        return self.cleaned_data

    @contextmanager
    def _recording(self, email: str, outcome: LoginOutcome) -> Iterator[None]:
        """Record the attempt if it is refused."""
        try:
            yield
        except ValidationError:
            self._record(email, outcome)
            raise

    def _record(self, email: str, outcome: LoginOutcome) -> None:
        assert self.request is not None
        login_attempts.record(self.request, email, LoginWay.BACK_OFFICE, outcome)

    def _count(self, request: HttpRequest, email: str) -> None:
        try:
            hit_address(LoginThrottle.name, LOGIN_RATE.value, client_ip(request))
        except RateLimitExceeded:
            raise ValidationError(TOO_MANY) from None
        try:
            login_attempts.count(request, email)
        except RateLimitExceeded as exceeded:
            self._record(email, LoginOutcome.TOO_MANY)
            wait = format_wait(exceeded.retry_after)
            raise ValidationError(login_attempts.TOO_MANY.format(wait)) from None

    def _check_second_factor(self, email: str) -> None:
        user = self.get_user()
        if not isinstance(user, User) or not second_factor.is_enabled(user):
            return
        if not (code := self.cleaned_data.get("code", "")):
            self._ask_code(user)
        with self._recording(email, LoginOutcome.WRONG_CODE):
            vars(user)["otp_device"] = _check_code(user, code)  # stored in the session at login

    def _ask_code(self, user: User) -> NoReturn:
        if self.asks_code:
            raise ValidationError("Digite o código de verificação.")
        note = {"user": str(user.pk), "session": user.get_session_auth_hash()}
        self.data = {"first_step": signing.dumps(note, salt=FIRST_STEP)}
        self.asks_code = True
        self._focus("code")
        raise ValidationError(CODE_NEEDED)

    def _user_of_first_step(self) -> User:
        """Return the user whose password was right; raises ValidationError for an old note."""
        try:
            note = signing.loads(
                self.cleaned_data["first_step"], salt=FIRST_STEP, max_age=FIRST_STEP_VALID
            )
        except signing.BadSignature:
            note = {}
        user = User.objects.filter(pk=note.get("user")).first()
        if user is None or not constant_time_compare(
            note.get("session", ""), user.get_session_auth_hash()
        ):
            self.asks_code = False
            self._focus("username")
            raise ValidationError("O tempo para digitar o código acabou. Entre de novo.")
        return user
