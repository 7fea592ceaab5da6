"""Lists in a browser: filters, rows that open, the menu and the way past it by keyboard."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import Page, ViewportSize, expect

from flowzz.backoffice.display import change_url
from tests.browser.page_checks import BrowserErrors
from tests.browser.sample_data import ORDER, SampleData

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)
LIST = "/admin/sales/sale/"
LAPTOP: ViewportSize = {"width": 1366, "height": 768}


def test_staff_find_sales_by_filters_and_open_one(
    page: Page, browser_errors: BrowserErrors, sample_data: SampleData
) -> None:
    filter_by_several_values(page)
    save_the_view(page)
    open_a_row(page, sample_data)
    pass_the_menu(page)
    assert browser_errors == []


def filter_by_several_values(page: Page) -> None:
    page.goto(LIST)
    page.get_by_role("button", name="Filtros").click()
    drawer = page.locator("#filter-form")
    drawer.get_by_label("Pago", exact=True).check()
    drawer.get_by_label("Pendente", exact=True).check()
    drawer.get_by_role("button", name="Aplicar filtros").click()
    page.wait_for_url(f"**{LIST}?status__exact=PENDING&status__exact=PAID**")
    assert "usuario=" not in page.url
    chips = page.get_by_role("list", name="Filtros ativos")
    chips.get_by_role("link", name="Remover o filtro status: Pendente").click()
    page.wait_for_url(f"**{LIST}?status__exact=PAID")
    expect(chips.get_by_role("link")).to_have_count(2)


def save_the_view(page: Page) -> None:
    page.get_by_text("Salvar visão").click()
    page.get_by_label("Nome da visão").fill("Pagas")
    page.get_by_role("button", name="Salvar", exact=True).click()
    page.goto(LIST)
    page.get_by_role("navigation", name="Visões salvas").get_by_role("link", name="Pagas").click()
    page.wait_for_url(f"**{LIST}?status__exact=PAID")


def open_a_row(page: Page, sample_data: SampleData) -> None:
    page.goto(f"{LIST}?q={ORDER}")
    page.locator("#result_list tbody tr td").last.click()
    page.wait_for_url(f"**{LIST}{sample_data.seller.sale(ORDER).id}/change/**")


@pytest.mark.parametrize(
    ("kind", "bar", "used", "other"),
    [
        ("integration", "#integration-actions", "Pausar", "Desconectar"),
        ("sale", ".bo-moved-actions", "Unir", "Definir status"),
        ("user", ".bo-moved-actions", "Excluir com todos os dados", "Anotar"),
    ],
)
def test_last_used_action_comes_first_on_a_phone(
    page: Page,
    browser_errors: BrowserErrors,
    sample_data: SampleData,
    kind: str,
    bar: str,
    used: str,
    other: str,
) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    rows = {
        "integration": sample_data.integration,
        "sale": sample_data.seller.sale(ORDER),
        "user": sample_data.integration.user,
    }
    row = rows[kind]
    page.goto(change_url(row))
    actions = page.locator(bar)
    actions.get_by_text(re.compile("^(Mais a|A)ções$")).click()
    actions.get_by_role("link", name=used).click()
    page.goto(change_url(row))
    expect(actions.get_by_role("link").first).to_have_text(re.compile(used))
    expect(actions.get_by_role("link", name=other)).to_be_hidden()
    actions.get_by_text("Mais ações").click()
    expect(actions.get_by_role("link", name=other)).to_be_visible()
    assert browser_errors == []


def pass_the_menu(page: Page) -> None:
    page.set_viewport_size(LAPTOP)
    page.goto(reverse("backoffice:quarantine"))
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Pular para o conteúdo")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('#content') !== null")
    assert page.evaluate(
        "(menu => menu.scrollHeight <= menu.clientHeight)"
        "(document.querySelector('#nav-sidebar-apps .simplebar-content-wrapper'))"
    )
