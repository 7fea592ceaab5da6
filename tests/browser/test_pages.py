"""All pages work in a browser that enforces our security headers, and are accessible."""

import os
from pathlib import Path

import pytest
from django.contrib import admin
from django.urls import reverse
from playwright.sync_api import Page, expect

from clients.models import Client
from flowzz.backoffice.display import change_url
from integrations.models import StatusMapping, SyncRun
from sales.models import AffiliationRequest
from tests.browser.page_checks import (
    HEIGHT,
    WIDE,
    BrowserErrors,
    accessibility_errors,
    overflow_on_phone,
)
from tests.browser.sample_data import BUYERS, CAUSE, ORDER, UNKNOWN_WORD, SampleData
from tests.integrations.admin.rows import make_rows

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

DOCS = Path(__file__).parents[2] / "docs"
HEIGHTS = {"overview": 2040}
LONG_EMAIL = "um.nome.que.nao.acaba.nem.mesmo.no.fim.de.uma.linha.de.celular@exemplo.com.br"


def test_pages_have_no_errors_and_main_pages_are_accessible(
    page: Page, browser_errors: BrowserErrors, sample_data: SampleData
) -> None:
    """With SCREENSHOTS set, takes the documentation's pictures (`make screenshots`)."""
    errors: list[str] = []
    for name, url in main_pages(sample_data).items():
        page.goto(url, wait_until="networkidle")
        if "SCREENSHOTS" not in os.environ:
            errors += accessibility_errors(page)
        elif f"{name}.jpg" in (DOCS / "back-office.md").read_text():
            page.set_viewport_size({"width": WIDE, "height": HEIGHTS.get(name, HEIGHT)})
            page.screenshot(path=DOCS / "images" / f"{name}.jpg", quality=62)
    make_rows(1)
    Client.objects.update(email=LONG_EMAIL)
    AffiliationRequest.objects.update(affiliate_email=LONG_EMAIL)
    for model in admin.site._registry:
        row = model._default_manager.first()
        if row is not None:
            page.goto(change_url(row))
            errors += overflow_on_phone(page)
    assert browser_errors == []
    assert errors == []


def test_long_name_of_a_row_gives_way_to_the_title_of_the_page(
    page: Page, sample_data: SampleData
) -> None:
    Client.objects.update(name="Maria Aparecida Conceição de Albuquerque Cavalcanti e Silva " * 2)
    client = sample_data.seller.sale(ORDER).client
    assert client is not None
    page.goto(reverse("admin:clients_client_merge", args=[client.id]))
    is_cut = "part => part.scrollWidth > part.clientWidth"
    parts = page.locator("#header-inner h1 > .truncate").all()
    assert [part.evaluate(is_cut) for part in parts] == [False, True, False]


def main_pages(sample_data: SampleData) -> dict[str, str]:
    """Return the URLs of the main pages by the names of their pictures."""
    integration, sale = sample_data.integration, sample_data.seller.sale(ORDER)
    assert sale.client is not None
    return {
        "overview": "/admin/",
        "search": f"/admin/busca?q={BUYERS[1].split()[0]}",
        "event": change_url(sample_data.event),
        "quarantine": "/admin/quarentena",
        "quarantine-group": f"/admin/quarentena/grupo?causa={CAUSE}",
        "missing-order": f"{reverse('backoffice:missing_order')}?pedido=Pedido+%23{ORDER}",
        "refusals": reverse("admin:integrations_webhookrefusal_changelist"),
        "integrations": reverse("admin:integrations_integration_changelist"),
        "integration": change_url(integration),
        "diagnosis": reverse("admin:integrations_integration_diagnosis", args=[integration.id]),
        "runs": reverse("admin:integrations_syncrun_changelist"),
        "run": change_url(SyncRun.objects.latest("id")),
        "sales": reverse("admin:sales_sale_changelist"),
        "sale": change_url(sale),
        "client": change_url(sale.client),
        "word": reverse(
            "backoffice:status_mapping", args=[StatusMapping.objects.get(word=UNKNOWN_WORD).id]
        ),
    }


def test_login_and_api_documentation_have_no_errors(
    visitor: Page, browser_errors: BrowserErrors
) -> None:
    visitor.goto("/admin/login/")
    expect(visitor.locator("#id_password")).to_be_visible()
    errors = accessibility_errors(visitor)
    visitor.goto("/api/docs")
    expect(visitor.get_by_text("Obter tokens com e-mail e senha")).to_be_visible()
    assert browser_errors == []
    assert errors == []


def test_api_documentation_follows_the_theme(visitor: Page) -> None:
    used = []
    for theme in ("light", "dark"):
        visitor.emulate_media(color_scheme=theme)
        visitor.goto("/api/docs")
        expect(visitor.get_by_text("Obter tokens com e-mail e senha")).to_be_visible()
        used.append(visitor.evaluate("getComputedStyle(document.documentElement).colorScheme"))
    assert used == ["normal", "dark"]


def test_inline_script_is_blocked_and_reported(
    visitor: Page, browser_errors: BrowserErrors
) -> None:
    """Prove that the tests above would notice an error."""
    visitor.goto("/admin/login/")
    visitor.evaluate(
        "() => { const s = document.createElement('script');"
        " s.textContent = 'window.ran = true'; document.body.append(s) }"
    )
    assert visitor.evaluate("window.ran") is None
    assert len(browser_errors) == 1
    assert "Content Security Policy" in browser_errors[0]
