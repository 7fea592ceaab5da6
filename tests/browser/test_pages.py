"""Every page works in a browser that enforces what our headers say, and for everybody."""

import os
from pathlib import Path

import pytest
from django.contrib import admin
from django.db.models import Model
from django.urls import reverse
from playwright.sync_api import Page, expect

from clients.models import Client
from integrations.models import StatusMapping, SyncRun
from sales.models import AffiliationRequest
from tests.browser.scene import BUYERS, CAUSE, ORDER, WORD, Scene
from tests.browser.watching import HEIGHT, WIDE, Complaints, barriers, too_wide
from tests.integrations.admin.rows import make_rows

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

DOCS = Path(__file__).parents[2] / "docs"
HEIGHTS = {"overview": 2040}
LONG_EMAIL = "um.nome.que.nao.acaba.nem.mesmo.no.fim.de.uma.linha.de.celular@exemplo.com.br"


def test_pages_work_for_everybody(page: Page, complaints: Complaints, scene: Scene) -> None:
    """All kinds of them open without a complaint; the main ones have no barrier either.

    With SCREENSHOTS set, the documentation's pictures are taken instead (`make screenshots`).
    """
    found: list[str] = []
    for name, address in main_pages(scene).items():
        page.goto(address, wait_until="networkidle")
        if "SCREENSHOTS" not in os.environ:
            found += barriers(page)
        elif f"{name}.jpg" in (DOCS / "back-office.md").read_text():
            page.set_viewport_size({"width": WIDE, "height": HEIGHTS.get(name, HEIGHT)})
            page.screenshot(path=DOCS / "images" / f"{name}.jpg", quality=62)
    make_rows(1)
    Client.objects.update(email=LONG_EMAIL)
    AffiliationRequest.objects.update(affiliate_email=LONG_EMAIL)
    for model in admin.site._registry:
        row = model._default_manager.first()
        if row is not None:
            page.goto(page_of(row))
            found += too_wide(page)
    assert complaints == []
    assert found == []


def main_pages(scene: Scene) -> dict[str, str]:
    """Their addresses, by the names of their pictures."""
    sale = scene.seller.sale(ORDER)
    return {
        "overview": "/admin/",
        "search": f"/admin/busca?q={BUYERS[1].split()[0]}",
        "event": page_of(scene.event),
        "quarantine": "/admin/quarentena",
        "quarantine-group": f"/admin/quarentena/grupo?causa={CAUSE}",
        "integrations": reverse("admin:integrations_integration_changelist"),
        "integration": page_of(scene.integration),
        "diagnosis": reverse(
            "admin:integrations_integration_diagnosis", args=[scene.integration.id]
        ),
        "runs": reverse("admin:integrations_syncrun_changelist"),
        "run": page_of(SyncRun.objects.latest("id")),
        "sales": reverse("admin:sales_sale_changelist"),
        "sale": page_of(sale),
        "client": page_of(sale.client),
        "word": reverse(
            "backoffice:status_mapping", args=[StatusMapping.objects.get(word=WORD).id]
        ),
    }


def page_of(row: Model | None) -> str:
    assert row is not None
    name = f"admin:{row._meta.app_label}_{row._meta.model_name}_change"
    return reverse(name, args=[row.pk])


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
