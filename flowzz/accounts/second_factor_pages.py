"""The page where staff manage their second factor, and the middleware that requires one."""

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
from flowzz.accounts.models import User, request_user
from flowzz.accounts.staff_login import CODE_ATTRIBUTES, count_code, throttled_message
from flowzz.backoffice import audit_log

PAGE = "second_factor:page"
View = Callable[[HttpRequest], HttpResponse]
WRONG_CODE = "Código incorreto. Confira o horário do celular e tente o próximo código."


class CodeForm(forms.Form):
    """A form for a code. Attempts are limited together with logins."""

    code = forms.CharField(
        label="Código", max_length=16, widget=UnfoldAdminTextInputWidget(attrs=CODE_ATTRIBUTES)
    )

    def submit(self, user: User, verify: Callable[[User, str], object]) -> object:
        """Return the result of `verify`, or None and an error in the form."""
        if not self.is_valid():
            return None
        try:
            count_code(user)
        except ValidationError as refusal:
            self.add_error("code", refusal)
            return None
        try:
            result = verify(user, self.cleaned_data["code"])
        except second_factor.CodeThrottled as throttled:
            self.add_error("code", throttled_message(throttled))
            return None
        if not result:
            self.add_error("code", WRONG_CODE)
        return result


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    if request.GET.get("passo") == "ativar" and second_factor.pending_device(request_user(request)):
        return _render(request, step="activate", form=CodeForm())
    step = "on" if second_factor.is_enabled(request_user(request)) else "off"
    return _render(request, step=step, form=CodeForm())


@require_POST
def begin_enrolment(request: HttpRequest) -> HttpResponse:
    second_factor.begin_enrolment(request_user(request))
    return redirect(reverse(PAGE) + "?passo=ativar")


@require_GET
def qr_code(request: HttpRequest) -> HttpResponse:
    """Return the pending device's secret as a QR code."""
    device = second_factor.pending_device(request_user(request))
    if device is None:
        raise Http404
    image = io.BytesIO()
    segno.make(device.config_url, error="m").save(image, kind="png", scale=6, border=4)
    return HttpResponse(image.getvalue(), content_type="image/png")


@require_POST
def confirm_enrolment(request: HttpRequest) -> HttpResponse:
    form, user = CodeForm(request.POST), request_user(request)
    device = form.submit(user, second_factor.confirm_enrolment)
    if not device:
        return _render(request, step="activate", form=form)
    django_otp.login(request, device)
    audit_log.record(request, "Ativou a verificação em duas etapas", user)
    return _render(request, step="codes", codes=second_factor.replace_recovery_codes(user))


@require_POST
def replace_codes(request: HttpRequest) -> HttpResponse:
    form, user = CodeForm(request.POST), request_user(request)
    if not form.submit(user, second_factor.verify):
        return _render(request, step="on", form=form)
    audit_log.record(request, "Gerou novos códigos de recuperação", user)
    return _render(request, step="codes", codes=second_factor.replace_recovery_codes(user))


@require_POST
def disable(request: HttpRequest) -> HttpResponse:
    form, user = CodeForm(request.POST), request_user(request)
    if not form.submit(user, second_factor.verify):
        return _render(request, step="on", form=form)
    second_factor.disable(user)
    audit_log.record(request, "Desativou a verificação em duas etapas", user)
    messages.success(request, "Verificação em duas etapas desativada.")
    return redirect(PAGE)


def _render(request: HttpRequest, **context: object) -> HttpResponse:
    context |= admin.site.each_context(request) | {
        "title": "Verificação em duas etapas",
        "is_required": settings.STAFF_TOTP_REQUIRED,
        "device": (device := second_factor.pending_device(request_user(request))),
        "secret": second_factor.secret_to_type(device) if device else "",
    }
    return render(request, "accounts/second_factor.html", context)


def _for_owner(view: View) -> Callable[..., HttpResponse]:
    """Restrict a view to staff, with the second factor enabled to sessions that passed it."""

    def guarded(request: HttpRequest) -> HttpResponse:
        if second_factor.is_enabled(request_user(request)) and not _is_verified(request):
            logout(request)
            messages.info(request, "Entre de novo, com o código da verificação em duas etapas.")
            return redirect("admin:login")
        return view(request)

    return never_cache(admin.site.admin_view(guarded))


def _is_verified(request: HttpRequest) -> bool:
    return bool(getattr(request.user, "otp_device", None))


def second_factor_middleware(get_response: View) -> View:
    """With STAFF_TOTP_REQUIRED, redirect staff without a second factor to its page."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if settings.STAFF_TOTP_REQUIRED and _must_enrol(request):
            return redirect(PAGE)
        return get_response(request)

    return middleware


def _must_enrol(request: HttpRequest) -> bool:
    allowed = (reverse(PAGE), reverse("admin:login"), reverse("admin:logout"))
    if not request.path.startswith("/admin/") or request.path.startswith(allowed):
        return False
    return request.user.is_authenticated and not _is_verified(request)


app_name = "second_factor"
urlpatterns = [
    path("", _for_owner(page), name="page"),
    path("comecar", _for_owner(begin_enrolment), name="begin_enrolment"),
    path("qr.png", _for_owner(qr_code), name="qr_code"),
    path("ativar", _for_owner(confirm_enrolment), name="confirm_enrolment"),
    path("codigos", _for_owner(replace_codes), name="replace_codes"),
    path("desativar", _for_owner(disable), name="disable"),
]
