"""The second factor of staff's login."""

import re
import time
from base64 import b32decode
from unittest import mock

import pytest
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone
from django_otp.oath import totp
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice
from pytest_django.fixtures import Settings

from flowzz.accounts import second_factor
from flowzz.accounts.models import StaffAction, User
from flowzz.accounts.staff_login import FIRST_STEP_VALID

pytestmark = pytest.mark.django_db
EMAIL, PASSWORD = "equipe@flowzz.test", "uma senha de teste"
PAGE = "/admin/verificacao/"


@pytest.fixture
def user(settings: Settings) -> User:
    settings.RATE_LIMIT_LOGIN = "1000/minute"
    return User.objects.create_superuser(EMAIL, PASSWORD)


def log_in(code: str = "", browser: Browser | None = None) -> bool:
    form = {"username": EMAIL, "password": PASSWORD, "code": code}
    return (browser or Browser()).post("/admin/login/", form).status_code == 302


def current_code(device: TOTPDevice) -> str:
    return f"{totp(device.bin_key):06}"


def enrol(browser: Browser, user: User) -> list[str]:
    """Enable the second factor by its pages; return the recovery codes."""
    browser.post(PAGE + "comecar")
    device = second_factor.pending_device(user)
    assert device is not None
    html = browser.post(PAGE + "ativar", {"code": current_code(device)}).content.decode()
    return re.findall(r"<code>(\w+)</code>", html)


def test_login_requires_a_code_once_enabled(user: User) -> None:
    browser = Browser()
    assert log_in(browser=browser)
    codes = enrol(browser, user)
    assert len(codes) == second_factor.RECOVERY_CODES
    assert [log_in(), log_in("000000"), log_in("errado00")] == [False, False, False]
    TOTPDevice.objects.update(last_t=-1, throttling_failure_count=0)
    device = TOTPDevice.objects.get()
    code = current_code(device)
    fresh = Browser()
    assert log_in(code, fresh)
    assert not log_in(code)
    assert fresh.get(PAGE).status_code == 200


def test_code_is_asked_in_a_second_step_without_the_password(user: User) -> None:
    browser = Browser()
    browser.force_login(user)
    first, *_ = enrol(browser, user)
    fresh = Browser()
    form = fresh.post("/admin/login/", {"username": EMAIL, "password": PASSWORD}).context["form"]
    assert (form.asks_code, form.shown_errors()) == (True, [])
    note = form["first_step"].value()
    page = fresh.post("/admin/login/", {"first_step": note, "code": "errado00"}).content.decode()
    assert page.count("Código incorreto.") == 1
    assert PASSWORD not in page
    StaticDevice.objects.update(throttling_failure_count=0)
    assert fresh.post("/admin/login/", {"first_step": note, "code": first}).status_code == 302
    assert fresh.get("/admin/").status_code == 200


def test_second_step_ends_with_time_and_with_the_password(user: User) -> None:
    browser = Browser()
    browser.force_login(user)
    first, *_ = enrol(browser, user)
    form = (
        Browser().post("/admin/login/", {"username": EMAIL, "password": PASSWORD}).context["form"]
    )
    answer = {"first_step": form["first_step"].value(), "code": first}
    too_late = time.time() + FIRST_STEP_VALID.total_seconds() + 1
    with mock.patch("django.core.signing.time.time", return_value=too_late):
        form = Browser().post("/admin/login/", answer).context["form"]
    assert form.shown_errors() == ["O tempo para digitar o código acabou. Entre de novo."]
    assert not form.asks_code
    user.set_password("outra senha de teste")
    user.save()
    assert Browser().post("/admin/login/", answer).status_code == 200
    assert Browser().post("/admin/login/", answer | {"first_step": "x"}).status_code == 200


def test_wrong_codes_in_a_row_have_to_wait(user: User) -> None:
    browser = Browser()
    browser.force_login(user)
    first, *_ = enrol(browser, user)
    now = timezone.now()
    StaticDevice.objects.update(throttling_failure_count=5, throttling_failure_timestamp=now)
    form = {"username": EMAIL, "password": PASSWORD, "code": first}
    [error] = Browser().post("/admin/login/", form).context["form"].shown_errors()
    assert re.match("Códigos errados demais em seguida. Espere 1[56] segundos", error)


def test_secret_can_be_typed(user: User) -> None:
    browser = Browser()
    browser.force_login(user)
    browser.post(PAGE + "comecar")
    device = second_factor.pending_device(user)
    assert device is not None
    secret = second_factor.secret_to_type(device)
    assert b32decode(secret.replace(" ", "") + "=" * (-len(secret.replace(" ", "")) % 8)) == (
        device.bin_key
    )
    assert secret in browser.get(PAGE + "?passo=ativar").content.decode()


def test_recovery_code_is_valid_once(user: User) -> None:
    browser = Browser()
    browser.force_login(user)
    first, *_ = enrol(browser, user)
    assert [log_in(first.upper()), log_in(first)] == [True, False]
    assert set(StaffAction.objects.values_list("action", flat=True)) == {
        "Ativou a verificação em duas etapas"
    }


def test_wrong_code_does_not_enable_it_and_the_secret_is_an_image(user: User) -> None:
    browser = Browser()
    browser.force_login(user)
    assert browser.get(PAGE + "qr.png").status_code == 404
    browser.post(PAGE + "comecar")
    image = browser.get(PAGE + "qr.png")
    assert image.content.startswith(b"\x89PNG")
    assert "no-store" in image["Cache-Control"]
    browser.post(PAGE + "ativar", {"code": "errado"})
    assert not second_factor.is_enabled(user)


def test_session_without_a_code_can_change_nothing(user: User) -> None:
    browser, other = Browser(), Browser()
    browser.force_login(user)
    other.force_login(user)
    first, *_ = enrol(browser, user)
    assert other.post(PAGE + "desativar", {"code": first}).status_code == 302
    assert second_factor.is_enabled(user)
    assert other.get("/admin/").status_code == 302
    browser.post(PAGE + "desativar", {"code": first})
    assert not second_factor.is_enabled(user)


def test_staff_are_redirected_to_its_page_if_it_is_required(user: User, settings: Settings) -> None:
    settings.STAFF_TOTP_REQUIRED = True
    browser = Browser()
    browser.force_login(user)
    assert browser.get("/admin/sales/sale/").headers["Location"] == PAGE
    enrol(browser, user)
    assert browser.get("/admin/sales/sale/").status_code == 200


def test_it_is_disabled_for_another_person_with_a_reason(user: User) -> None:
    lost = User.objects.create_user("perdeu@flowzz.test", is_staff=True)
    TOTPDevice.objects.create(user=lost, confirmed=True)
    browser = Browser()
    browser.force_login(user)
    page = reverse("admin:accounts_user_remove_second_factor", args=[lost.id])
    browser.post(page, {"reason": ""})
    assert second_factor.is_enabled(lost)
    browser.post(page, {"reason": "Confirmado por telefone"})
    assert not second_factor.is_enabled(lost)
    entry = StaffAction.objects.get()
    assert entry.action == "Removeu a verificação de outra pessoa"
    assert entry.target_id == str(lost.id)
