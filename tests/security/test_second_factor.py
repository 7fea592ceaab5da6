"""The second step of staff's login."""

import re

import pytest
from django.test import Client as Browser
from django.urls import reverse
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice
from pytest_django.fixtures import Settings

from flowzz.accounts import second_factor
from flowzz.accounts.models import StaffAction, User

pytestmark = pytest.mark.django_db
EMAIL, PASSWORD = "equipe@flowzz.test", "uma senha de teste"
PAGE = "/admin/verificacao/"


@pytest.fixture
def user(settings: Settings) -> User:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.RATE_LIMIT_LOGIN = "1000/minute"
    return User.objects.create_superuser(EMAIL, PASSWORD)


def log_in(code: str = "", browser: Browser | None = None) -> bool:
    form = {"username": EMAIL, "password": PASSWORD, "code": code}
    return (browser or Browser()).post("/admin/login/", form).status_code == 302


def code_of(device: TOTPDevice) -> str:
    return f"{totp(device.bin_key):06}"


def turn_on(browser: Browser, user: User) -> list[str]:
    """Enrol by the pages; the recovery codes."""
    browser.post(PAGE + "comecar")
    device = second_factor.pending(user)
    assert device is not None
    shown = browser.post(PAGE + "ativar", {"code": code_of(device)}).content.decode()
    return re.findall(r"<code>(\w+)</code>", shown)


def test_login_asks_for_a_code_once_it_is_on(user: User) -> None:
    browser = Browser()
    assert log_in(browser=browser)
    codes = turn_on(browser, user)
    assert len(codes) == second_factor.RECOVERY_CODES
    assert [log_in(), log_in("000000"), log_in("errado00")] == [False, False, False]
    TOTPDevice.objects.update(last_t=-1, throttling_failure_count=0)
    device = TOTPDevice.objects.get()
    code = code_of(device)
    fresh = Browser()
    assert log_in(code, fresh)
    assert not log_in(code)
    assert fresh.get(PAGE).status_code == 200


def test_recovery_code_is_good_once(user: User) -> None:
    browser = Browser()
    browser.force_login(user)
    first, *_ = turn_on(browser, user)
    assert [log_in(first.upper()), log_in(first)] == [True, False]
    assert set(StaffAction.objects.values_list("action", flat=True)) == {
        "Ativou a verificação em duas etapas"
    }


def test_wrong_code_enrols_nobody_and_secret_is_a_picture(user: User) -> None:
    browser = Browser()
    browser.force_login(user)
    assert browser.get(PAGE + "qr.png").status_code == 404
    browser.post(PAGE + "comecar")
    picture = browser.get(PAGE + "qr.png")
    assert picture.content.startswith(b"\x89PNG")
    assert "no-store" in picture["Cache-Control"]
    browser.post(PAGE + "ativar", {"code": "errado"})
    assert not second_factor.is_on(user)


def test_session_without_a_code_changes_nothing(user: User) -> None:
    browser, other = Browser(), Browser()
    browser.force_login(user)
    other.force_login(user)
    first, *_ = turn_on(browser, user)
    assert other.post(PAGE + "desativar", {"code": first}).status_code == 302
    assert second_factor.is_on(user)
    assert other.get("/admin/").status_code == 302
    browser.post(PAGE + "desativar", {"code": first})
    assert not second_factor.is_on(user)


def test_required_it_leads_staff_to_its_page(user: User, settings: Settings) -> None:
    settings.STAFF_TOTP_REQUIRED = True
    browser = Browser()
    browser.force_login(user)
    assert browser.get("/admin/sales/sale/").headers["Location"] == PAGE
    turn_on(browser, user)
    assert browser.get("/admin/sales/sale/").status_code == 200


def test_who_lost_it_is_helped_with_a_reason(user: User) -> None:
    lost = User.objects.create_user("perdeu@flowzz.test", is_staff=True)
    TOTPDevice.objects.create(user=lost, confirmed=True)
    browser = Browser()
    browser.force_login(user)
    page = reverse("admin:accounts_user_remove_second_factor", args=[lost.id])
    browser.post(page, {"reason": ""})
    assert second_factor.is_on(lost)
    browser.post(page, {"reason": "Confirmado por telefone"})
    assert not second_factor.is_on(lost)
    line = StaffAction.objects.get()
    assert (line.action, line.target_id) == ("Removeu a verificação de outra pessoa", str(lost.id))
