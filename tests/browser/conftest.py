"""A real Chromium with a staff member logged in."""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from flowzz.accounts.models import User
from flowzz.core import redis
from sandbox.server import Sandbox
from tests.browser.page_checks import BrowserErrors
from tests.browser.sample_data import SampleData

EXECUTABLES = ("chromium", "chromium-browser", "google-chrome")
DESKTOP: ViewportSize = {"width": 1280, "height": 900}
TIMEOUT = 20_000
"""In milliseconds; slow pages take less."""
PASSWORD = "uma senha inventada para os testes"


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    path = next(filter(None, map(shutil.which, EXECUTABLES)), None)
    if path is None:
        pytest.skip(f"Chromium not found (tried {', '.join(EXECUTABLES)})")
    # Playwright runs an event loop in this thread; Django refuses queries there by default.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def visitor(chromium: Browser, live_server: LiveServer, settings: Settings) -> Iterator[Page]:
    """A page without a login; URLs are relative to the live server."""
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = False
    with chromium.new_context(
        base_url=live_server.url, locale="pt-BR", viewport=DESKTOP
    ) as context:
        context.set_default_timeout(TIMEOUT)
        expect.set_options(timeout=TIMEOUT)
        yield context.new_page()


@pytest.fixture
def browser_errors(visitor: Page) -> BrowserErrors:
    return BrowserErrors(visitor)


@pytest.fixture
def page(visitor: Page, browser_errors: BrowserErrors) -> Page:
    """A page with a superuser logged in through the form."""
    User.objects.create_superuser("equipe@flowzz.test", PASSWORD, name="Equipe")
    visitor.goto("/admin/login/")
    visitor.fill("#id_username", "equipe@flowzz.test")
    visitor.fill("#id_password", PASSWORD)
    visitor.press("#id_password", "Enter")
    visitor.wait_for_url("**/admin/")
    return visitor


@pytest.fixture
def sample_data(page: Page, settings: Settings) -> Iterator[SampleData]:
    """Sample data, created after `page` has prepared the database."""
    redis.client().flushdb()
    with Sandbox(sales=12, retry_delays=[]) as sandbox:
        settings.COINZZ_API_URL = sandbox.api_url
        yield SampleData(sandbox)
