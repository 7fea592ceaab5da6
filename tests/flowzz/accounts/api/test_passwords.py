"""API calls that change a password, or ask for a mail to reset it."""

from typing import Any

import pytest
from django.core import mail
from django.test import Client as Browser
from pytest_django.fixtures import DjangoCaptureOnCommitCallbacks, Settings

from flowzz.accounts import passwords, sessions
from flowzz.accounts.models import LoginSession, User
from tests.api_client import Frontend, invalid

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_tasks_run_at_once")]
PASSWORD, NEW = "uma senha de teste", "outra senha comprida"


@pytest.fixture
def user() -> User:
    return User.objects.create_user("vendedora@exemplo.com.br", PASSWORD, name="Marina")


def change(frontend: Frontend, current: str, new: str) -> Any:
    body = {"currentPassword": current, "newPassword": new}
    return frontend.send("auth/password", body)


def test_changed_password_ends_the_other_logins_and_is_mailed(
    user: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    other, frontend = Frontend(user), Frontend(user)
    with django_capture_on_commit_callbacks(execute=True):
        response = change(frontend, PASSWORD, NEW)

    assert response.status_code == 200
    assert [other.fetch("sales").status_code, frontend.fetch("sales").status_code] == [401, 401]
    frontend.credentials(HTTP_AUTHORIZATION=f"Bearer {response.json()['data']['access']}")
    assert frontend.fetch("sales").status_code == 200
    assert LoginSession.objects.count() == 1
    user.refresh_from_db()
    assert user.check_password(NEW)
    [message] = mail.outbox
    assert (message.subject, message.to) == ("[Flowzz] A senha foi trocada", [user.email])


@pytest.mark.parametrize(
    ("current", "new", "answer"),
    [
        ("errada", NEW, invalid("currentPassword", "Senha atual incorreta.")),
        (PASSWORD, "12345678", None),
    ],
)
def test_wrong_or_weak_password_changes_nothing(
    user: User, current: str, new: str, answer: Any
) -> None:
    response = change(Frontend(user), current, new)
    assert response.status_code == 400
    assert answer is None or response.json() == answer
    assert {detail["field"] for detail in response.json()["details"]} <= {
        "currentPassword",
        "newPassword",
    }
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


def test_guesses_of_the_current_password_are_limited(user: User) -> None:
    token = sessions.log_in(user).access_token
    statuses = []
    for _ in range(6):
        frontend = Frontend()
        frontend.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
        statuses.append(change(frontend, "errada", NEW).status_code)
    assert statuses == [*[400] * 5, 429]


def ask(email: str) -> Any:
    return Frontend().send("auth/password/reset", {"email": email})


def test_reset_is_mailed_to_an_account_and_nobody_learns_of_it(
    user: User, settings: Settings
) -> None:
    User.objects.create_user("saiu@exemplo.com.br", PASSWORD, is_active=False)
    User.objects.create_user("sem-senha@exemplo.com.br")
    asked = ("Vendedora@exemplo.com.br", "ninguem@exemplo.com.br", "saiu@exemplo.com.br")
    answers = [ask(email) for email in (*asked, "sem-senha@exemplo.com.br")]

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    [message] = mail.outbox
    assert message.to == [user.email]
    assert f"{settings.PUBLIC_BASE_URL}/admin/senha/" in message.body
    assert "Marina" in message.body


def test_three_mails_an_hour_reach_an_account(user: User) -> None:
    assert [ask(user.email).status_code for _ in range(5)] == [200] * 5
    assert len(mail.outbox) == 3


@pytest.mark.parametrize("email", ["vendedora@exemplo.com.br", "ninguem@exemplo.com.br"])
def test_reset_that_can_not_be_mailed_says_so_to_all(
    user: User, email: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "enqueue", lambda *_: False)  # the broker is down
    response = ask(email)
    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
    page = Browser().post("/admin/senha/", {"email": email}).content.decode()
    assert "O e-mail não pôde ser enviado agora." in page
