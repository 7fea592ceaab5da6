"""Nothing of one user is stored for another, and no secret and no person is stored at all."""

from typing import Any
from uuid import UUID

import pytest
from pytest_django.fixtures import Settings

from clients.models import Client
from flowzz.accounts.models import User
from integrations.models import Integration, SyncRun
from sales.models import Sale
from tests.api_client import Frontend
from tests.integrations.admin.rows import make_rows
from tests.security.api_paths import api_paths, fill_ids, takes_ids

pytestmark = pytest.mark.django_db

API = "/api/v1"
COINZZ = f"{API}/integrations/coinzz"
NEVER_STORED = {
    *(f"{API}/auth/{name}" for name in ("token", "token/refresh", "logout", "password")),
    *(f"{API}/auth/session{name}" for name in ("", "/refresh", "/logout")),
    *(f"{COINZZ}/{name}" for name in ("status", "connect", "disconnect", "webhook/rotate")),
    f"{API}/integrations",
}
PEOPLE: dict[str, Any] = {f"{API}/clients/<pk>": Client, f"{API}/sales/<pk>": Sale}


@pytest.fixture(autouse=True)
def _no_limits(settings: Settings) -> None:
    settings.RATE_LIMIT_API = settings.RATE_LIMIT_SYNC = settings.RATE_LIMIT_LOGIN = "100000/hour"
    settings.SYNC_WAIT_SECONDS = 0


@pytest.mark.parametrize("path", sorted(api_paths()))
def test_responses_are_stored_for_their_user_at_most(path: str) -> None:
    make_rows(1)
    owner = Frontend(Integration.objects.get().user)
    ids: set[UUID] = {Sale.objects.get().id, Client.objects.get().id, SyncRun.objects.get().id}
    for user in (owner, Frontend()):
        for url in fill_ids(path, ids):
            for method in ("GET", "POST"):
                response = user.generic(method, url, "{}", "application/json")
                stored = {part.strip() for part in response.headers["Cache-Control"].split(",")}
                assert stored & {"no-store", "private"}, f"{method} {url}"
                assert stored & {"no-store", "no-cache"}, f"{method} {url}"
                assert "Authorization" in response.headers["Vary"].split(", "), f"{method} {url}"
                if path in NEVER_STORED:
                    assert "no-store" in stored, f"{method} {url}"


@pytest.mark.parametrize("path", sorted(PEOPLE))
def test_single_people_are_never_stored(path: str) -> None:
    make_rows(1)
    owner = Frontend(Integration.objects.get().user)
    (url,) = fill_ids(path, {PEOPLE[path].objects.get().id})
    response = owner.get(url)
    assert response.status_code == 200
    assert "no-store" in response.headers["Cache-Control"]


def test_etags_differ_by_user_and_by_query() -> None:
    owner, other = (Frontend(User.objects.create_user(f"{name}@flowzz.test")) for name in "ab")
    tagged = 0
    for path in sorted(api_paths()):
        if takes_ids(path) or "ETag" not in owner.get(path).headers:
            continue
        tagged += 1
        tag = owner.get(path).headers["ETag"]
        assert other.get(path).headers["ETag"] != tag, path
        if path not in (f"{API}/integrations", f"{API}/sales/values"):  # which have no query
            queries = {"metrics": {"period": "7d"}, "totals": {"search": "ana"}}
            query = queries.get(path.rpartition("/")[2], {"limit": "5"})
            response = owner.get(path, query)
            assert (response.status_code, response.headers["ETag"] != tag) == (200, True), path
    assert tagged >= 5
