"""Fixtures of the export tests."""

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client as Browser
from django.urls import reverse

from flowzz.accounts.models import User

SALES_EXPORT = reverse("admin:sales_sale_export")
CLIENTS_EXPORT = reverse("admin:clients_client_export")
PERMISSIONS = ("view_sale", "view_client", "view_export", "make_export")
Login = Callable[..., Browser]


@pytest.fixture
def login() -> Login:
    """Return a function that logs a member of staff in with the given permissions."""

    def log_in(*codenames: str, email: str = "equipe@flowzz.test") -> Browser:
        user, _ = User.objects.get_or_create(email=email, defaults={"is_staff": True})
        user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
        browser = Browser()
        browser.force_login(user)
        return browser

    return log_in


@pytest.fixture
def staff(login: Login) -> Browser:
    return login(*PERMISSIONS, "view_personal_data")


def post_export(
    browser: Browser, url: str = SALES_EXPORT, format_: str = "csv", **query: str
) -> Any:
    return browser.post(url, {"format": format_}, query_params=query)


def parse_csv(content: bytes) -> list[dict[str, str]]:
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig")), delimiter=";"))
