"""The client over HTTP to the sandbox, with its faults."""

import itertools
import socket
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Event
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest
import requests
import tenacity.nap

from integrations.providers.coinzz.api import client as client_module
from integrations.providers.coinzz.api.client import CoinzzClient
from integrations.providers.coinzz.payloads import parse_order
from integrations.providers.contracts import Page
from integrations.providers.errors import (
    BrokenResponse,
    CircuitOpen,
    FetchStopped,
    IntegrationError,
    KeyRefused,
    ProviderUnavailable,
    UnexpectedResponse,
)
from sandbox.server import Sandbox
from tests.integrations.providers.coinzz.samples import api_settings

HTML = (
    "O Coinzz respondeu com uma página HTML em vez de dados. O endereço da API pode ter mudado: "
    "fale com o suporte do Flowzz."
)
REDIRECT = (
    "O Coinzz redirecionou para outra página em vez de responder. Gere uma nova API key nas "
    "configurações do Coinzz e conecte novamente."
)
TIMED_OUT = "O Coinzz demorou demais para responder. Tente novamente em alguns minutos."
UNREACHABLE = (
    "Não foi possível falar com o Coinzz: a conexão falhou. Tente novamente em alguns minutos."
)


class RecordingBreaker:
    def __init__(self) -> None:
        self.calls: list[str] = []

    def before_call(self) -> None:
        self.calls.append("before_call")

    def succeeded(self) -> None:
        self.calls.append("succeeded")

    def failed(self) -> None:
        self.calls.append("failed")

    def ignored(self) -> None:
        self.calls.append("ignored")


class OpenBreaker(RecordingBreaker):
    def before_call(self) -> None:
        raise CircuitOpen("O Coinzz está fora do ar.", retry_after=60)


@pytest.fixture(autouse=True)
def sleeps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Record the seconds between attempts instead of sleeping."""
    sleeps: list[float] = []
    monkeypatch.setattr(tenacity.nap, "time", SimpleNamespace(sleep=sleeps.append))
    return sleeps


def make_client(sandbox: Sandbox, account: str = "8702", **options: Any) -> CoinzzClient:
    settings = api_settings(api_url=sandbox.api_url)
    return CoinzzClient(
        settings=settings, api_key=sandbox.api_key(account), page_size=10, **options
    )


def test_valid_key_passes_at_the_first_attempt(sandbox: Sandbox, sleeps: list[float]) -> None:
    with make_client(sandbox) as client:
        client.test_key()
    assert sleeps == []


@pytest.mark.parametrize(
    ("account", "error", "message"),
    [
        ("4010", KeyRefused, "API key inválida. Verifique nas configurações do Coinzz."),
        ("2000", UnexpectedResponse, HTML),
        ("3020", UnexpectedResponse, REDIRECT),
        (
            "5000",
            ProviderUnavailable,
            "O Coinzz está com um erro interno (500). Tente novamente em alguns minutos.",
        ),
        (
            "4290",
            ProviderUnavailable,
            "O Coinzz limitou o número de consultas. Aguarde alguns minutos e tente novamente.",
        ),
        ("6000", ProviderUnavailable, TIMED_OUT),
        (
            "7000",
            ProviderUnavailable,
            "A resposta do Coinzz chegou incompleta. Tente novamente em alguns minutos.",
        ),
        (
            "7001",
            UnexpectedResponse,
            "A resposta do Coinzz não tem o formato esperado: faltam os produtos em `data`. "
            "Fale com o suporte do Flowzz.",
        ),
        ("7002", ProviderUnavailable, UNREACHABLE),
    ],
)
def test_every_fault_has_its_own_error(
    sandbox: Sandbox, account: str, error: type[IntegrationError], message: str
) -> None:
    with (
        make_client(sandbox, account, retries=0, read_timeout=0.3) as client,
        pytest.raises(error) as raised,
    ):
        client.test_key()
    assert raised.value.message == message


def test_closed_port_is_unavailable() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        base_url = f"http://127.0.0.1:{unused.getsockname()[1]}/api"
        with (
            CoinzzClient(
                settings=api_settings(api_url=base_url), api_key="8702|chave", retries=0
            ) as client,
            pytest.raises(ProviderUnavailable) as raised,
        ):
            client.test_key()
    assert raised.value.message == UNREACHABLE


@pytest.mark.parametrize("key", ["a\nb", "chavé", "\ud800", "a\x00b", "chave\u200b"])
def test_key_that_a_header_cannot_contain_is_refused(sandbox: Sandbox, key: str) -> None:
    breaker, settings = RecordingBreaker(), api_settings(api_url=sandbox.api_url)
    with (
        CoinzzClient(settings=settings, api_key=key, breaker=breaker) as client,
        pytest.raises(KeyRefused),
    ):
        client.test_key()
    assert breaker.calls == []


def test_error_has_no_reference_to_the_request_and_its_key(sandbox: Sandbox) -> None:
    for account in ("6000", "7002", "5000"):
        with (
            make_client(sandbox, account, retries=0, read_timeout=0.1) as client,
            pytest.raises(ProviderUnavailable) as raised,
        ):
            client.test_key()
        assert raised.value.__context__ is None
        assert raised.value.__cause__ is None


def test_proxies_and_netrc_of_the_environment_are_ignored(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login other password other")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with make_client(sandbox, retries=0) as client:
        client.test_key()


@pytest.mark.parametrize("fault", ["status:500", "status:503", "truncated", "reset"])
def test_temporary_fault_is_retried_after_1_2_and_4_seconds(
    sandbox: Sandbox, faults: Any, sleeps: list[float], fault: str
) -> None:
    faults(fault, times=3)
    with make_client(sandbox) as client:
        client.test_key()
    assert sleeps == [1, 2, 4]


def test_call_fails_after_three_retries(sandbox: Sandbox, sleeps: list[float]) -> None:
    with make_client(sandbox, "5000") as client, pytest.raises(ProviderUnavailable):
        client.test_key()
    assert sleeps == [1, 2, 4]


@pytest.mark.parametrize("fault", ["status:400", "status:403", "status:404", "html", "redirect"])
def test_permanent_fault_is_not_retried(
    sandbox: Sandbox, faults: Any, sleeps: list[float], fault: str
) -> None:
    faults(fault, times=1)
    with make_client(sandbox) as client, pytest.raises(UnexpectedResponse):
        client.test_key()
    assert sleeps == []


def test_retry_after_is_respected(sandbox: Sandbox, faults: Any, sleeps: list[float]) -> None:
    faults("status:429", times=1)
    with make_client(sandbox) as client:
        client.test_key()
    assert sleeps == [2]


def test_stopped_client_makes_no_request(sandbox: Sandbox) -> None:
    stop, breaker = Event(), RecordingBreaker()
    with make_client(sandbox, breaker=breaker, stop=stop) as client:
        client.test_key()
        stop.set()
        with pytest.raises(FetchStopped):
            client.test_key()
    assert breaker.calls == ["before_call", "succeeded"]


def test_stop_ends_the_wait_before_a_retry(sandbox: Sandbox, sleeps: list[float]) -> None:
    stop, breaker = Event(), RecordingBreaker()
    with (
        patch.object(breaker, "failed", stop.set),
        make_client(sandbox, "5000", breaker=breaker, stop=stop, backoff=600.0) as client,
        pytest.raises(FetchStopped),
    ):
        client.test_key()
    assert (sleeps, breaker.calls) == ([], ["before_call"])


@pytest.mark.parametrize(
    ("account", "reported"),
    [
        ("8702", "succeeded"),
        ("4010", "ignored"),
        ("4290", "failed"),
        ("5000", "failed"),
        ("6000", "failed"),
        ("7002", "failed"),
        ("2000", "ignored"),
        ("3020", "ignored"),
        ("7001", "ignored"),
    ],
)
def test_breaker_is_informed_of_the_result(sandbox: Sandbox, account: str, reported: str) -> None:
    breaker = RecordingBreaker()
    client = make_client(sandbox, account, breaker=breaker, retries=0, read_timeout=0.1)
    with suppress(IntegrationError), client:
        client.test_key()
    assert breaker.calls == ["before_call", reported]


def test_repeated_page_counts_for_no_other_account(sandbox: Sandbox) -> None:
    breaker = RecordingBreaker()
    with make_client(sandbox, breaker=breaker, retries=0) as client:
        digest = client.fetch_sales(None, 1).digest
        with pytest.raises(BrokenResponse):
            client.fetch_sales(None, 1, previous=digest)
    assert breaker.calls == ["before_call", "succeeded", "before_call", "ignored"]


def test_open_circuit_prevents_the_request_and_is_not_retried(
    sandbox: Sandbox, sleeps: list[float]
) -> None:
    breaker = OpenBreaker()
    with make_client(sandbox, breaker=breaker) as client, pytest.raises(CircuitOpen):
        client.test_key()
    assert (sleeps, breaker.calls) == ([], [])


def test_all_pages_contain_all_sales_once(sandbox: Sandbox) -> None:
    before = datetime.now(UTC)
    with make_client(sandbox) as client:
        pages = list(client.sales_pages(None))
    orders = [parse_order(item) for page in pages for item in page.items]
    assert [(page.number, page.last_page, page.total) for page in pages] == [
        (number, 5, 45) for number in range(1, 6)
    ]
    assert [page.has_next for page in pages] == [True, True, True, True, False]
    assert len({order.external_id for order in orders}) == 45
    assert all(before <= page.fetched_at <= datetime.now(UTC) for page in pages)


def test_pages_start_at_the_given_page(sandbox: Sandbox) -> None:
    with make_client(sandbox) as client:
        assert [page.number for page in client.sales_pages(None, start_page=4)] == [4, 5]


def test_since_is_sent_in_sao_paulo_time(sandbox: Sandbox) -> None:
    arguments = {"account": "8703", "count": 3}
    with make_client(sandbox, "8703") as client:
        client.fetch_sales(None, 1)
        since = datetime.now(UTC) - timedelta(minutes=1)
        url = f"{sandbox.base_url}/_control/orders"
        requests.post(url, json=arguments, timeout=60).raise_for_status()
        assert client.fetch_sales(since, 1).total == 3
        assert client.fetch_sales(since + timedelta(minutes=10), 1).items == []


@pytest.mark.parametrize("fault", ["empty_page", "duplicate_page"])
@pytest.mark.parametrize("after", [1, 4], ids=["in_the_middle", "at_the_end"])
def test_wrongly_empty_page_is_fetched_again(
    sandbox: Sandbox, faults: Any, sleeps: list[float], fault: str, after: int
) -> None:
    faults(fault, path="sales", after=after, times=1)
    with make_client(sandbox) as client:
        sizes = [len(page.items) for page in client.sales_pages(None)]
    assert (sizes, sleeps) == ([10, 10, 10, 10, 5], [1.0])


@pytest.mark.parametrize("fault", ["empty_page", "duplicate_page"])
def test_page_that_stays_empty_is_an_error(
    sandbox: Sandbox, faults: Any, sleeps: list[float], fault: str
) -> None:
    faults(fault, path="sales", after=1, times=None)
    with make_client(sandbox) as client, pytest.raises(ProviderUnavailable):
        list(client.sales_pages(None))


def test_first_page_that_repeats_the_page_before_is_an_error(
    sandbox: Sandbox, faults: Any, sleeps: list[float]
) -> None:
    faults("duplicate_page", path="sales", after=1, times=None)
    with make_client(sandbox) as client, pytest.raises(ProviderUnavailable, match="no lugar da 3"):
        list(client.sales_pages(None, start_page=3, previous=client.fetch_sales(None, 2).digest))


def test_pages_in_a_loop_are_an_error(sandbox: Sandbox, faults: Any) -> None:
    faults("loop_next", path="sales", after=1, times=1)
    with make_client(sandbox) as client, pytest.raises(UnexpectedResponse, match="não avança"):
        list(client.sales_pages(None))


def test_total_that_goes_up_and_down_costs_few_pages(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be a count of another server's; no page is left out."""
    monkeypatch.setattr(client_module, "MAX_PAGES_BACK", 1)
    fetch, totals = CoinzzClient.fetch_sales, itertools.cycle((45_000, 45))

    def flapping(*arguments: Any) -> Page:
        return replace(fetch(*arguments), total=next(totals))

    monkeypatch.setattr(CoinzzClient, "fetch_sales", flapping)
    with make_client(sandbox) as client:
        numbers = [page.number for page in client.sales_pages(None)]
    assert (len(numbers) <= 10, sorted(set(numbers))) == (True, [1, 2, 3, 4, 5])


def test_other_names_of_the_listing_are_settings(sandbox: Sandbox) -> None:
    names = {
        "api_sales_path": "orders",
        "api_since_param": "from",
        "api_since_format": "%Y-%m-%dT%H:%M:%S",
        "api_page_param": "pagina",
        "api_per_page_param": "limite",
        "api_items_key": ["orders"],
        "api_last_page_key": ["pagination.last"],
        "api_total_key": ["pagination.count"],
    }
    settings = api_settings(api_url=sandbox.api_url, **names)
    with CoinzzClient(
        settings=settings, api_key=sandbox.api_key("4041"), page_size=10, retries=0
    ) as client:
        pages = list(client.sales_pages(None))
        since = datetime.now(UTC) + timedelta(minutes=1)
        later = client.fetch_sales(since, 1)
    assert [(len(page.items), page.last_page, page.total) for page in pages] == [
        *[(10, 5, 45)] * 4,
        (5, 5, 45),
    ]
    assert (later.items, later.total) == ([], 0)


def test_account_without_a_listing_is_an_error_although_its_key_is_valid(
    sandbox: Sandbox, sleeps: list[float]
) -> None:
    with make_client(sandbox, "4040") as client:
        client.test_key()
        with pytest.raises(UnexpectedResponse) as raised:
            client.fetch_sales(None, 1)
    assert (raised.value.message, sleeps) == (HTML, [])


def test_parameter_without_a_name_is_not_sent(sandbox: Sandbox) -> None:
    settings = api_settings(api_url=sandbox.api_url, api_page_param="", api_per_page_param="")
    with CoinzzClient(settings=settings, api_key=sandbox.api_key()) as client:
        assert [len(page.items) for page in client.sales_pages(None)] == [45]
