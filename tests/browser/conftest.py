"""A real Chromium, and staff logged in to it."""

import os
import shutil
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.test import Client as Session
from playwright.sync_api import Browser, Page, sync_playwright
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from flowzz.accounts.models import User

NAMES = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.skip(f"no Chromium here (looked for {', '.join(NAMES)})")
    # Playwright keeps an event loop in this thread, where Django would refuse its database.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def page(chromium: Browser, live_server: LiveServer, settings: Settings) -> Iterator[Page]:
    """A page of a superuser's browser; addresses begin at the server's."""
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = False
    with chromium.new_context(base_url=live_server.url, locale="pt-BR") as context:
        context.add_cookies([_session(live_server.url)])  # type: ignore[list-item]
        page = context.new_page()
        page.set_default_timeout(20_000)
        yield page


def _session(url: str) -> dict[str, str]:
    session = Session()
    session.force_login(User.objects.create_superuser("equipe@flowzz.test", name="Equipe"))
    name = settings.SESSION_COOKIE_NAME
    return {"name": name, "value": session.cookies[name].value, "url": url}
