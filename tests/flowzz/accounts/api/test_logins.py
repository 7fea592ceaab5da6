"""API calls that log in, renew tokens and log out."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.utils import timezone
from pytest_django.fixtures import Settings

from flowzz.accounts import sessions, tasks
from flowzz.accounts.models import LoginSession, User
from flowzz.accounts.tokens import RefreshToken
from tests.api_client import Frontend, error, invalid, status_and_body

pytestmark = pytest.mark.django_db
PASSWORD = "uma senha de teste"
REFRESH_REFUSED = error(
    "UNAUTHORIZED", "Token de renovação inválido, já usado ou expirado. Entre de novo."
)
REFUSED = error("UNAUTHORIZED", "E-mail ou senha incorretos.")


@pytest.fixture
def user() -> User:
    return User.objects.create_user("vendedora@exemplo.com.br", PASSWORD)


def login(email: str, password: str = PASSWORD, frontend: Frontend | None = None) -> Any:
    return (frontend or Frontend()).send("auth/token", {"email": email, "password": password})


def test_login_returns_tokens_that_the_api_accepts(user: User) -> None:
    response = login("vendedora@exemplo.com.br")

    assert response.status_code == 200
    assert response.json()["success"] is True
    assert response.json()["message"] == "Acesso autorizado"
    access = response.json()["data"]["access"]
    frontend = Frontend()
    frontend.credentials(HTTP_AUTHORIZATION=f"Bearer {access}")
    assert frontend.fetch("sales").status_code == 200


def test_login_is_the_last_one_that_staff_see(user: User) -> None:
    login(user.email, "outra senha")
    user.refresh_from_db()
    assert user.last_login is None
    login(user.email)
    user.refresh_from_db()
    assert user.last_login is not None
    assert timezone.now() - user.last_login < timedelta(minutes=1)


def test_email_is_case_insensitive(user: User) -> None:
    assert login("VENDEDORA@Exemplo.com.br").status_code == 200


@pytest.mark.parametrize(
    ("email", "password"),
    [("vendedora@exemplo.com.br", "outra senha"), ("ninguem@exemplo.com.br", PASSWORD)],
)
def test_unknown_email_and_wrong_password_get_the_same_response(
    user: User, email: str, password: str
) -> None:
    response = login(email, password)
    assert (response.status_code, response.json()) == (401, REFUSED)
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="api"'


def test_inactive_user_is_refused() -> None:
    User.objects.create_user("saiu@exemplo.com.br", PASSWORD, is_active=False)
    assert login("saiu@exemplo.com.br").json() == REFUSED


@pytest.mark.parametrize(
    ("email", "reason"),
    [
        ("isto não é", "Informe um e-mail válido."),
        ("a\x00@exemplo.com.br", "Caracteres nulos não são permitidos."),
    ],
)
def test_invalid_email_is_a_validation_error(email: str, reason: str) -> None:
    assert login(email).json()["details"][0] == {
        "field": "email",
        "code": "INVALID",
        "reason": reason,
    }


def test_lone_surrogates_are_a_validation_error() -> None:
    response = Frontend().post(
        "/api/v1/auth/token",
        rb'{"email": "a\ud800@exemplo.com.br", "password": "\udfff"}',
        content_type="application/json",
    )
    assert response.status_code == 400
    assert {detail["field"] for detail in response.json()["details"]} == {"email", "password"}


def test_logins_are_limited_by_ip_address(settings: Settings, user: User) -> None:
    settings.RATE_LIMIT_LOGIN = "2/minute"
    frontend = Frontend()
    for _ in range(2):
        assert login(user.email, "errada", frontend).status_code == 401

    response = login(user.email, PASSWORD, frontend)

    assert response.status_code == 429
    assert response.json()["error"] == "RATE_LIMITED"
    assert 1 <= int(response.headers["Retry-After"]) <= 60
    assert login(user.email).status_code == 200


def renew(refresh: str) -> Any:
    return Frontend().send("auth/token/refresh", {"refresh": refresh})


def logout(refresh: str) -> Any:
    return Frontend().send("auth/logout", {"refresh": refresh})


@pytest.fixture
def refresh(user: User) -> str:
    return str(sessions.log_in(user))


def test_refresh_returns_two_new_valid_tokens(user: User) -> None:
    first = login(user.email).json()["data"]["refresh"]

    response = renew(first)

    assert response.json()["message"] == "Token renovado"
    second = response.json()["data"]["refresh"]
    assert second != first
    frontend = Frontend()
    frontend.credentials(HTTP_AUTHORIZATION=f"Bearer {response.json()['data']['access']}")
    assert frontend.fetch("clients").status_code == 200
    assert renew(second).status_code == 200


@pytest.mark.parametrize("seconds", [0, 29])
def test_refresh_repeated_within_30_seconds_gets_the_same_tokens(
    user: User, refresh: str, seconds: int
) -> None:
    first = renew(refresh)
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=seconds)):
        again = renew(refresh)
        assert (again.status_code, again.json()) == (200, first.json())
        assert renew(first.json()["data"]["refresh"]).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_two_tabs_that_refresh_at_once_get_the_same_tokens(user: User, refresh: str) -> None:
    def renew_in_tab(_: int) -> Any:
        try:
            return renew(refresh).json()
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as tabs:
        answers = list(tabs.map(renew_in_tab, range(4)))
    assert answers == [answers[0]] * 4
    assert renew(answers[0]["data"]["refresh"]).status_code == 200


def test_no_token_is_stored(user: User, refresh: str) -> None:
    tokens = renew(refresh).json()["data"]
    stored = repr(LoginSession.objects.values().get())
    signatures = [token.split(".")[2] for token in (refresh, *tokens.values())]
    assert [signature for signature in signatures if signature in stored] == []


def test_older_token_than_the_previous_one_ends_its_session(user: User, refresh: str) -> None:
    second = renew(refresh).json()["data"]["refresh"]
    third = renew(second).json()["data"]["refresh"]
    assert renew(refresh).json() == REFRESH_REFUSED
    assert [renew(token).status_code for token in (second, third)] == [401, 401]


def test_refresh_token_used_later_again_ends_its_session_alone(user: User, refresh: str) -> None:
    other = str(sessions.log_in(user))
    newest = renew(refresh).json()["data"]["refresh"]

    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=31)):
        response = renew(refresh)

    assert (response.status_code, response.json()) == (401, REFRESH_REFUSED)
    assert renew(newest).status_code == 401
    assert renew(other).status_code == 200


def test_logout_by_an_older_token_revokes_the_newest(user: User, refresh: str) -> None:
    other = str(sessions.log_in(user))
    newest = renew(refresh).json()["data"]["refresh"]

    response = logout(refresh)

    assert (response.status_code, response.json()) == (
        200,
        {"success": True, "data": {"ended": True}, "message": "Acesso encerrado"},
    )
    assert renew(newest).json() == REFRESH_REFUSED
    assert logout(newest).json()["data"] == {"ended": False}
    assert renew(other).status_code == 200


def test_logout_requires_a_refresh_token(user: User, refresh: str) -> None:
    assert logout("a.b.c").json() == REFRESH_REFUSED
    access = login(user.email).json()["data"]["access"]
    assert logout(access).status_code == 401
    assert renew(refresh).status_code == 200


def test_new_password_ends_existing_sessions(user: User, refresh: str) -> None:
    user.set_password("outra senha de teste")
    user.save()
    assert renew(refresh).status_code == 401


def test_only_expired_sessions_are_deleted(user: User) -> None:
    current = sessions.log_in(user)
    with time_machine.travel(datetime.now(UTC) - timedelta(days=30, minutes=1)):
        sessions.log_in(user)
    tasks.delete_expired_sessions()
    assert str(LoginSession.objects.get().id) == current["sid"]


@pytest.mark.parametrize("token", ["nada", "a.b.c", ""])
def test_invalid_refresh_token_is_refused(token: str) -> None:
    response = renew(token)
    blank = invalid("refresh", "Este campo pode não estar em branco.")
    assert response.json() == (REFRESH_REFUSED if token else blank)


def test_access_token_is_refused_as_refresh_token(user: User) -> None:
    access = str(RefreshToken.for_user(user).access_token)
    assert renew(access).status_code == 401


def test_refresh_token_without_a_session_is_refused(user: User) -> None:
    assert renew(str(RefreshToken.for_user(user))).json() == REFRESH_REFUSED


def test_refresh_token_of_an_inactive_or_deleted_user_is_refused(user: User, refresh: str) -> None:
    User.objects.update(is_active=False)
    assert renew(refresh).status_code == 401
    User.objects.all().delete()
    assert renew(refresh).status_code == 401


def test_refresh_token_expires_after_thirty_days(user: User) -> None:
    with time_machine.travel(datetime.now(UTC) - timedelta(days=30, minutes=1)):
        refresh = str(sessions.log_in(user))
    assert renew(refresh).status_code == 401


def status_with(access: str) -> int:
    frontend = Frontend()
    frontend.credentials(HTTP_AUTHORIZATION=f"Bearer {access}")
    return int(frontend.fetch("sales").status_code)


def test_access_token_ends_at_logout_and_other_logins_go_on(user: User) -> None:
    first, second = (login(user.email).json()["data"] for _ in range(2))
    assert [status_with(first["access"]), status_with(second["access"])] == [200, 200]

    logout(first["refresh"])

    assert [status_with(first["access"]), status_with(second["access"])] == [401, 200]


def test_access_token_ends_when_a_stolen_token_is_found(user: User, refresh: str) -> None:
    newest = renew(renew(refresh).json()["data"]["refresh"]).json()["data"]
    assert status_with(newest["access"]) == 200
    assert renew(refresh).json() == REFRESH_REFUSED
    assert status_with(newest["access"]) == 401


def test_access_token_ends_with_the_password(user: User) -> None:
    access = login(user.email).json()["data"]["access"]
    user.set_password("outra senha boa")
    user.save()
    assert status_with(access) == 401


def test_guesses_from_many_addresses_are_slowed_by_account(user: User) -> None:
    statuses = [login(user.email.upper(), "errada").status_code for _ in range(7)]
    assert statuses == [*[401] * 5, 429, 429]

    refused = login(user.email)
    seconds = int(refused.headers["Retry-After"])
    assert 1 < seconds <= 60
    assert status_and_body(refused) == (
        429,
        error(
            "RATE_LIMITED",
            f"Muitas tentativas de entrar nesta conta. Aguarde {seconds} segundos e tente "
            "novamente, ou redefina a senha.",
        ),
    )
    User.objects.create_user("outra@exemplo.com.br", PASSWORD)
    assert login("outra@exemplo.com.br").status_code == 200


def test_owner_logs_in_from_a_known_address_while_a_stranger_guesses(user: User) -> None:
    own = Frontend()
    assert login(user.email, frontend=own).status_code == 200
    for _ in range(6):
        login(user.email, "errada")
    assert login(user.email).status_code == 429
    assert login(user.email, frontend=own).status_code == 200


def test_successful_login_forgets_failed_ones(user: User) -> None:
    for _ in range(3):
        assert [login(user.email, "errada").status_code for _ in range(2)] == [401, 401]
        assert login(user.email).status_code == 200


def test_unknown_account_is_slowed_like_a_known_one() -> None:
    statuses = [login("ninguem@exemplo.com.br").status_code for _ in range(6)]
    assert statuses == [*[401] * 5, 429]
