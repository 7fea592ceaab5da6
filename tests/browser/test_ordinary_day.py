"""Tasks of an ordinary day, each from the first page or a list, with the clicks that it takes.

What is typed, opened by `/` or sent by Enter costs no click; a choice in a field costs one.
"""

import csv
import re
from collections.abc import Callable
from typing import Any, Final, Literal

import pytest
from playwright.sync_api import Locator, Page, ViewportSize, expect
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from clients.models import MergeSuggestion
from flowzz.accounts.api_keys import keys
from flowzz.accounts.models import ApiKey, KeyScope
from integrations.bulk_actions import bulk_jobs
from integrations.models import (
    Alert,
    BulkAction,
    EventOutcome,
    Integration,
    SalesImport,
    StatusMapping,
    SyncRun,
    WebhookEvent,
)
from sales.models import Sale
from sales.statuses import SaleStatus
from tests.browser.page_checks import BrowserErrors
from tests.browser.sample_data import CAUSE, ORDER, UNKNOWN_WORD, SampleData
from tests.factories import ClientFactory

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)
DESKTOP: Final[ViewportSize] = {"width": 1366, "height": 768}
LAPTOP: Final[ViewportSize] = {"width": 1280, "height": 768}
PHONE: Final[ViewportSize] = {"width": 390, "height": 844}
FILE: Final = "Pedido;Data;Valor;Status\nordarquivo1;02/03/2026 10:00;150,99;Aprovado\n"
REASON: Final = "Atendimento 123"


class Desk:
    """A member of staff at a page: counts their clicks."""

    def __init__(self, page: Page, data: SampleData) -> None:
        self.page, self.data = page, data
        self.seller = data.integration.user
        self.is_phone = page.viewport_size == PHONE
        self.clicks = 0

    def click(self, target: Locator | str) -> None:
        """Click a locator, or the first visible link or button whose name begins so."""
        self.clicks += 1
        (self.named(target) if isinstance(target, str) else target).click()

    def act(self, name: str) -> None:
        """Click an action of the page, which may be in the menu of a phone."""
        more = self.page.locator("summary", has_text=re.compile("ações", re.I)).filter(visible=True)
        more = more.or_(self.page.get_by_label("Mais ações").filter(visible=True)).last
        expect(self.named(name).or_(more).last).to_be_visible()
        if not self.named(name).is_visible():
            self.click(more)
        self.click(name)

    def choose(self, label: str, option: str) -> None:
        self.clicks += 1
        self.page.get_by_label(label).select_option(label=option)

    def named(self, name: str) -> Locator:
        begins = re.compile(rf"^\W*(\w+ )?{re.escape(name)}")
        links = self.page.get_by_role("link", name=begins)
        buttons = self.page.get_by_role("button", name=begins)
        return links.or_(buttons).filter(visible=True).first

    def open(self, item: str, group: str = "") -> None:
        """Open a page of the menu, which a phone shows after a click."""
        menu = self.page.locator("#nav-sidebar-apps")
        if self.is_phone:
            self.click("Mostrar ou esconder o menu")
        if group:
            menu.get_by_role("button", name=group).press("Enter")
        self.click(menu.get_by_role("link", name=re.compile(re.escape(item))))

    def find(self, text: str) -> None:
        """Open the first result of the search: while typing, or on a phone from its page."""
        if self.is_phone:
            self.click(self.page.get_by_role("searchbox").first)
            self.page.keyboard.type(text)
            self.page.keyboard.press("Enter")
            self.click(self.page.get_by_role("region").get_by_role("link").first)
        else:
            self.page.keyboard.press("/")
            self.page.keyboard.type(text)
            expect(self.page.locator("#command-results-list a").first).to_be_visible()
            self.page.keyboard.press("ArrowDown")
            self.page.keyboard.press("Enter")
        self.page.wait_for_url("**/change/**")

    def type_into(self, label: str, text: str) -> None:
        self.page.get_by_label(label).fill(text)

    def see(self, text: str) -> None:
        expect(self.page.get_by_text(text).filter(visible=True).first).to_be_visible()


def find_a_missing_order(desk: Desk) -> None:
    desk.open("Onde está o pedido?")
    desk.page.get_by_label("Número do pedido").fill("ord000903")
    desk.page.keyboard.press("Enter")
    desk.see("em quarentena")


def replay_a_group(desk: Desk) -> None:
    desk.click("Em quarentena")
    desk.click("Falha nossa ao ler o corpo")
    desk.click(desk.page.locator("#preview-replay"))
    desk.click(desk.page.locator("#confirm"))
    desk.page.wait_for_url("**/admin/integrations/bulkaction/*/change/")
    bulk_jobs.execute(BulkAction.objects.get(cause=CAUSE).id)
    desk.see("Concluída")


def map_a_word(desk: Desk) -> None:
    word = StatusMapping.objects.get(word=UNKNOWN_WORD)
    desk.find("ordmarina98")
    desk.click("Dar um significado")
    desk.page.locator("#id_status").select_option("SHIPPED")
    desk.click(desk.page.locator("#preview-mapping"))
    desk.page.locator("#id_reason").fill(REASON)
    desk.page.keyboard.press("Enter")
    desk.page.wait_for_url("**/admin/integrations/bulkaction/*/change/")
    word.refresh_from_db()
    assert word.status == SaleStatus.SHIPPED


def export_what_is_filtered(desk: Desk) -> None:
    desk.open("Vendas")
    desk.click("Pagas")  # the saved view
    with desk.page.expect_download() as download:
        desk.click("Exportar CSV")
    assert download.value.path().read_text("utf-8-sig").count("\n") > 1


def export_other_filters(desk: Desk) -> None:
    """From the list of sales, without a saved view and without the keyboard."""
    desk.page.goto("/admin/sales/sale/")
    desk.click("Filtros")
    drawer = desk.page.locator("#filter-form")
    desk.click(drawer.get_by_label("Pago", exact=True))
    with desk.page.expect_download() as download:
        desk.click(drawer.get_by_role("button", name="Exportar CSV"))
    lines = list(
        csv.DictReader(download.value.path().read_text("utf-8-sig").splitlines(), delimiter=";")
    )
    assert {line["Status"] for line in lines} == {"Pago"}
    assert desk.page.locator("#export-list button").first.get_attribute("formaction") is None


def acknowledge_an_alert(desk: Desk) -> None:
    alert = Alert.objects.filter(resolved_at=None, integration__isnull=False)[0]
    alerts = desk.page.get_by_role("region", name="Alertas abertos")
    desk.click(alerts.get_by_role("link", name=re.compile("desde")).first)
    desk.page.wait_for_url("**/alert/*/change/")
    desk.act("Cuidar")
    desk.type_into("Comentário", REASON)
    desk.page.keyboard.press("Enter")
    desk.see("Anotado.")
    assert Alert.objects.filter(acknowledged_at__isnull=False).exists(), alert


def sync_now(desk: Desk) -> None:
    runs = SyncRun.objects.count()
    desk.find(desk.seller.email)
    desk.act("Sincronizar")
    desk.see("Sincronização pedida")
    assert SyncRun.objects.count() == runs + 1


def diagnose(desk: Desk) -> None:
    desk.find(desk.seller.email)
    desk.act("Diagnóstico")
    desk.see("Verificado em")


def send_a_test_webhook(desk: Desk) -> None:
    desk.find(desk.seller.email)
    desk.act("Enviar webhook de teste")
    desk.see("O teste chegou")
    event = WebhookEvent.objects.latest("id")
    desk.data.seller.drain()
    event.refresh_from_db()
    assert event.outcome == EventOutcome.TEST


def pause_an_integration(desk: Desk) -> None:
    desk.find(desk.seller.email)
    desk.act("Pausar")
    desk.type_into("Motivo", REASON)
    desk.page.keyboard.press("Enter")
    desk.see("Pausada")
    assert Integration.objects.get(id=desk.data.integration.id).is_paused


def correct_a_copy(desk: Desk) -> None:
    event = WebhookEvent.objects.filter(state="QUARANTINED").latest("id")
    desk.click("Em quarentena")
    desk.click(desk.page.get_by_role("row", name="O corpo não é um JSON").get_by_text("Ver evento"))
    desk.act("Corrigir uma cópia")
    desk.type_into("Corpo da cópia", '{"order": {}}')
    desk.type_into("Motivo", REASON)
    desk.page.keyboard.press("Enter")
    desk.see("A cópia está na fila")
    assert WebhookEvent.objects.latest("id").id > event.id


def merge_two_clients(desk: Desk) -> None:
    first, second = (ClientFactory.create(user=desk.seller, name=name) for name in ("Ana", "Bia"))
    MergeSuggestion.objects.create(first=first, second=second)
    desk.open("Possíveis duplicados")
    desk.click("Unir")
    desk.see("Passam para este cliente")
    desk.click(desk.page.locator("#merge-preview button", has_text="Unir"))
    desk.see("Clientes unidos")
    second.refresh_from_db()
    assert second.merged_into_id == first.id


def find_a_client_by_the_end_of_a_phone(desk: Desk) -> None:
    client = Sale.objects.get(external_id=ORDER).client
    assert client is not None
    desk.find(client.phone[-6:])
    desk.see(client.name)


def set_a_status_by_hand(desk: Desk) -> None:
    desk.find(ORDER)
    desk.act("Definir status")
    desk.choose("Status", "Cancelado")
    desk.type_into("Motivo", REASON)
    desk.page.keyboard.press("Enter")
    desk.see("Status definido.")
    assert Sale.objects.get(external_id=ORDER).status == SaleStatus.CANCELLED


def save_a_view(desk: Desk) -> None:
    desk.open("Vendas")
    desk.click("Filtros")
    drawer = desk.page.locator("#filter-form")
    desk.click(drawer.get_by_label("Pago", exact=True))
    desk.click("Aplicar filtros")
    desk.click(desk.page.get_by_text("Salvar visão"))
    desk.type_into("Nome da visão", "Pagas")
    desk.page.keyboard.press("Enter")
    views = desk.page.get_by_role("navigation", name="Visões salvas")
    expect(views.get_by_role("link", name="Pagas")).to_be_visible()


def import_a_file(desk: Desk) -> None:
    desk.open("Importações")
    desk.act("Importar arquivo")
    desk.type_into("E-mail do(a) vendedor(a)", desk.seller.email)
    content: Any = {"name": "v.csv", "mimeType": "text/csv", "buffer": FILE.encode()}
    desk.clicks += 1
    desk.page.get_by_label("Arquivo CSV ou Excel").set_input_files(content)
    desk.click("Ver a prévia")
    desk.click("Importar 1 linha")
    desk.see("Criadas")
    assert SalesImport.objects.latest("id").created == 1


def revoke_a_key(desk: Desk) -> None:
    key = ApiKey(user=desk.seller, name="planilha", scope=KeyScope.READ)
    keys.issue(key)
    desk.open("Chaves de API", group="Administração")
    desk.click("planilha")
    desk.act("Revogar")
    desk.page.get_by_label("Motivo (opcional)").press("Enter")
    desk.see("Chave revogada.")
    key.refresh_from_db()
    assert key.revoked_at is not None


CLICKS: Final[dict[Callable[[Desk], None], tuple[int, int]]] = {
    find_a_missing_order: (1, 2),
    replay_a_group: (4, 4),
    map_a_word: (2, 4),
    save_a_view: (5, 6),
    export_what_is_filtered: (3, 4),
    export_other_filters: (3, 3),
    acknowledge_an_alert: (2, 3),
    diagnose: (1, 3),
    sync_now: (1, 4),
    send_a_test_webhook: (1, 4),
    pause_an_integration: (1, 4),
    correct_a_copy: (3, 4),
    merge_two_clients: (3, 4),
    find_a_client_by_the_end_of_a_phone: (0, 2),
    set_a_status_by_hand: (2, 5),
    import_a_file: (5, 7),
    revoke_a_key: (3, 5),
}
"""On a desktop, and on a phone, where search, menu and actions are behind a button each."""


@pytest.mark.parametrize(
    ("screen", "scheme"),
    [(DESKTOP, "light"), (LAPTOP, "dark"), (PHONE, "dark")],
    ids=["1366", "1280", "390"],
)
def test_tasks_take_few_clicks(
    page: Page,
    browser_errors: BrowserErrors,
    sample_data: SampleData,
    screen: ViewportSize,
    scheme: Literal["light", "dark"],
    settings: Settings,
    live_server: LiveServer,
) -> None:
    settings.PUBLIC_BASE_URL = live_server.url
    page.set_viewport_size(screen)
    page.emulate_media(color_scheme=scheme)
    used = {}
    for task in CLICKS:
        page.goto("/admin/")
        desk = Desk(page, sample_data)
        task(desk)
        used[task.__name__] = desk.clicks
    at = int(screen == PHONE)
    assert used == {task.__name__: clicks[at] for task, clicks in CLICKS.items()}
    assert browser_errors == []
