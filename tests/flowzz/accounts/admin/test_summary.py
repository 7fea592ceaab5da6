"""What a user's page shows first."""

from typing import Any

import pytest
from django.test import Client as Browser

from flowzz.accounts.models import User
from flowzz.backoffice.display import change_url
from tests.factories import NOON
from tests.staff import Staff, log_in_member

pytestmark = pytest.mark.django_db
PASSWORD = "uma senha de teste"


@pytest.fixture
def user() -> User:
    return User.objects.create_user("vendedora@exemplo.com.br", PASSWORD)


def logins_on(staff: Staff, user: User) -> list[tuple[str, Any]]:
    groups = {group.title: group for group in staff.get(change_url(user)).context["value_groups"]}
    return [(fact.label, fact.value) for fact in groups["Acessos"].known]


def test_last_logins_are_shown_with_their_outcome(user: User) -> None:
    staff = log_in_member("Suporte")
    assert logins_on(staff, user) == [("Entradas e tentativas", "Nenhuma"), ("Abertos pela API", 0)]
    for password in ("errada", PASSWORD):
        body = {"email": user.email, "password": password}
        Browser().post("/api/v1/auth/token", body, content_type="application/json")
    newest, before, more, open_logins = logins_on(staff, user)
    assert [newest[1], before[1]] == ["API: entrou", "API: senha errada, ou sem acesso"]
    assert [more, open_logins] == [("Entradas e tentativas", "Ver todas"), ("Abertos pela API", 1)]


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"is_active": False}, "Conta desativada: ninguém entra nela."),
        ({"erasure_requested_at": NOON}, "Conta encerrada em 02/03/2026 12:00: "),
    ],
)
def test_notice_says_why_nobody_logs_in(
    staff: Staff, user: User, changes: dict[str, Any], text: str
) -> None:
    User.objects.filter(id=user.id).update(**changes)
    notices = [notice.text for notice in staff.get(change_url(user)).context["notices"]]
    assert [notice.startswith(text) for notice in notices if "Conta" in notice] == [True]
