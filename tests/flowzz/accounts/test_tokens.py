"""Which tokens speak for whom."""

import time
from typing import Any
from uuid import UUID

import jwt
import pytest
from django.conf import settings as configured
from pytest_django.fixtures import Settings

from flowzz.accounts.models import User
from flowzz.accounts.tokens import RefreshToken
from tests.api_client import Frontend, error
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
KEY = configured.SIMPLE_JWT["SIGNING_KEY"]


def bearer(token: str) -> Any:
    frontend = Frontend()
    frontend.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return frontend.fetch("sales")


def foreign(user_id: object, key: str = KEY, algorithm: str = "HS256", **claims: Any) -> str:
    """A token as a Flowzz service that knows only user and expiry signs it."""
    payload = {"userId": user_id, "exp": int(time.time()) + 60} | claims
    return jwt.encode(payload, key, algorithm)


@pytest.fixture
def user() -> User:
    return UserFactory.create()


@pytest.fixture
def _shared_key(settings: Settings) -> None:
    settings.JWT_SIGNING_KEY = KEY


def test_no_token_is_unauthorized() -> None:
    response = Frontend().fetch("sales")
    assert response.status_code == 401
    assert response.json() == error(
        "UNAUTHORIZED", "Token de acesso ausente, inválido ou expirado."
    )
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="api"'


@pytest.mark.parametrize("token", ["", "nada", "a b", "a.b.c", "é"])
def test_what_is_no_token_is_unauthorized(token: str) -> None:
    assert bearer(token).status_code == 401


def test_refresh_token_is_no_access_token(user: User) -> None:
    assert bearer(str(RefreshToken.for_user(user))).status_code == 401


def test_token_of_an_inactive_user_is_refused(user: User) -> None:
    token = str(RefreshToken.for_user(user).access_token)
    User.objects.update(is_active=False)
    assert bearer(token).status_code == 401


def test_foreign_token_is_refused_unless_its_key_is_configured(user: User) -> None:
    assert bearer(foreign(str(user.id))).status_code == 401


@pytest.mark.usefixtures("_shared_key")
def test_foreign_token_is_accepted_where_its_key_is_configured(user: User) -> None:
    assert bearer(foreign(str(user.id))).status_code == 200


@pytest.mark.usefixtures("_shared_key")
@pytest.mark.parametrize(
    "claims",
    [{"exp": 1_700_000_000}, {"token_type": "refresh"}, {"token_type": "access"}],
    ids=["expired", "a refresh token", "typed, but without an id"],
)
def test_foreign_token_is_refused_where_something_is_wrong(
    user: User, claims: dict[str, Any]
) -> None:
    assert bearer(foreign(str(user.id), **claims)).status_code == 401


@pytest.mark.usefixtures("_shared_key")
def test_foreign_token_without_an_end_is_refused(user: User) -> None:
    assert bearer(jwt.encode({"userId": str(user.id)}, KEY, "HS256")).status_code == 401


@pytest.mark.usefixtures("_shared_key")
def test_foreign_token_of_another_key_or_algorithm_is_refused(user: User) -> None:
    assert bearer(foreign(str(user.id), key=f"not {KEY}")).status_code == 401
    assert bearer(foreign(str(user.id), key="", algorithm="none")).status_code == 401
    assert bearer(foreign(str(user.id), key=KEY * 2, algorithm="HS512")).status_code == 401


@pytest.mark.usefixtures("_shared_key")
@pytest.mark.parametrize(
    "user_id", ["abc", 7, 2**200, None, [], {}, str(UUID(int=7)), "\x00", "\ud800"]
)
def test_foreign_token_for_nobody_is_refused(user_id: object) -> None:
    assert bearer(foreign(user_id)).status_code == 401
