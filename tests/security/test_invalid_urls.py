"""Admin URLs with a malformed or unknown id do not cause a server error."""

import re
from collections.abc import Iterator

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from flowzz.accounts.models import User
from tests.staff import Staff, log_in

pytestmark = pytest.mark.django_db

PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")


def admin_routes() -> list[str]:
    """Return all routes of the admin with an id."""
    routes = {route for route in _routes(get_resolver().url_patterns) if "object_id" in route}
    return sorted(route for route in routes if route.startswith("admin/"))


def _routes(patterns: list[URLPattern | URLResolver], prefix: str = "") -> Iterator[str]:
    for entry in patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from _routes(entry.url_patterns, route)
        else:
            yield route


@pytest.fixture
def browser() -> Staff:
    browser = log_in(User.objects.create_superuser("equipe@flowzz.test"))
    browser.raise_request_exception = False
    return browser


@pytest.mark.parametrize("id_", ["123", "nenhum", "00000000-0000-7000-8000-000000000000", "%00"])
def test_invalid_id_is_not_a_server_error(browser: Staff, id_: str) -> None:
    routes = admin_routes()
    assert len(routes) > 50
    statuses = {
        route: browser.generic(method, f"/{PARAMETER.sub(id_, route)}").status_code
        for route in routes
        for method in ("GET", "POST")
    }
    assert {route: status for route, status in statuses.items() if status >= 500} == {}
