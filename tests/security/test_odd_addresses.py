"""Addresses of the admin that nobody is led to: none is a fault of ours."""

import re
from collections.abc import Iterator

import pytest
from django.test import Client as Browser
from django.urls import URLPattern, URLResolver, get_resolver

from flowzz.accounts.models import User

pytestmark = pytest.mark.django_db

PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")


def admin_routes() -> list[str]:
    """All routes of the admin that take an id, found by looking."""
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
def browser() -> Browser:
    browser = Browser()
    browser.force_login(User.objects.create_superuser("equipe@flowzz.test"))
    browser.raise_request_exception = False
    return browser


@pytest.mark.parametrize("id_", ["123", "nenhum", "00000000-0000-7000-8000-000000000000", "%00"])
def test_id_that_is_none_is_no_fault(browser: Browser, id_: str) -> None:
    routes = admin_routes()
    assert len(routes) > 50
    answers = {
        route: browser.generic(method, f"/{PARAMETER.sub(id_, route)}").status_code
        for route in routes
        for method in ("GET", "POST")
    }
    assert {route: status for route, status in answers.items() if status >= 500} == {}
