"""Every page works in a browser that enforces what our headers say, and for everybody."""

from collections.abc import Collection

import pytest
from django.apps import apps
from django.contrib import admin
from django.urls import reverse
from playwright.sync_api import Page, expect

from integrations import activity
from tests.browser.watching import Complaints, barriers
from tests.integrations.admin.rows import make_rows

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

MAIN = {
    "clients.client",
    "integrations.integration",
    "integrations.syncrun",
    "integrations.unknownstatus",
    "integrations.webhookevent",
    "sales.sale",
}

OWN = ("/admin/", "/admin/busca?q=ord", "/admin/quarentena")


def test_pages_work_for_everybody(page: Page, complaints: Complaints) -> None:
    """All kinds of them open without a complaint; the main ones have no barrier either."""
    make_rows(2)
    activity.measure()
    found: list[str] = []
    for address in (*OWN, *addresses_of(MAIN)):
        page.goto(address)
        found += barriers(page)
    others = {model._meta.label_lower for model in admin.site._registry} - MAIN
    for address in addresses_of(others):
        page.goto(address)
    assert complaints == []
    assert found == []


def addresses_of(labels: Collection[str]) -> list[str]:
    """The page of a row of each, and the lists of the main ones."""
    found = []
    for model in map(apps.get_model, sorted(labels)):
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        if model._meta.label_lower in MAIN:
            found.append(reverse(f"{name}_changelist"))
        row = model._default_manager.first()
        if row is not None:
            found.append(reverse(f"{name}_change", args=[row.pk]))
    return found


def test_pages_outside_of_the_admin_work(visitor: Page, complaints: Complaints) -> None:
    visitor.goto("/admin/login/")
    expect(visitor.locator("#id_password")).to_be_visible()
    found = barriers(visitor)
    visitor.goto("/api/docs")
    expect(visitor.get_by_text("Obter tokens com e-mail e senha")).to_be_visible()
    assert complaints == []
    assert found == []


def test_a_script_in_a_page_is_refused(visitor: Page, complaints: Complaints) -> None:
    """Or else the silence above would prove nothing."""
    visitor.goto("/admin/login/")
    visitor.evaluate(
        "() => { const s = document.createElement('script');"
        " s.textContent = 'window.ran = true'; document.body.append(s) }"
    )
    assert visitor.evaluate("window.ran") is None
    assert len(complaints) == 1
    assert "Content Security Policy" in complaints[0]
