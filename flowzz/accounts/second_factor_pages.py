"""Staff's own page for the second step of their login, and who must have one."""

import io
from collections.abc import Callable

import django_otp
import segno
from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth import logout
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST
from unfold.widgets import UnfoldAdminTextInputWidget

from flowzz.accounts import second_factor
from flowzz.accounts.models import User
from flowzz.accounts.staff_login import count_login_attempt
from flowzz.backoffice import audit_log

PAGE = "second_factor:page"
CODE_ATTRIBUTES = {"autocomplete": "one-time-code", "autocapitalize": "off", "spellcheck": "false"}
WRONG = "Código incorreto. Confira o horário do celular e tente o próximo código."


class CodeForm(forms.Form):
    """A code of the person's own; wrong ones are counted like logins."""

    code = forms.CharField(
        label="Código", max_length=16, widget=UnfoldAdminTextInputWidget(attrs=CODE_ATTRIBUTES)
    )

    def accepted(self, user: User, verify: Callable[[User, str], object]) -> object:
        """What `verify` says of the code; else the form says what is wrong."""
        if not self.is_valid():
            return None
        try:
            count_login_attempt(f"code:{user.pk}")
        except ValidationError as refusal:
            self.add_error("code", refusal)
            return None
        done = verify(user, self.cleaned_data["code"])
        if not done:
            self.add_error("code", WRONG)
        return done


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    if request.GET.get("passo") == "ativar" and second_factor.pending(_user(request)):
        return _show(request, step="activate", form=CodeForm())
    step = "on" if second_factor.is_on(_user(request)) else "off"
    return _show(request, step=step, form=CodeForm())


@require_POST
def begin(request: HttpRequest) -> HttpResponse:
    second_factor.begin(_user(request))
    return redirect(reverse(PAGE) + "?passo=ativar")


@require_GET
def picture(request: HttpRequest) -> HttpResponse:
    """The new device's secret as a QR code."""
    device = second_factor.pending(_user(request))
    if device is None:
        raise Http404
    image = io.BytesIO()
    segno.make(device.config_url, error="m").save(image, kind="png", scale=6, border=4)
    return HttpResponse(image.getvalue(), content_type="image/png")


@require_POST
def confirm(request: HttpRequest) -> HttpResponse:
    form, user = CodeForm(request.POST), _user(request)
    device = form.accepted(user, second_factor.confirm)
    if not device:
        return _show(request, step="activate", form=form)
    django_otp.login(request, device)
    audit_log.record(request, "Ativou a verificação em duas etapas", user)
    return _show(request, step="codes", codes=second_factor.renew_recovery_codes(user))


@require_POST
def renew_codes(request: HttpRequest) -> HttpResponse:
    form, user = CodeForm(request.POST), _user(request)
    if not form.accepted(user, second_factor.verify):
        return _show(request, step="on", form=form)
    audit_log.record(request, "Gerou novos códigos de recuperação", user)
    return _show(request, step="codes", codes=second_factor.renew_recovery_codes(user))


@require_POST
def remove(request: HttpRequest) -> HttpResponse:
    form, user = CodeForm(request.POST), _user(request)
    if not form.accepted(user, second_factor.verify):
        return _show(request, step="on", form=form)
    second_factor.remove(user)
    audit_log.record(request, "Desativou a verificação em duas etapas", user)
    messages.success(request, "Verificação em duas etapas desativada.")
    return redirect(PAGE)


def _show(request: HttpRequest, **shown: object) -> HttpResponse:
    context = admin.site.each_context(request) | shown
    context |= {
        "title": "Verificação em duas etapas",
        "is_required": settings.STAFF_TOTP_REQUIRED,
        "device": second_factor.pending(_user(request)) if shown["step"] == "activate" else None,
    }
    return render(request, "accounts/second_factor.html", context)


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _own(view: Callable[[HttpRequest], HttpResponse]) -> Callable[..., HttpResponse]:
    """For staff alone; where a code is asked for, only for a session that has given one."""

    def guarded(request: HttpRequest) -> HttpResponse:
        if second_factor.is_on(_user(request)) and not _is_verified(request):
            logout(request)
            messages.info(request, "Entre de novo, com o código da verificação em duas etapas.")
            return redirect("admin:login")
        return view(request)

    return never_cache(admin.site.admin_view(guarded))


def _is_verified(request: HttpRequest) -> bool:
    return bool(getattr(request.user, "otp_device", None))


class SecondFactorMiddleware:
    """With STAFF_TOTP_REQUIRED, staff without a second step come no further than its page."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.STAFF_TOTP_REQUIRED and _must_enrol(request):
            return redirect(PAGE)
        return self.get_response(request)


def _must_enrol(request: HttpRequest) -> bool:
    if not request.path.startswith("/admin/"):
        return False
    ways = (reverse(PAGE), reverse("admin:login"), reverse("admin:logout"))
    if request.path.startswith(ways):
        return False
    return request.user.is_authenticated and not _is_verified(request)


app_name = "second_factor"
urlpatterns = [
    path("", _own(page), name="page"),
    path("comecar", _own(begin), name="begin"),
    path("qr.png", _own(picture), name="picture"),
    path("ativar", _own(confirm), name="confirm"),
    path("codigos", _own(renew_codes), name="renew_codes"),
    path("desativar", _own(remove), name="remove"),
]
