"""Logging in with a second factor, and an expired session, in a browser."""

import pytest
from django_otp.oath import totp
from playwright.sync_api import Page, expect

from flowzz.accounts import second_factor
from flowzz.accounts.models import StaffSession, User
from tests.browser.conftest import PASSWORD
from tests.browser.page_checks import BrowserErrors, accessibility_errors

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)
EMAIL = "equipe@flowzz.test"


def test_second_factor_is_set_up_and_asked_in_a_second_step(
    page: Page, browser_errors: BrowserErrors
) -> None:
    user = User.objects.get(email=EMAIL)
    page.goto("/admin/verificacao/")
    page.get_by_role("button", name="Ativar").click()
    device = second_factor.pending_device(user)
    assert device is not None
    expect(page.locator("#secret")).to_have_text(second_factor.secret_to_type(device))
    page.get_by_label("Código").fill(f"{totp(device.bin_key):06}")
    page.get_by_role("button", name="Confirmar").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Baixar os códigos").click()
    codes = download.value.path().read_text().split()
    assert len(codes) == second_factor.RECOVERY_CODES
    page.context.clear_cookies()
    page.goto("/admin/login/")
    expect(page.locator("#id_username")).to_be_focused()
    page.keyboard.type(EMAIL)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_label("Código de verificação")).to_be_focused()
    assert accessibility_errors(page) == []
    page.keyboard.type(codes[0])
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin/")
    assert browser_errors == []


def test_wrong_password_leaves_one_error_and_the_focus(
    visitor: Page, browser_errors: BrowserErrors
) -> None:
    User.objects.create_superuser(EMAIL, PASSWORD)
    visitor.goto("/admin/login/")
    expect(visitor.locator("#id_username")).to_be_focused()
    visitor.keyboard.type(EMAIL)
    visitor.keyboard.press("Tab")
    visitor.keyboard.type("errada")
    visitor.keyboard.press("Enter")
    expect(visitor.get_by_role("alert")).to_have_count(1)
    expect(visitor.locator("#id_password")).to_be_focused()
    expect(visitor.locator("#id_username")).to_have_value(EMAIL)
    assert browser_errors == []


def test_expired_session_is_named_over_the_page(page: Page, browser_errors: BrowserErrors) -> None:
    page.goto("/admin/?periodo=7d")
    StaffSession.objects.all().delete()
    note = page.get_by_role("alert").filter(has_text="Sua sessão expirou.")
    expect(note).to_be_visible()
    expect(page.locator("#overview")).to_be_visible()
    expect(page.locator("#login-form")).to_have_count(0)
    note.get_by_role("link", name="Entrar de novo").click()
    page.wait_for_url("**/admin/login/?next=*")
    assert browser_errors == []
