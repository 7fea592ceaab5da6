"""Large files are received from people who are logged in, at the API and the back-office."""

from typing import Any

import pytest
from django.test import Client, RequestFactory

from flowzz.accounts import sessions
from flowzz.accounts.api_keys import keys
from flowzz.accounts.models import ApiKey, KeyScope, User
from integrations.imports.upload_access import may_be_large

pytestmark = pytest.mark.django_db
API, ADMIN = "/api/v1/sales/import", "/admin/integrations/salesimport/enviar/"


def environ(path: str, **headers: str) -> dict[str, Any]:
    return RequestFactory().post(path, **headers).environ  # type: ignore[arg-type]  # headers


def test_strangers_may_not_send_a_large_file() -> None:
    assert not may_be_large(environ(API))
    assert not may_be_large(environ(API, HTTP_AUTHORIZATION="Bearer x"))
    assert not may_be_large(environ(ADMIN))
    assert may_be_large(environ("/api/v1/sales"))


def test_logged_in_people_may() -> None:
    user = User.objects.create_superuser("equipe@flowzz.test")
    token = sessions.log_in(user).access_token
    assert may_be_large(environ(API, HTTP_AUTHORIZATION=f"Bearer {token}"))
    key = keys.issue(ApiKey(user=user, name="Importação", scope=KeyScope.ALL))
    assert may_be_large(environ(API, HTTP_AUTHORIZATION=f"Bearer {key}"))
    assert not may_be_large(environ(API, HTTP_AUTHORIZATION=f"Bearer {key}x"))
    browser = Client()
    browser.force_login(user)
    cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in browser.cookies.items())
    assert may_be_large(environ(ADMIN, HTTP_COOKIE=cookies))
