"""Notes about a user, and invitations, on the user's page."""

from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from flowzz.accounts import passwords
from flowzz.accounts.models import StaffAction, User
from tests.staff import Staff, log_in_member, messages_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_tasks_run_at_once")]
EMAIL = "nova@exemplo.com.br"
NOTE = "Prefere falar pela manhã; usa a conta da sócia."


@pytest.fixture
def user() -> User:
    return User.objects.create_user(EMAIL)


def page_of(staff: Staff, user: User) -> str:
    return staff.get(reverse("admin:accounts_user_change", args=[user.id])).content.decode()


def invite(staff: Staff, user: User) -> Any:
    url = reverse("admin:accounts_user_invite", args=[user.id])
    return staff.post(url, {"reason": ""})


def test_invitation_is_mailed_logged_and_shown(staff: Staff, user: User) -> None:
    assert "Sem senha e sem convite" in page_of(staff, user)
    response = invite(staff, user)
    assert messages_in(response) == [f"Convite enviado a {EMAIL}."]
    assert [message.to for message in mail.outbox] == [[EMAIL]]
    assert [(entry.action, entry.target_id) for entry in StaffAction.objects.all()] == [
        ("Convidou por e-mail", str(user.id))
    ]
    page = page_of(staff, user)
    assert "falta escolher a senha" in page
    assert "Convidar de novo" in page


def test_invitations_that_can_not_be_mailed_say_so_and_spend_no_limit(
    staff: Staff, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broker:
        broker.setattr(passwords, "enqueue", lambda *_: False)  # the broker is down
        pages = [invite(staff, user).content.decode() for _ in range(4)]
    text = "O e-mail não pôde ser enviado agora. Tente de novo em um minuto."
    assert [text in page for page in pages] == [True] * 4
    assert "Sem senha e sem convite" in page_of(staff, user)
    assert not StaffAction.objects.exists()
    assert messages_in(invite(staff, user)) == [f"Convite enviado a {EMAIL}."]


def test_fourth_invitation_in_an_hour_is_refused_in_words(staff: Staff, user: User) -> None:
    for _ in range(3):
        invite(staff, user)
    response = invite(staff, user)
    assert "Já foram três e-mails nesta hora." in response.content.decode()
    assert StaffAction.objects.count() == 3


@pytest.mark.parametrize("changes", [{"is_active": False}, {"password": "pbkdf2$1$a$b"}])
def test_nobody_else_is_invited(staff: Staff, user: User, changes: dict[str, object]) -> None:
    User.objects.filter(id=user.id).update(**changes)
    assert invite(staff, user).status_code == 403


@pytest.mark.parametrize("group", ["Suporte", "Operações"])
def test_who_may_not_change_users_may_not_invite(user: User, group: str) -> None:
    staff = log_in_member(group)
    assert invite(staff, user).status_code == 403
    assert "convidar" not in page_of(staff, user)


def test_note_is_shown_with_its_author(user: User) -> None:
    staff = log_in_member("Suporte")
    url = reverse("admin:accounts_user_add_note", args=[user.id])
    staff.post(url, {"reason": NOTE})
    [entry] = StaffAction.objects.all()
    assert (entry.action, entry.reason) == ("Anotou", NOTE)
    page = page_of(staff, user)
    assert NOTE in page
    assert f'<p class="bo-hint">{entry.actor}, ' in page
    assert NOTE not in page_of(staff, User.objects.get(is_staff=True))


def test_note_takes_no_personal_data(staff: Staff, user: User) -> None:
    url = reverse("admin:accounts_user_add_note", args=[user.id])
    page = staff.post(url, {"reason": "Ligar para 62 99999-1234"}).content.decode()
    assert "Não escreva aqui dados da pessoa" in page
    assert not StaffAction.objects.exists()


def test_page_takes_as_many_statements_with_more_notes(staff: Staff, user: User) -> None:
    url = reverse("admin:accounts_user_add_note", args=[user.id])
    staff.post(url, {"reason": NOTE})
    page_of(staff, user)
    with CaptureQueriesContext(connection) as few:
        page_of(staff, user)
    for _ in range(3):
        staff.post(url, {"reason": NOTE})
    with CaptureQueriesContext(connection) as many:
        page_of(staff, user)
    assert len(many) == len(few)
