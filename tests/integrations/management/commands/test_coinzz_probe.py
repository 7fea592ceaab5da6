"""`manage.py coinzz_probe` against sandboxes with each listing."""

import io
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django.fixtures import Settings

from integrations.management.commands import coinzz_probe
from integrations.models import Integration
from integrations.providers.contracts import ProbeReport
from integrations.secrets import field_encryption
from sandbox.server import Sandbox
from tests.factories import IntegrationFactory
from tests.sandbox.client import SandboxClient

pytestmark = pytest.mark.django_db

WORKS = "Com as configurações atuais, uma sincronização funcionaria."
WOULD_FAIL = "Com as configurações atuais, uma sincronização não funcionaria."
PERSONAL = ("client_name", "client_phone", "client_documment", "client_email", "client_zip_code")


@pytest.fixture(scope="module")
def coinzz() -> Iterator[Sandbox]:
    with Sandbox(sales=45) as sandbox:
        yield sandbox


@pytest.fixture(autouse=True)
def _api_url(settings: Settings, coinzz: Sandbox) -> None:
    settings.COINZZ_API_URL = coinzz.api_url


def run(monkeypatch: pytest.MonkeyPatch, entered: str, *arguments: str) -> list[str]:
    """Run the command and return the lines of its output, the exit's message the last."""
    monkeypatch.setattr("sys.stdin", io.StringIO(entered + "\n"))
    out = io.StringIO()
    try:
        call_command("coinzz_probe", *(arguments or ["--stdin"]), stdout=out)
    except CommandError as error:
        return [*out.getvalue().splitlines(), f"exit {error.returncode}: {error}"]
    return out.getvalue().splitlines()


def test_default_listing_exits_with_0(coinzz: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = run(monkeypatch, coinzz.api_key())
    assert lines[:7] == [
        f"Testando {coinzz.api_url}, só com leituras …",
        "  ok     Chave: aceita por products",
        "  ok     Listagem: vendas em sales, na chave data",
        "  ok     Paginação: última página em meta.last_page, total em meta.total",
        "  ok     Página: o parâmetro page funciona",
        "  ok     Vendas por página: o parâmetro per_page funciona",
        "  ok     Desde: o parâmetro since filtra",
    ]
    assert lines[-1] == WORKS
    assert "Configurações a mudar:" not in lines


def test_account_without_a_listing_exits_with_1(
    coinzz: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(monkeypatch, coinzz.api_key("4040"))[1:] == [
        "  ok     Chave: aceita por products",
        "  ERRO   Listagem: não há lista de vendas em sales, orders, vendas, pedidos, sale, order, "
        "v1/sales (O Coinzz respondeu com uma página HTML em vez de dados). Conecte esta conta no "
        "modo webhook e importe o histórico de um arquivo",
        f"exit 1: {WOULD_FAIL}",
    ]


def test_other_names_exit_with_1_and_the_settings_to_paste(
    coinzz: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = run(monkeypatch, coinzz.api_key("4041"))
    assert lines[lines.index("Configurações a mudar:") + 1 :] == [
        "COINZZ_API_SALES_PATH=orders",
        "COINZZ_API_SINCE_PARAM=from",
        "COINZZ_API_SINCE_FORMAT=%Y-%m-%dT%H:%M:%S",
        "COINZZ_API_PAGE_PARAM=pagina",
        "COINZZ_API_PER_PAGE_PARAM=limite",
        "COINZZ_API_ITEMS_KEY=orders",
        "COINZZ_API_LAST_PAGE_KEY=pagination.last",
        "COINZZ_API_TOTAL_KEY=pagination.count",
        f"exit 1: {WOULD_FAIL}",
    ]


def test_listing_of_hashes_exits_with_0(coinzz: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = run(monkeypatch, coinzz.api_key("4042"))
    assert "  aviso  Campos ausentes: client_email, order_quantity, shipping_status" in lines
    assert lines[-1] == WORKS


@pytest.mark.parametrize("account", ["8702", "4041", "4042"])
def test_output_has_neither_the_key_nor_personal_data(
    coinzz: Sandbox, monkeypatch: pytest.MonkeyPatch, account: str
) -> None:
    bodies = SandboxClient(coinzz).control("GET", "orders", account=account)["orders"]
    clients = [order["body"]["client"] for order in bodies]
    secrets = {str(client.get(name) or "") for client in clients for name in PERSONAL} - {""}
    output = "\n".join(run(monkeypatch, coinzz.api_key(account)))
    assert output.count("mascarados:") == 2
    assert [text for text in secrets | {coinzz.api_key(account)} if text in output] == []


def test_key_that_coinzz_repeats_is_not_printed(
    coinzz: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = coinzz.api_key()
    item = {"order_number": "ordaaaaa", "order_final_price": 1, "product_name": f"\x1b[31m{key}"}
    found: dict[str, Any] = {"checks": [], "settings": {}, "examples": [item]}
    monkeypatch.setattr(
        "integrations.providers.coinzz.adapter.Probe.run", lambda _: ProbeReport(**found)
    )
    output = "\n".join(run(monkeypatch, key))
    assert key not in output
    assert "\x1b" not in output


def test_key_can_be_entered_at_a_prompt(coinzz: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coinzz_probe, "getpass", lambda prompt: f" {coinzz.api_key()} ")
    out = io.StringIO()
    call_command("coinzz_probe", stdout=out)
    assert out.getvalue().splitlines()[-1] == WORKS


def test_empty_key_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(monkeypatch, "") == ["exit 1: Nenhuma chave de API foi informada."]


def test_stored_key_of_a_user_is_used(coinzz: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    integration = IntegrationFactory.create(user__email="vendedora@flowzz.test")
    field_encryption.encrypt(integration, "api_key", coinzz.api_key())
    integration.save()
    before = Integration.objects.values().get()
    assert run(monkeypatch, "", "--user", "Vendedora@flowzz.test")[-1] == WORKS
    assert Integration.objects.values().get() == before


@pytest.mark.parametrize("api_key", [None, ""])
def test_user_without_a_stored_key_is_an_error(
    monkeypatch: pytest.MonkeyPatch, api_key: str | None
) -> None:
    if api_key is not None:
        IntegrationFactory.create(user__email="vendedora@flowzz.test", api_key=api_key)
    assert run(monkeypatch, "", "--user", "vendedora@flowzz.test") == [
        "exit 1: Não há chave de API guardada para vendedora@flowzz.test."
    ]


def test_stored_key_that_cannot_be_decrypted_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    IntegrationFactory.create(user__email="vendedora@flowzz.test", api_key="00:00:00")
    (line,) = run(monkeypatch, "", "--user", "vendedora@flowzz.test")
    assert line.startswith("exit 1: ")


def test_disabled_api_exits_with_1(
    coinzz: Sandbox, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.COINZZ_API_ENABLED = False
    lines = run(monkeypatch, coinzz.api_key())
    assert lines[-1] == "exit 1: A API está desligada: COINZZ_API_ENABLED."
