"""The API login of browsers: the refresh token in a cookie, no request by pages of others."""

from typing import Any

import pytest
from django.conf import settings as configured
from pytest_django.fixtures import Settings

from flowzz.accounts.models import LoginSession, User
from tests.api_client import Frontend, error, status_and_body

pytestmark = pytest.mark.django_db
PASSWORD = "uma senha de teste"
ORIGIN = "https://app.flowzz.test"
LOGIN = {"email": "vendedora@exemplo.com.br", "password": PASSWORD}


@pytest.fixture
def browser(settings: Settings) -> Frontend:
    settings.CORS_ALLOWED_ORIGINS = [ORIGIN]
    settings.SESSION_COOKIE_SECURE = True
    User.objects.create_user(LOGIN["email"], PASSWORD)
    return Frontend()


def send(browser: Frontend, path: str = "", body: Any = None, origin: str | None = ORIGIN) -> Any:
    headers = {"Origin": origin} if origin else {}
    return browser.post(f"/api/v1/auth/session{path}", body, format="json", headers=headers)


def test_refresh_token_is_in_a_cookie_that_no_script_reads(browser: Frontend) -> None:
    response = send(browser, "", LOGIN)

    assert list(response.json()["data"]) == ["access"]
    cookie = response.cookies["flowzz_refresh"]
    attributes = {name: cookie[name] for name in ("path", "secure", "httponly", "samesite")}
    assert attributes == {
        "path": "/api/v1/auth/session",
        "secure": True,
        "httponly": True,
        "samesite": "Strict",
    }
    assert cookie["max-age"] == 30 * 24 * 3_600
    assert response.headers["Access-Control-Allow-Credentials"] == "true"
    browser.credentials(HTTP_AUTHORIZATION=f"Bearer {response.json()['data']['access']}")
    assert browser.fetch("sales").status_code == 200


def test_cookie_renews_and_ends_the_login(browser: Frontend) -> None:
    first = send(browser, "", LOGIN).cookies["flowzz_refresh"].value

    renewed = send(browser, "/refresh")
    assert renewed.status_code == 200
    assert renewed.cookies["flowzz_refresh"].value != first

    ended = send(browser, "/logout")
    assert status_and_body(ended) == (
        200,
        {"success": True, "data": {"ended": True}, "message": "Acesso encerrado"},
    )
    assert ended.cookies["flowzz_refresh"].value == ""
    assert not LoginSession.objects.exists()
    assert send(browser, "/refresh").status_code == 401


@pytest.mark.parametrize("origin", [None, "null", "https://mal.exemplo", f"{ORIGIN}.mal.exemplo"])
@pytest.mark.parametrize("path", ["", "/refresh", "/logout"])
def test_page_of_another_site_is_refused(browser: Frontend, path: str, origin: str | None) -> None:
    assert send(browser, "", LOGIN).status_code == 200

    response = send(browser, path, LOGIN if not path else None, origin=origin)

    assert status_and_body(response) == (
        403,
        error("FORBIDDEN", "Esta página não pode usar o acesso guardado no navegador."),
    )
    assert "flowzz_refresh" not in response.cookies
    assert send(browser, "/refresh").status_code == 200


def test_our_own_pages_may_call(browser: Frontend) -> None:
    assert send(browser, "", LOGIN, origin=configured.PUBLIC_BASE_URL).status_code == 200


def test_cookie_opens_no_other_call(browser: Frontend) -> None:
    send(browser, "", LOGIN)
    browser.cookies["flowzz_refresh"]["path"] = "/"
    assert browser.fetch("sales").status_code == 401
    assert browser.send("auth/token/refresh").status_code == 400


def test_without_a_cookie_nothing_is_renewed(browser: Frontend) -> None:
    assert [send(browser, path).status_code for path in ("/refresh", "/logout")] == [401, 401]
