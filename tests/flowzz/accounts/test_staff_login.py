"""The rate limit of the admin's login, and its page."""

from contextlib import closing

import pytest
from django.test import Client as Browser
from pytest_django.fixtures import Settings

from flowzz.accounts.models import User

pytestmark = pytest.mark.django_db
EMAIL, PASSWORD = "equipe@flowzz.test", "uma senha de teste"


def log_in(ip: str, password: str) -> bool:
    form = {"username": EMAIL, "password": password}
    response = Browser(REMOTE_ADDR=ip).post("/admin/login/", form)
    return response.status_code == 302


def test_correct_password_is_refused_after_too_many_attempts(settings: Settings) -> None:
    settings.RATE_LIMIT_LOGIN = "3/minute"
    User.objects.create_superuser(EMAIL, PASSWORD)

    assert [log_in("192.0.2.1", "errada") for _ in range(3)] == [False, False, False]
    assert not log_in("192.0.2.1", PASSWORD)
    assert log_in("192.0.2.2", PASSWORD)


def test_attempts_from_one_ipv6_network_are_counted_together(settings: Settings) -> None:
    settings.RATE_LIMIT_LOGIN = "1/minute"
    User.objects.create_superuser(EMAIL, PASSWORD)

    assert not log_in("2001:db8::1", "errada")
    assert not log_in("2001:db8::2", PASSWORD)
    assert log_in("2001:db8:0:1::1", PASSWORD)


def test_page_is_in_portuguese_and_has_our_icon() -> None:
    icon = Browser().get("/favicon.ico").headers["Location"]
    page = Browser().get("/admin/login/").content.decode()
    assert "Boas-vindas de volta ao" in page
    assert f'href="{icon}"' in page
    with closing(Browser().get(icon)) as response:
        assert response.headers["Content-Type"] == "image/svg+xml"


def test_page_says_in_one_sentence_that_the_login_failed() -> None:
    form = {"username": EMAIL, "password": "errada"}
    page = Browser().post("/admin/login/", form)
    sentence = "E-mail ou senha incorretos, ou a conta não é da equipe."
    assert page.context["form"].shown_errors() == [sentence]
