"""The probe over HTTP, against sandboxes with each listing."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest
import requests
import tenacity.nap

from integrations.providers.coinzz.api.client import CoinzzClient
from integrations.providers.coinzz.api.probe import Probe
from integrations.providers.coinzz.api.settings import ApiSettings
from integrations.providers.coinzz.api.transport import Transport
from integrations.providers.contracts import ProbeReport
from sandbox.server import Sandbox
from tests.integrations.providers.coinzz.samples import api_settings

KEY_ACCEPTED = "ok Chave: aceita por products"
RENAMED = {
    "COINZZ_API_SALES_PATH": "orders",
    "COINZZ_API_SINCE_PARAM": "from",
    "COINZZ_API_SINCE_FORMAT": "%Y-%m-%dT%H:%M:%S",
    "COINZZ_API_PAGE_PARAM": "pagina",
    "COINZZ_API_PER_PAGE_PARAM": "limite",
    "COINZZ_API_ITEMS_KEY": "orders",
    "COINZZ_API_LAST_PAGE_KEY": "pagination.last",
    "COINZZ_API_TOTAL_KEY": "pagination.count",
}
NO_LISTING = (
    "error Listagem: não há lista de vendas em sales, orders, vendas, pedidos, sale, order, "
    "v1/sales ({}). Conecte esta conta no modo webhook e importe o histórico de um arquivo"
)
HTML = "O Coinzz respondeu com uma página HTML em vez de dados"

REDIRECT = "O Coinzz redirecionou para outra página em vez de responder"


def probe(sandbox: Sandbox, account: str = "8702", **names: Any) -> ProbeReport:
    settings = api_settings(api_url=sandbox.api_url, **names)
    return probe_with(settings, sandbox.api_key(account))


def probe_with(settings: ApiSettings, api_key: str) -> ProbeReport:
    with CoinzzClient(settings=settings, api_key=api_key, retries=1) as client:
        return Probe(client, settings).run()


def lines(report: ProbeReport) -> list[str]:
    """Return the checks of the API; test_item_report.py has those about items."""
    checks = [f"{check.level} {check.subject}: {check.text}" for check in report.checks]
    about_items = [number for number, line in enumerate(checks) if " Itens: " in line]
    return checks[: about_items[0]] if about_items else checks


def test_everything_matches_the_default_listing(sandbox: Sandbox) -> None:
    report = probe(sandbox)
    assert lines(report) == [
        KEY_ACCEPTED,
        "ok Listagem: vendas em sales, na chave data",
        "ok Paginação: última página em meta.last_page, total em meta.total",
        "ok Página: o parâmetro page funciona",
        "ok Vendas por página: o parâmetro per_page funciona",
        "ok Desde: o parâmetro since filtra",
    ]
    assert report.settings == {}
    assert [set(item) >= {"client", "order"} for item in report.examples] == [True, True]


def test_account_without_a_listing_is_led_to_the_webhook_mode(sandbox: Sandbox) -> None:
    report = probe(sandbox, "4040")
    assert lines(report) == [KEY_ACCEPTED, NO_LISTING.format(HTML)]
    assert (report.settings, report.examples) == ({}, [])


def test_other_names_are_found_and_proposed(sandbox: Sandbox) -> None:
    report = probe(sandbox, "4041")
    assert lines(report) == [
        KEY_ACCEPTED,
        "error Listagem: vendas em orders, na chave orders, e não em sales, na chave data "
        f"({HTML})",
        "error Paginação: última página em pagination.last e não em meta.last_page, "
        "total em pagination.count",
        "error Página: o parâmetro page não tem efeito; pagina funciona",
        "warning Vendas por página: o parâmetro per_page não tem efeito; limite funciona",
        "warning Desde: o parâmetro since não filtra: cada sincronização lê tudo; from filtra",
    ]
    assert report.settings == RENAMED


def test_nothing_is_left_to_change_with_the_proposed_settings(sandbox: Sandbox) -> None:
    lists = ("COINZZ_API_ITEMS_KEY", "COINZZ_API_LAST_PAGE_KEY", "COINZZ_API_TOTAL_KEY")
    names: dict[str, Any] = {
        name.removeprefix("COINZZ_").lower(): [value] if name in lists else value
        for name, value in RENAMED.items()
    }
    report = probe(sandbox, "4041", **names)
    assert [line.split()[0] for line in lines(report)] == ["ok"] * 6
    assert report.settings == {}


def test_listing_of_hashes_needs_no_other_settings(sandbox: Sandbox) -> None:
    report = probe(sandbox, "4042")
    assert (lines(report), report.settings) == (lines(probe(sandbox)), {})
    assert report.examples[0].keys() >= {"order_hash", "status"}


@pytest.mark.parametrize(
    ("account", "expected"),
    [
        ("4010", ["error Chave: API key inválida. Verifique nas configurações do Coinzz."]),
        ("2000", [f"error Chave: products não serve para testar: {HTML}", NO_LISTING.format(HTML)]),
        (
            "3020",
            [
                f"error Chave: products não serve para testar: {REDIRECT}",
                NO_LISTING.format(REDIRECT),
            ],
        ),
        (
            "7001",
            [
                "error Chave: products não serve para testar: A resposta do Coinzz não tem o "
                "formato esperado: faltam os produtos em `data`",
                NO_LISTING.format("a resposta não tem lista de vendas"),
            ],
        ),
    ],
)
def test_faulty_api_is_named(sandbox: Sandbox, account: str, expected: list[str]) -> None:
    assert lines(probe(sandbox, account)) == expected


def test_other_path_can_prove_the_key(sandbox: Sandbox) -> None:
    report = probe(sandbox, api_test_path="user")
    assert lines(report)[0] == f"error Chave: user não serve para testar: {HTML}"
    assert report.settings == {"COINZZ_API_TEST_PATH": "sales"}


def test_wait_that_coinzz_asks_for_is_respected(
    sandbox: Sandbox, faults: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sleeps: list[float] = []
    monkeypatch.setattr(tenacity.nap, "time", SimpleNamespace(sleep=sleeps.append))
    faults("status:429", path="sales", times=1)
    assert lines(probe(sandbox))[1:2] == ["ok Listagem: vendas em sales, na chave data"]
    assert sleeps == [2]


def test_lasting_limit_ends_the_probe(
    sandbox: Sandbox, faults: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tenacity.nap, "time", SimpleNamespace(sleep=lambda _: None))
    faults("status:429", path="sales", after=1)
    report = probe(sandbox)
    assert lines(report)[-1] == (
        "error API: O Coinzz limitou o número de consultas. Aguarde alguns minutos e tente "
        "novamente. (em 2 s)"
    )


def test_page_of_an_account_in_use_still_matches(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"{sandbox.base_url}/_control/orders"
    get = CoinzzClient.get

    def get_after_a_new_order(client: CoinzzClient, *arguments: Any) -> Any:
        requests.post(url, json={"account": "8704"}, timeout=60).raise_for_status()
        return get(client, *arguments)

    monkeypatch.setattr(CoinzzClient, "get", get_after_a_new_order)
    assert "ok Página: o parâmetro page funciona" in lines(probe(sandbox, "8704"))


@pytest.mark.parametrize(
    ("rename", "expected", "settings"),
    [
        (
            lambda page: {"data": page["data"]},
            "warning Paginação: a resposta não diz se há outra página",
            {},
        ),
        (
            lambda page: {"data": page["data"], "total": page["meta"]["total"]},
            "ok Paginação: só o total de vendas em total",
            {},
        ),
        (
            lambda page: {"data": page["data"], "has_more": bool(page["links"]["next"])},
            "error Paginação: próxima página em has_more e não em links.next, total em —",
            {"COINZZ_API_NEXT_PAGE_KEY": "has_more"},
        ),
        (
            lambda page: {"result": {"vendas": page["data"], "info": page["meta"]}},
            "error Paginação: última página em result.info.last_page e não em meta.last_page, "
            "total em result.info.total",
            {
                "COINZZ_API_ITEMS_KEY": "result.vendas",
                "COINZZ_API_LAST_PAGE_KEY": "result.info.last_page",
                "COINZZ_API_TOTAL_KEY": "result.info.total",
            },
        ),
    ],
)
def test_keys_of_a_page_are_found(
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    rename: Callable[[Any], Any],
    expected: str,
    settings: dict[str, str],
) -> None:
    get = Transport.get

    def get_renamed(transport: Transport, path: str, *arguments: Any) -> Any:
        response = get(transport, path, *arguments)
        return rename(response) if path == "sales" else response

    monkeypatch.setattr(Transport, "get", get_renamed)
    report = probe(sandbox)
    assert lines(report)[2] == expected
    assert [line.split()[0] for line in lines(report)[3:]] == ["ok"] * 3
    assert report.settings == settings


def test_account_with_few_sales_cannot_be_paged() -> None:
    with Sandbox(sales=3) as sandbox:
        report = probe(sandbox)
    assert lines(report)[3:] == [
        "warning Páginas: só 3 vendas: não deu para conferir",
        "ok Desde: o parâmetro since filtra",
    ]


def test_account_without_sales_passes_with_a_warning() -> None:
    with Sandbox(sales=0) as sandbox:
        report = probe(sandbox)
    assert lines(report)[1:] == [
        "ok Listagem: vendas em sales, na chave data",
        "ok Paginação: última página em meta.last_page, total em meta.total",
        "warning Páginas: só 0 vendas: não deu para conferir",
    ]


def test_page_that_a_sync_would_refuse_is_an_error(sandbox: Sandbox, faults: Any) -> None:
    faults("loop_next", path="sales", after=3)
    report = probe(sandbox)
    assert report.checks[-1].level == "error"
    assert report.checks[-1].text.startswith("A resposta do Coinzz não tem o formato esperado")


def test_few_requests_are_made(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = api_settings(api_url=sandbox.api_url)
    get = Transport.get
    for account, most in (("8702", 6), ("4041", 20)):
        client = CoinzzClient(settings=settings, api_key=sandbox.api_key(account))
        with client, patch.object(Transport, "get", autospec=True, side_effect=get) as requested:
            Probe(client, settings).run()
        assert 0 < requested.call_count <= most
