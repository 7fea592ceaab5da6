"""The pages that reset a password by a link in a mail."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import Client as Browser
from pytest_django import DjangoCaptureOnCommitCallbacks
from pytest_django.fixtures import Settings

from flowzz.accounts.models import StaffAction, User
from flowzz.core.logging import redact_path
from tests.api_client import Frontend
from tests.staff import log_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_tasks_run_at_once")]
PASSWORD, NEW = "uma senha de teste", "outra senha comprida"


@pytest.fixture
def user() -> User:
    return User.objects.create_user("equipe@exemplo.com.br", PASSWORD, is_staff=True)


def mailed_link(user: User) -> str:
    page = Browser().post("/admin/senha/", {"email": user.email}, follow=True)
    assert "enviamos a ela um link que vale por uma hora" in page.content.decode()
    [found] = re.findall(r"https://flowzz\.test(/\S+)", str(mail.outbox[-1].body))
    return str(found)


def set_password(link: str, password: str = NEW) -> Any:
    browser = Browser()
    form = browser.get(link, follow=True)
    path = form.redirect_chain[-1][0] if form.redirect_chain else link
    fields = {"new_password1": password, "new_password2": password}
    return browser.post(path, fields, follow=True)


def test_link_sets_a_password_once_and_ends_all_logins(user: User) -> None:
    staff, seller = log_in(user), Frontend(user)
    link = mailed_link(user)

    page = set_password(link)

    assert "Senha salva" in page.content.decode()
    user.refresh_from_db()
    assert user.check_password(NEW)
    assert staff.get("/admin/").status_code == 302
    assert seller.fetch("sales").status_code == 401
    assert "já foi usado ou venceu" in set_password(link, "mais uma senha").content.decode()
    user.refresh_from_db()
    assert user.check_password(NEW)


def test_link_expires_after_an_hour(user: User) -> None:
    link = mailed_link(user)
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=61)):
        assert "já foi usado ou venceu" in set_password(link).content.decode()


def test_log_does_not_contain_the_link(user: User) -> None:
    assert redact_path(mailed_link(user)) == "/admin/senha/***/***/"


def test_weak_password_is_refused_with_a_reason(user: User) -> None:
    page = set_password(mailed_link(user), "12345678")
    assert "Esta senha é muito comum." in page.content.decode()


def test_login_page_leads_to_it() -> None:
    assert 'href="/admin/senha/"' in Browser().get("/admin/login/").content.decode()


def test_requests_are_limited_by_address(settings: Settings) -> None:
    settings.RATE_LIMIT_LOGIN = "1/minute"
    form = {"email": "ninguem@exemplo.com.br"}
    assert Browser().post("/admin/senha/", form).status_code == 302
    page = Browser().post("/admin/senha/", form)
    assert "Muitas tentativas. Aguarde um minuto." in page.content.decode()


def test_pages_lead_back_to_the_login_but_not_from_the_new_password(user: User) -> None:
    """The page of a valid link is a seller's, too, who has no business there."""
    link = 'href="/admin/login/"'
    urls = ("/admin/senha/", "/admin/senha/enviado/", "/admin/senha/MQ/x-1/", mailed_link(user))
    pages = [Browser().get(url, follow=True).content.decode() for url in urls]
    assert [link in page for page in pages] == [True, True, True, False]


def test_own_change_is_mailed_logged_and_ends_the_logins_of_the_api(
    user: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    Frontend(user)
    staff = log_in(user)
    form = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}

    with django_capture_on_commit_callbacks(execute=True):
        page = staff.post("/admin/password_change/", form, follow=True)

    assert page.redirect_chain == [("/admin/password_change/done/", 302)]
    user.refresh_from_db()
    assert user.check_password(NEW)
    assert [message.to for message in mail.outbox] == [[user.email]]
    assert StaffAction.objects.get().action == "Trocou a própria senha"
    assert not user.login_sessions.exists()


def test_own_change_needs_the_old_password(user: User) -> None:
    form = {"old_password": "outra", "new_password1": NEW, "new_password2": NEW}
    assert log_in(user).post("/admin/password_change/", form).status_code == 200
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


def test_password_that_staff_set_is_mailed_unless_it_is_the_first(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    staff = log_in(User.objects.create_superuser("chefe@flowzz.test"))
    seller = User.objects.create_user("vendedora@flowzz.test")
    for _ in range(2):
        page = f"/admin/accounts/user/{seller.id}/password/"
        with django_capture_on_commit_callbacks(execute=True):
            assert staff.post(page, {"password1": NEW, "password2": NEW}).status_code == 302
    seller.refresh_from_db()
    assert seller.check_password(NEW)
    assert [message.to for message in mail.outbox] == [[seller.email]]
