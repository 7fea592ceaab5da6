"""Pages that reset a password by mail, for sellers and staff, and the one to change one's own.

They are Django's views in our layout.
"""

from collections.abc import Callable
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.auth import views
from django.contrib.auth.forms import SetPasswordForm
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import path, reverse_lazy
from unfold.forms import AdminOwnPasswordChangeForm
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminTextInputWidget

from flowzz.accounts import passwords
from flowzz.accounts.models import User
from flowzz.backoffice import audit_log
from flowzz.core.api.throttling import LOGIN_RATE, LoginThrottle, client_ip, hit_address
from flowzz.core.rate_limits import RateLimitExceeded


class ResetForm(forms.Form):
    email = forms.EmailField(label="E-mail", widget=UnfoldAdminTextInputWidget)

    def save(self, *, request: HttpRequest, **_: Any) -> None:
        passwords.request_reset(self.cleaned_data["email"])


class _SavedPassword(forms.BaseForm):
    """Part of Django's forms for one's own password: the change ends all logins and is mailed."""

    user: User

    def save(self, commit: bool = True) -> User:
        passwords.change(self.user, self.cleaned_data["new_password1"])
        return self.user


class NewPasswordForm(_SavedPassword, SetPasswordForm):  # type: ignore[type-arg]  # not generic
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("new_password1", "new_password2"):
            self.fields[name].widget = UnfoldAdminPasswordWidget(
                attrs={"autocomplete": "new-password"}
            )


class OwnPasswordForm(_SavedPassword, AdminOwnPasswordChangeForm): ...  # type: ignore[misc]  # untyped


class ResetView(views.PasswordResetView):
    form_class = ResetForm  # type: ignore[assignment]  # it needs `save` alone
    success_url = "enviado/"

    def form_valid(self, form: Any) -> Any:
        try:
            hit_address(LoginThrottle.name, LOGIN_RATE.value, client_ip(self.request))
        except RateLimitExceeded:
            form.add_error(None, ValidationError("Muitas tentativas. Aguarde um minuto."))
            return self.form_invalid(form)
        try:
            return super().form_valid(form)
        except passwords.MailsUnavailable as error:
            form.add_error(None, ValidationError(str(error)))
            return self.form_invalid(form)


class ConfirmView(views.PasswordResetConfirmView):
    form_class = NewPasswordForm
    success_url = "/admin/senha/pronta/"


class OwnPasswordView(views.PasswordChangeView):
    form_class = OwnPasswordForm
    success_url = reverse_lazy("admin:password_change_done")

    def form_valid(self, form: Any) -> Any:
        response = super().form_valid(form)
        audit_log.record(self.request, "Trocou a própria senha", form.user)
        return response


@admin.site.admin_view
def change_own(request: HttpRequest) -> HttpResponseBase:
    """Let staff change their password, where Django's page would tell nobody of the change."""
    return OwnPasswordView.as_view(extra_context=admin.site.each_context(request))(request)


def _page(view: Any, step: str, **context: object) -> Callable[..., HttpResponseBase]:
    """Return a view that renders a step in the layout of the login page."""
    template = "accounts/password.html"

    def page(request: HttpRequest, **captured: str) -> HttpResponseBase:
        layout = admin.site.each_context(request) | {"step": step} | context
        render = view.as_view(template_name=template, extra_context=layout)
        response: HttpResponseBase = render(request, **captured)
        return response

    return page


urlpatterns = [
    path("", _page(ResetView, "request"), name="admin_password_reset"),
    path(
        "enviado/",
        _page(views.PasswordResetDoneView, "sent", message=passwords.RESET_REQUESTED),
        name="password_reset_done",
    ),
    path(
        "pronta/",
        _page(views.PasswordResetCompleteView, "complete", frontend_url=settings.FRONTEND_URL),
        name="password_reset_complete",
    ),
    path("<uidb64>/<token>/", _page(ConfirmView, "confirm"), name="password_reset_confirm"),
]
