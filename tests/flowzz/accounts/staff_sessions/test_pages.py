"""Open sessions of the back-office are listed and ended."""

import re
from datetime import timedelta

import pytest
from django.test import Client as Browser
from django.utils import timezone

from flowzz.accounts import tasks
from flowzz.accounts.models import StaffAction, StaffSession, User
from tests.staff import log_in, log_in_member

pytestmark = pytest.mark.django_db
PAGE = "/admin/sessoes/"
PASSWORD = "uma senha de teste"


def log_in_by_form(user: User) -> Browser:
    browser = Browser(REMOTE_ADDR="192.0.2.7", headers={"User-Agent": "Navegador de teste"})
    form = {"username": user.email, "password": PASSWORD}
    assert browser.post("/admin/login/", form).status_code == 302
    return browser


@pytest.fixture
def user() -> User:
    return User.objects.create_user("equipe@flowzz.test", PASSWORD, is_staff=True)


def test_page_lists_own_sessions_without_their_keys(user: User) -> None:
    browser, other = log_in_by_form(user), log_in_by_form(user)
    log_in(User.objects.create_user("outra@flowzz.test", is_staff=True))

    page = browser.get(PAGE).content.decode()

    assert page.count("192.0.2.7") == page.count("Navegador de teste") == 2
    assert "outra@flowzz.test" not in page
    assert str(other.session.session_key) not in page
    assert page.count("Esta sessão") == 1


def test_ended_session_must_log_in_again(user: User) -> None:
    browser, other = log_in_by_form(user), log_in_by_form(user)
    [url] = re.findall(rf'action="({PAGE}\w+/encerrar)"', browser.get(PAGE).content.decode())

    assert browser.post(url).status_code == 302

    assert other.get("/admin/").status_code == 302
    assert browser.get("/admin/").status_code == 200
    assert browser.post(url).status_code == 404
    assert StaffAction.objects.get().action == "Encerrou uma sessão"


def test_administration_ends_sessions_of_others_but_of_no_superuser(user: User) -> None:
    log_in(user)
    log_in(User.objects.create_superuser("chefe@flowzz.test"))
    page = log_in_member("Administração").get(PAGE).content.decode()
    assert ("equipe@flowzz.test" in page, "chefe@flowzz.test" in page) == (True, False)


def test_member_can_not_end_sessions_of_others(user: User) -> None:
    log_in(user)
    superuser = log_in(User.objects.create_superuser("chefe@flowzz.test"))
    urls = re.findall(rf'action="({PAGE}\w+/encerrar)"', superuser.get(PAGE).content.decode())
    member = log_in_member("Suporte")
    assert [member.post(url).status_code for url in urls] == [404]
    assert StaffSession.objects.filter(user=user).exists()


def test_sessions_end_with_the_user_and_leave_after_expiry(user: User) -> None:
    log_in(user)
    StaffSession.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    tasks.delete_expired_sessions()
    assert not StaffSession.objects.exists()
    log_in(user)
    user.delete()
    assert not StaffSession.objects.exists()
