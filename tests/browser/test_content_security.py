"""The pages work in a browser that enforces what our headers say."""

import pytest
from django.contrib import admin
from django.urls import reverse
from playwright.sync_api import ConsoleMessage, Page, expect

from tests.integrations.admin.rows import make_rows

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


@pytest.fixture
def complaints(page: Page) -> list[str]:
    """What the browser says went wrong, refusals of the Content-Security-Policy among it."""
    said: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        is_icon = message.location["url"].endswith("/favicon.ico")  # browsers just ask for it
        if message.type in {"error", "warning"} and not is_icon:
            said.append(f"{page.url}: {message.text}")

    page.on("console", hear)
    page.on("pageerror", lambda error: said.append(f"{page.url}: {error}"))
    return said


def test_admin_works_and_nothing_is_refused(page: Page, complaints: list[str]) -> None:
    make_rows(1)
    page.goto("/admin/")
    expect(page.get_by_text("Vendas").first).to_be_visible()
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        page.goto(reverse(f"{name}_changelist"))
        row = model._default_manager.first()
        if row is not None:
            page.goto(reverse(f"{name}_change", args=[row.pk]))
    assert complaints == []


def test_admin_menu_is_alive(page: Page, complaints: list[str]) -> None:
    page.goto(reverse("admin:integrations_webhookevent_changelist"))
    filters = page.get_by_text("Filtros").first
    expect(filters).to_be_visible()
    assert page.evaluate("typeof Alpine") == "object"
    assert complaints == []


def test_login_page_works(page: Page, complaints: list[str]) -> None:
    page.context.clear_cookies()
    page.goto("/admin/login/")
    expect(page.locator("#id_password")).to_be_visible()
    assert complaints == []


def test_documentation_of_the_api_works(page: Page, complaints: list[str]) -> None:
    page.goto("/api/docs")
    expect(page.get_by_text("Obter tokens com e-mail e senha")).to_be_visible()
    assert complaints == []


def test_a_script_in_a_page_is_refused(page: Page, complaints: list[str]) -> None:
    """Or else the silence above would prove nothing."""
    page.goto("/admin/")
    page.evaluate(
        "() => { const s = document.createElement('script');"
        " s.textContent = 'window.ran = true'; document.body.append(s) }"
    )
    assert page.evaluate("window.ran") is None
    assert len(complaints) == 1
    assert "Content Security Policy" in complaints[0]
