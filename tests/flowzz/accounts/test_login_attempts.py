"""Logins and attempts to log in, counted per minute."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone
from django_otp.plugins.otp_totp.models import TOTPDevice
from pytest_django.fixtures import Settings

from flowzz.accounts import login_attempts, tasks
from flowzz.accounts.models import LoginAttempt, LoginOutcome, LoginWay, User
from tests.api_client import Frontend
from tests.staff import Staff

pytestmark = pytest.mark.django_db
EMAIL, PASSWORD = "equipe@flowzz.test", "uma senha de teste"
NOW = datetime(2026, 11, 28, 15, 4, 5, tzinfo=UTC)
MINUTE = datetime(2026, 11, 28, 15, 4, tzinfo=UTC)
Row = tuple[Any, ...]


def in_back_office(email: str = EMAIL, password: str = PASSWORD, ip: str = "192.0.2.7") -> None:
    form = {"username": email, "password": password}
    Browser(REMOTE_ADDR=ip).post(reverse("admin:login"), form)


def by_api(email: str = EMAIL, password: str = PASSWORD) -> None:
    frontend = Frontend()
    frontend.defaults["REMOTE_ADDR"] = "2001:db8:5::9"
    frontend.send("auth/token", {"email": email, "password": password})


def recorded() -> list[Row]:
    fields = ("user__email", "minute", "way", "outcome", "network", "count")
    return list(LoginAttempt.objects.order_by("id").values_list(*fields))


@pytest.fixture
def user() -> User:
    return User.objects.create_superuser(EMAIL, PASSWORD)


def test_attempts_are_counted_per_minute_without_the_end_of_the_address(user: User) -> None:
    with time_machine.travel(NOW, tick=False):
        in_back_office(password="errada")
        in_back_office(password="errada", ip="192.0.2.8")
        in_back_office(email=EMAIL.upper())
        by_api()
    assert recorded() == [
        (EMAIL, MINUTE, LoginWay.BACK_OFFICE, LoginOutcome.REFUSED, "192.0.2.x", 2),
        (EMAIL, MINUTE, LoginWay.BACK_OFFICE, LoginOutcome.SUCCESS, "192.0.2.x", 1),
        (EMAIL, MINUTE, LoginWay.API, LoginOutcome.SUCCESS, "2001:db8:5::/48", 1),
    ]
    newest = login_attempts.last_attempts(user, 1)
    assert [attempt.way for attempt in newest] == [LoginWay.API]


def test_emails_without_an_account_fill_one_row_a_minute(settings: Settings) -> None:
    settings.RATE_LIMIT_LOGIN = "100/minute"
    with time_machine.travel(NOW, tick=False):
        for number in range(5):
            in_back_office(email=f"{number}@exemplo.com.br", ip=f"192.0.{number}.1")
    assert recorded() == [(None, MINUTE, LoginWay.BACK_OFFICE, LoginOutcome.REFUSED, "", 5)]


def test_attempts_above_the_limit_of_an_account_fill_one_row_a_minute(user: User) -> None:
    with time_machine.travel(NOW, tick=False):
        for number in range(8):
            in_back_office(password="errada", ip=f"198.51.{number}.1")
    outcomes = LoginAttempt.objects.filter(outcome=LoginOutcome.TOO_MANY)
    assert list(outcomes.values_list("user__email", "network", "count")) == [(EMAIL, "", 3)]
    assert LoginAttempt.objects.count() == 6


def test_wrong_code_is_recorded(user: User) -> None:
    TOTPDevice.objects.create(user=user, name="app", confirmed=True)
    browser = Browser()
    page = browser.post(reverse("admin:login"), {"username": EMAIL, "password": PASSWORD})
    assert not LoginAttempt.objects.exists()
    step = page.context["form"].data["first_step"]
    browser.post(reverse("admin:login"), {"first_step": step, "code": "abcdef"})
    assert [row[3] for row in recorded()] == [LoginOutcome.WRONG_CODE]


def test_a_missing_password_is_no_login_and_keeps_the_count_of_failed_ones(user: User) -> None:
    for number in range(5):
        in_back_office(password="errada", ip=f"198.51.{number}.1")
        in_back_office(password="", ip=f"198.51.{number}.1")
    assert {row[3] for row in recorded()} == {LoginOutcome.REFUSED, LoginOutcome.TOO_MANY}


def test_old_attempts_are_deleted(user: User) -> None:
    in_back_office()
    LoginAttempt.objects.update(minute=timezone.now() - timedelta(days=89))
    tasks.delete_expired_sessions()
    assert LoginAttempt.objects.count() == 1
    LoginAttempt.objects.update(minute=timezone.now() - timedelta(days=91))
    tasks.delete_expired_sessions()
    assert not LoginAttempt.objects.exists()


def test_list_names_the_account_and_the_log_of_actions_leads_to_it(staff: Staff) -> None:
    User.objects.create_user("vendedora@flowzz.test", PASSWORD)
    by_api(email="vendedora@flowzz.test")
    in_back_office(email="ninguem@exemplo.com.br")
    url = reverse("admin:accounts_loginattempt_changelist")
    html = staff.get(url).content.decode()
    assert ">vendedora@flowzz.test</a>" in html
    assert "E-mails sem conta" in html
    found = staff.get(url, {"q": "VENDEDORA"}).context["cl"].result_list
    assert [attempt.way for attempt in found] == [LoginWay.API]
    log = staff.get(reverse("admin:accounts_staffaction_changelist")).content.decode()
    assert f'href="{url}"' in log
