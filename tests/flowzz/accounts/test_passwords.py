"""Links by which users choose a password: the first one of those who were invited."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.test import Client as Browser
from django.utils import timezone
from pytest_django.fixtures import DjangoCaptureOnCommitCallbacks, Settings

from flowzz.accounts import passwords
from flowzz.accounts.models import User
from flowzz.core.rate_limits import RateLimitExceeded
from tests.flowzz.accounts.test_password_pages import NEW, set_password

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_tasks_run_at_once")]
EMAIL = "nova@exemplo.com.br"


@pytest.fixture
def user() -> User:
    return User.objects.create_user(EMAIL, name="Marina")


@pytest.fixture
def link(user: User) -> str:
    passwords.invite(user)
    return mailed_link()


def mailed_link() -> str:
    [found] = re.findall(r"https://flowzz\.test(/admin/senha/\S+)", str(mail.outbox[-1].body))
    return str(found)


def test_invited_user_chooses_the_first_password(
    user: User,
    link: str,
    settings: Settings,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    [message] = mail.outbox
    assert (message.subject, message.to) == (
        "[Flowzz] Você foi convidado(a) para o Flowzz",
        [EMAIL],
    )
    assert f"entre com este e-mail e a senha que escolheu: {settings.FRONTEND_URL}" in message.body
    assert f"Escolha a senha de {EMAIL}." in Browser().get(link, follow=True).content.decode()

    with django_capture_on_commit_callbacks(execute=True):
        page = set_password(link)

    assert "Senha salva" in page.content.decode()
    assert f'href="{settings.FRONTEND_URL}"' in page.content.decode()
    user.refresh_from_db()
    assert user.check_password(NEW)
    assert mail.outbox == [message]  # nothing says that a password was changed
    assert "já foi usado ou venceu" in set_password(link, "mais uma senha").content.decode()


@pytest.mark.parametrize(("days", "is_valid"), [(6.9, True), (7.1, False)])
def test_invitation_is_valid_for_a_week(user: User, link: str, days: float, is_valid: bool) -> None:
    with time_machine.travel(timezone.localtime() + timedelta(days=days)):
        set_password(link)
    user.refresh_from_db()
    assert user.check_password(NEW) == is_valid


def test_staff_are_led_to_the_back_office() -> None:
    passwords.invite(User.objects.create_user("equipe@exemplo.com.br", is_staff=True))
    assert "a senha que escolheu: https://flowzz.test/admin/\n" in mail.outbox[-1].body


def test_invited_user_can_ask_for_another_invitation(user: User, link: str) -> None:
    passwords.request_reset(EMAIL.upper())
    assert [message.subject for message in mail.outbox] == [mail.outbox[0].subject] * 2
    set_password(mailed_link())
    user.refresh_from_db()
    assert user.check_password(NEW)


def test_three_links_an_hour_are_mailed(user: User) -> None:
    for _ in range(3):
        passwords.invite(user)
    with pytest.raises(RateLimitExceeded):
        passwords.invite(user)
