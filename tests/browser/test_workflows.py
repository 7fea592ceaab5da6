"""The tasks of staff in the back-office, step by step in a browser."""

import re
import time
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from flowzz.backoffice.display import change_url
from integrations.bulk_actions import bulk_jobs
from integrations.models import BulkAction, EventState, StatusMapping, SyncRun, WebhookEvent
from integrations.sync import runs
from integrations.webhooks import signing_secrets
from sales.models import Sale
from tests.browser.page_checks import BrowserErrors
from tests.browser.sample_data import CAUSE, ORDER, QUARANTINED, UNKNOWN_WORD, SampleData
from tests.factories import IntegrationFactory

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def test_staff_solve_the_problems_of_a_seller(
    page: Page, browser_errors: BrowserErrors, sample_data: SampleData
) -> None:
    search_an_order_and_open_its_event(page, sample_data)
    replay_quarantined_events(page)
    map_unknown_word(page)
    run_diagnosis(page, sample_data)
    follow_a_sync(page, sample_data)
    assert browser_errors == []


def search_an_order_and_open_its_event(page: Page, sample_data: SampleData) -> None:
    page.goto("/admin/")
    page.keyboard.press("/")
    page.keyboard.type(ORDER)
    page.keyboard.press("Enter")
    events = page.get_by_role("region", name="Eventos")
    expect(events.get_by_role("link")).to_have_count(2)
    events.get_by_role("link").filter(has_text="Venda atualizada").click()
    expect(page.get_by_text("BR123456789BR").first).to_be_visible()


def replay_quarantined_events(page: Page) -> None:
    page.goto("/admin/")
    page.get_by_role("link", name=re.compile("^Em quarentena")).click()
    page.get_by_role("link", name="Falha nossa ao ler o corpo").click()
    before = Sale.objects.count()
    page.locator("#preview-replay").click()
    expect(page.locator("#preview").get_by_text("Criaria").first).to_be_visible()
    assert Sale.objects.count() == before
    page.locator("#confirm").click()
    page.wait_for_url("**/admin/integrations/bulkaction/*/change/")
    action = BulkAction.objects.get(cause=CAUSE)
    bulk_jobs.execute(action.id)
    expect(page.get_by_text("Concluída").first).to_be_visible()
    assert Sale.objects.count() == before + QUARANTINED
    assert not WebhookEvent.objects.filter(cause=CAUSE, state=EventState.QUARANTINED).exists()


def map_unknown_word(page: Page) -> None:
    word = StatusMapping.objects.get(word=UNKNOWN_WORD)
    page.goto(reverse("backoffice:status_mapping", args=[word.id]))
    page.locator("#id_status").select_option("SHIPPED")
    page.locator("#preview-mapping").click()
    expect(page.locator("#confirm")).to_be_visible()
    word.refresh_from_db()
    assert word.status == ""
    page.locator("#id_reason").fill("Confirmado com a plataforma")
    page.locator("#confirm").click()
    expect(page.locator("#confirm")).to_have_count(0)
    word.refresh_from_db()
    assert word.status == "SHIPPED"


def run_diagnosis(page: Page, sample_data: SampleData) -> None:
    page.goto(reverse("admin:integrations_integration_change", args=[sample_data.integration.id]))
    page.get_by_role("link", name="Diagnóstico").click()
    expect(page.get_by_text("Verificado em")).to_be_visible()
    assert page.locator("[data-severity]").count() >= 5


def follow_a_sync(page: Page, sample_data: SampleData) -> None:
    page.goto(reverse("admin:integrations_integration_change", args=[sample_data.integration.id]))
    page.locator("#action-sincronizar button").click()
    page.wait_for_load_state()
    run = SyncRun.objects.latest("id")
    page.goto(reverse("admin:integrations_syncrun_change", args=[run.id]))
    expect(page.locator("#progress progress")).to_be_visible()
    runs.execute(run.id)
    expect(page.locator("#run-state")).to_have_text(re.compile("Concluída"))


def test_second_click_sends_no_second_form(
    page: Page, browser_errors: BrowserErrors, monkeypatch: pytest.MonkeyPatch
) -> None:
    clicks: list[str] = []

    def set_slowly(*args: Any, **kwargs: Any) -> None:
        clicks.append("sent")
        time.sleep(1)

    monkeypatch.setattr(signing_secrets, "set_signing_secret", set_slowly)
    integration = IntegrationFactory.create()
    page.goto(f"{change_url(integration).removesuffix('change/')}acao/segredo/")
    page.get_by_label("Motivo").fill("atendimento 4711")
    button = page.get_by_role("button", name="Definir segredo de assinatura")
    button.evaluate("button => { button.click(); setTimeout(() => button.click(), 300); }")
    expect(page.locator("#shown-secret")).to_be_visible()
    assert clicks == ["sent"]
    assert browser_errors == []
