"""JWT authentication by our tokens and by foreign ones."""

import math
import time
from base64 import urlsafe_b64encode
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings as configured
from joserfc import jwt
from joserfc.jwk import OctKey
from pytest_django.fixtures import Settings
from rest_framework_simplejwt.state import token_backend

from flowzz.accounts import sessions
from flowzz.accounts.models import User
from flowzz.accounts.tokens import RefreshToken
from tests.api_client import Frontend, error
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
NOW = int(time.time())
KEY = str(configured.SIMPLE_JWT["SIGNING_KEY"])


def request_with(token: str, scheme: str = "Bearer ") -> Any:
    frontend = Frontend()
    frontend.credentials(HTTP_AUTHORIZATION=f"{scheme}{token}")
    return frontend.fetch("sales")


def foreign(user_id: object, key: str = KEY, header: Any = None, **claims: Any) -> str:
    """Return a token signed by another library, with user and expiry as its only claims."""
    payload = {"userId": user_id, "exp": NOW + 3_600} | claims
    header = {"alg": "HS256"} | (header or {})
    return jwt.encode(header, payload, OctKey.import_key(key), algorithms=["HS256", "HS512"])


def unsigned(token: str) -> str:
    """Return the token's claims with `alg: none` and no signature."""
    header = urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
    return f"{header}.{token.split('.')[1]}."


@pytest.fixture
def user() -> User:
    return UserFactory.create()


@pytest.fixture
def _shared_key(settings: Settings) -> None:
    settings.JWT_SIGNING_KEY = KEY


def test_request_without_a_token_is_unauthorized() -> None:
    response = Frontend().fetch("sales")
    assert response.status_code == 401
    assert response.json() == error(
        "UNAUTHORIZED", "Token de acesso ausente, inválido ou expirado."
    )
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="api"'


@pytest.mark.parametrize("token", ["", "nada", "a b", "a.b.c", "é"])
def test_malformed_token_is_unauthorized(token: str) -> None:
    assert request_with(token).status_code == 401


@pytest.mark.parametrize("scheme", ["bearer ", "BEARER ", "bEARER  ", " Bearer\t"])
def test_scheme_is_case_insensitive(user: User, scheme: str) -> None:
    token = str(sessions.log_in(user).access_token)
    assert request_with(token, scheme).status_code == 200


@pytest.mark.parametrize("scheme", ["", "Basic ", "Bearer", "Bearer Bearer "])
def test_token_after_another_scheme_is_unauthorized(user: User, scheme: str) -> None:
    token = str(sessions.log_in(user).access_token)
    assert request_with(token, scheme).status_code == 401


def test_refresh_token_is_refused_as_access_token(user: User) -> None:
    assert request_with(str(RefreshToken.for_user(user))).status_code == 401


def test_token_of_an_inactive_user_is_refused(user: User) -> None:
    token = str(sessions.log_in(user).access_token)
    User.objects.update(is_active=False)
    assert request_with(token).status_code == 401


def test_own_token_without_its_login_is_refused(user: User, settings: Settings) -> None:
    without_login = str(RefreshToken.for_user(user).access_token)
    assert request_with(without_login).status_code == 401
    settings.JWT_SIGNING_KEY = KEY
    access = sessions.log_in(user).access_token
    session_ids: list[Any] = [str(UUID(int=7)), "", 7, None, [], str(user.id)]
    for session_id in session_ids:
        access["sid"] = session_id
        assert request_with(str(access)).status_code == 401


def test_token_of_another_users_login_is_refused(user: User) -> None:
    access = sessions.log_in(UserFactory.create()).access_token
    access["userId"] = str(user.id)
    assert request_with(str(access)).status_code == 401


def test_foreign_token_is_refused_unless_its_key_is_configured(user: User) -> None:
    assert request_with(foreign(str(user.id))).status_code == 401


@pytest.mark.usefixtures("_shared_key")
def test_foreign_token_is_accepted_if_its_key_is_configured(user: User) -> None:
    assert request_with(foreign(str(user.id))).status_code == 200


@pytest.mark.usefixtures("_shared_key")
@pytest.mark.parametrize(
    "claims",
    [
        {"exp": 1_700_000_000},
        {"nbf": NOW + 3_600},
        {"token_type": "refresh"},
        {"token_type": "access"},
        {"type": "refresh"},
        {"typ": "Refresh"},
        {"tokenType": "REFRESH_TOKEN"},
        {"token_use": "id"},
        {"purpose": "password-reset"},
        {"type": ["access"]},
        {"header": {"typ": "rt+jwt"}},
        {"tokenVersion": 0},
        {"exp": NOW + 90_000},
        {"iat": NOW - 90_000},
    ],
    ids=",".join,  # without the time, which differs between the processes of pytest-xdist
)
def test_foreign_token_with_an_invalid_claim_is_refused(
    settings: Settings, user: User, claims: dict[str, Any]
) -> None:
    settings.JWT_REFRESH_CLAIMS = ["tokenVersion"]
    assert request_with(foreign(str(user.id), **claims)).status_code == 401


@pytest.mark.usefixtures("_shared_key")
@pytest.mark.parametrize("claim", ["exp", "iat", "nbf"])
@pytest.mark.parametrize(
    "value",
    [10**12, 10**18, 10**400, -1e300, -(10**18), math.nan, math.inf, "", "1", True, None, [], {}],
    ids=str,
)
def test_time_claim_that_is_no_time_is_refused(user: User, claim: str, value: object) -> None:
    # By the product's own library: joserfc refuses to encode some of the values.
    claims = {"userId": str(user.id), "jti": "a", "sid": "a", "exp": NOW + 3_600, claim: value}
    access, foreign_access, refresh = (
        token_backend.encode(claims | token_type)
        for token_type in ({"token_type": "access"}, {}, {"token_type": "refresh"})
    )
    assert request_with(access).status_code == 401
    assert request_with(foreign_access).status_code == 401
    for call in ("auth/token/refresh", "auth/logout"):
        assert Frontend().send(call, {"refresh": refresh}).status_code == 401


@pytest.mark.usefixtures("_shared_key")
@pytest.mark.parametrize("claim", ["iat", "nbf"])
@pytest.mark.parametrize(("seconds", "status"), [(2, 200), (25, 200), (3_600, 401)])
def test_clocks_may_differ_by_thirty_seconds(
    user: User, claim: str, seconds: int, status: int
) -> None:
    times: Any = {claim: int(time.time()) + seconds, "exp": int(time.time()) + 3_600}
    assert request_with(foreign(str(user.id), **times)).status_code == status
    expired: Any = {"exp": int(time.time()) - seconds}
    assert request_with(foreign(str(user.id), **expired)).status_code == status


@pytest.mark.usefixtures("_shared_key")
@pytest.mark.parametrize(
    "claims",
    [
        {"exp": NOW + 3_600.5, "iat": NOW - 0.5},
        {"type": "access"},
        {"typ": "Bearer"},
        {"header": {"typ": "at+jwt"}},
        {"header": {"typ": "JWT"}, "iat": NOW - 60, "email": "vendedora@exemplo.com.br"},
        {"exp": NOW + 86_000},
    ],
    ids=",".join,  # without the time, which differs between the processes of pytest-xdist
)
def test_foreign_access_token_is_accepted_in_all_usual_forms(
    user: User, claims: dict[str, Any]
) -> None:
    assert request_with(foreign(str(user.id), **claims)).status_code == 200


@pytest.mark.usefixtures("_shared_key")
def test_foreign_refresh_token_is_refused(user: User) -> None:
    claims: Any = {"token_type": "refresh", "jti": "a" * 32, "exp": NOW + 600}
    for sid in (None, str(UUID(int=7)), 7):
        token = foreign(str(user.id), **claims, sid=sid)
        assert Frontend().send("auth/token/refresh", {"refresh": token}).status_code == 401


@pytest.mark.usefixtures("_shared_key")
def test_foreign_token_without_expiry_is_refused(user: User) -> None:
    token = jwt.encode({"alg": "HS256"}, {"userId": str(user.id)}, OctKey.import_key(KEY))
    assert request_with(token).status_code == 401


@pytest.mark.usefixtures("_shared_key")
def test_foreign_token_of_another_key_or_algorithm_is_refused(user: User) -> None:
    assert request_with(foreign(str(user.id), key=f"not {KEY}")).status_code == 401
    assert request_with(unsigned(foreign(str(user.id)))).status_code == 401
    assert request_with(foreign(str(user.id), header={"alg": "HS512"})).status_code == 401


@pytest.mark.usefixtures("_shared_key")
@pytest.mark.parametrize("user_id", ["abc", 7, 2**200, None, [], {}, str(UUID(int=7)), "\x00"])
def test_foreign_token_for_an_unknown_user_is_refused(user_id: object) -> None:
    assert request_with(foreign(user_id)).status_code == 401


@pytest.mark.usefixtures("_shared_key")
def test_foreign_token_with_a_lone_surrogate_is_refused() -> None:
    # By the product's own library: joserfc refuses to encode it.
    token = token_backend.encode({"userId": "\ud800", "exp": NOW + 3_600})
    assert request_with(token).status_code == 401
