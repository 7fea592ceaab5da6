"""A new seller, from the form of staff to the seller's own password, in a browser."""

import re

import pytest
from django.core import mail
from playwright.sync_api import Page, expect
from pytest_django.fixtures import Settings

from flowzz.accounts import tasks
from flowzz.accounts.models import User
from integrations.models import Integration
from sandbox.server import Sandbox
from tests.browser.page_checks import BrowserErrors, accessibility_errors

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)
EMAIL = "nova.vendedora@exemplo.com.br"
PASSWORD = "senha inventada da vendedora"
NOTE = "Prefere falar pela manhã."


def test_staff_create_a_seller_connect_and_take_a_note(
    page: Page, browser_errors: BrowserErrors, settings: Settings
) -> None:
    with Sandbox(sales=1, retry_delays=[]) as sandbox:
        settings.COINZZ_API_URL = sandbox.api_url
        errors = create(page, sandbox.api_key())
    errors += take_a_note(page)
    choose_the_password(page)
    assert browser_errors == []
    assert errors == []


def create(page: Page, key: str) -> list[str]:
    """Start at the first step that is open on the first page."""
    page.goto("/admin/")
    steps = page.get_by_role("region", name="Primeiros passos")
    errors = accessibility_errors(page)
    steps.get_by_role("link", name="Criar vendedor(a)").click()
    page.locator("#id_name").fill("Marina Prado")
    page.locator("#id_email").fill(EMAIL)
    page.get_by_label("API e webhooks").check()
    page.locator("#id_api_key").fill(key)
    errors += accessibility_errors(page)
    page.get_by_role("button", name="Criar e convidar").click()
    expect(page.get_by_text(f"Convite enviado a {EMAIL}.")).to_be_visible()
    integration = Integration.objects.get()
    assert (integration.user.email, integration.is_connected) == (EMAIL, True)
    return errors


def take_a_note(page: Page) -> list[str]:
    page.get_by_role("link", name="Anotar").click()
    page.locator("#id_reason").fill(NOTE)
    page.get_by_role("button", name="Guardar a nota").click()
    notes = page.get_by_role("region", name="Notas da equipe")
    expect(notes).to_contain_text("equipe@flowzz.test")
    expect(notes).to_contain_text(NOTE)
    page.get_by_role("button", name="Mais ações").click()
    expect(page.get_by_role("link", name="Excluir com todos os dados")).to_be_visible()
    return accessibility_errors(page)


def choose_the_password(page: Page) -> None:
    user = User.objects.get(email=EMAIL)
    tasks.mail_password_reset(str(user.id))
    [path] = re.findall(r"(/admin/senha/\S+)", str(mail.outbox[-1].body))
    page.context.clear_cookies()
    page.goto(path)
    page.locator("#id_new_password1").fill(PASSWORD)
    page.locator("#id_new_password2").fill(PASSWORD)
    page.get_by_role("button", name="Salvar a senha").click()
    expect(page.get_by_role("link", name="Abrir o Flowzz")).to_be_visible()
    user.refresh_from_db()
    assert user.check_password(PASSWORD)
