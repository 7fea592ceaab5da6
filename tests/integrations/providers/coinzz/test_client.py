"""The client over real HTTP to the sandbox, its faults included."""

import socket
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import requests
import tenacity.nap

from integrations.providers.coinzz.client import CoinzzClient
from integrations.providers.coinzz.payloads import parse_order
from integrations.providers.errors import (
    CircuitOpen,
    IntegrationError,
    KeyRefused,
    ProviderUnavailable,
    UnexpectedResponse,
)
from sandbox.server import Sandbox

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


class OpenBreaker(RecordingBreaker):
    def before_call(self) -> None:
        raise CircuitOpen("O Coinzz está fora do ar.", retry_after=60)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(sales=45) as sandbox:
        yield sandbox


@pytest.fixture(autouse=True)
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that were slept between attempts, without sleeping them."""
    naps: list[float] = []
    monkeypatch.setattr(tenacity.nap, "time", SimpleNamespace(sleep=naps.append))
    return naps


@pytest.fixture
def faults(sandbox: Sandbox) -> Iterator[Any]:
    url = f"{sandbox.base_url}/_control/faults"

    def add(fault: str, **script: Any) -> None:
        requests.post(url, json={"fault": fault, **script}, timeout=60).raise_for_status()

    yield add
    requests.delete(url, timeout=60).raise_for_status()


def client_of(sandbox: Sandbox, account: str = "8702", **options: Any) -> CoinzzClient:
    return CoinzzClient(
        base_url=sandbox.api_url, api_key=sandbox.api_key(account), page_size=10, **options
    )


def test_a_good_key_passes_at_the_first_attempt(sandbox: Sandbox, naps: list[float]) -> None:
    with client_of(sandbox) as client:
        client.test_key()
    assert naps == []


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
def test_every_fault_has_an_error_of_its_own(
    sandbox: Sandbox, account: str, error: type[IntegrationError], message: str
) -> None:
    with (
        client_of(sandbox, account, retries=0, read_timeout=0.3) as client,
        pytest.raises(error) as raised,
    ):
        client.test_key()
    assert raised.value.message == message


def test_nobody_listening_is_unavailable() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        base_url = f"http://127.0.0.1:{unused.getsockname()[1]}/api"
        with (
            CoinzzClient(base_url=base_url, api_key="8702|chave", retries=0) as client,
            pytest.raises(ProviderUnavailable) as raised,
        ):
            client.test_key()
    assert raised.value.message == UNREACHABLE


@pytest.mark.parametrize("key", ["a\nb", "chavé", "\ud800", "a\x00b", "chave\u200b"])
def test_a_key_that_no_header_can_carry_is_refused(sandbox: Sandbox, key: str) -> None:
    breaker = RecordingBreaker()
    with (
        CoinzzClient(base_url=sandbox.api_url, api_key=key, breaker=breaker) as client,
        pytest.raises(KeyRefused),
    ):
        client.test_key()
    assert breaker.calls == []


def test_an_error_holds_no_request_and_so_no_key(sandbox: Sandbox) -> None:
    for account in ("6000", "7002", "5000"):
        with (
            client_of(sandbox, account, retries=0, read_timeout=0.1) as client,
            pytest.raises(ProviderUnavailable) as raised,
        ):
            client.test_key()
        assert raised.value.__context__ is None
        assert raised.value.__cause__ is None


def test_the_environment_changes_neither_the_way_nor_the_key(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login other password other")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with client_of(sandbox, retries=0) as client:
        client.test_key()


@pytest.mark.parametrize("fault", ["status:500", "status:503", "truncated", "reset"])
def test_a_passing_fault_is_tried_again_after_1_2_and_4_seconds(
    sandbox: Sandbox, faults: Any, naps: list[float], fault: str
) -> None:
    faults(fault, times=3)
    with client_of(sandbox) as client:
        client.test_key()
    assert naps == [1, 2, 4]


def test_after_three_retries_it_is_given_up(sandbox: Sandbox, naps: list[float]) -> None:
    with client_of(sandbox, "5000") as client, pytest.raises(ProviderUnavailable):
        client.test_key()
    assert naps == [1, 2, 4]


@pytest.mark.parametrize("fault", ["status:400", "status:403", "status:404", "html", "redirect"])
def test_what_trying_again_will_not_mend_is_not_tried_again(
    sandbox: Sandbox, faults: Any, naps: list[float], fault: str
) -> None:
    faults(fault, times=1)
    with client_of(sandbox) as client, pytest.raises(UnexpectedResponse):
        client.test_key()
    assert naps == []


def test_retry_after_is_obeyed(sandbox: Sandbox, faults: Any, naps: list[float]) -> None:
    faults("status:429", times=1)
    with client_of(sandbox) as client:
        client.test_key()
    assert naps == [2]


def test_each_attempt_and_each_wait_is_a_sign_of_life(sandbox: Sandbox, faults: Any) -> None:
    signs: list[str] = []
    faults("status:500", times=1)
    with client_of(sandbox, on_attempt=lambda: signs.append("here")) as client:
        client.test_key()
    assert len(signs) == 3


@pytest.mark.parametrize(
    ("account", "reported"),
    [
        ("8702", "succeeded"),
        ("4010", "succeeded"),
        ("4290", "succeeded"),
        ("5000", "failed"),
        ("6000", "failed"),
        ("7002", "failed"),
        ("2000", "failed"),
        ("7001", "failed"),
    ],
)
def test_the_breaker_hears_how_a_call_ended(sandbox: Sandbox, account: str, reported: str) -> None:
    breaker = RecordingBreaker()
    client = client_of(sandbox, account, breaker=breaker, retries=0, read_timeout=0.1)
    with suppress(IntegrationError), client:
        client.test_key()
    assert breaker.calls == ["before_call", reported]


def test_an_open_circuit_is_no_attempt_and_not_waited_for(
    sandbox: Sandbox, naps: list[float]
) -> None:
    breaker = OpenBreaker()
    with client_of(sandbox, breaker=breaker) as client, pytest.raises(CircuitOpen):
        client.test_key()
    assert (naps, breaker.calls) == ([], [])


def test_all_pages_bring_all_sales_once(sandbox: Sandbox) -> None:
    before = datetime.now(UTC)
    with client_of(sandbox) as client:
        pages = list(client.sales_pages(None))
    orders = [parse_order(item) for page in pages for item in page.items]
    assert [(page.number, page.last_page, page.total) for page in pages] == [
        (number, 5, 45) for number in range(1, 6)
    ]
    assert [page.has_next for page in pages] == [True, True, True, True, False]
    assert len({order.external_id for order in orders}) == 45
    assert all(before <= page.fetched_at <= datetime.now(UTC) for page in pages)


def test_a_run_goes_on_at_its_page(sandbox: Sandbox) -> None:
    with client_of(sandbox) as client:
        assert [page.number for page in client.sales_pages(None, start_page=4)] == [4, 5]


def test_since_is_sent_in_sao_paulos_time(sandbox: Sandbox) -> None:
    arguments = {"account": "8703", "count": 3}
    with client_of(sandbox, "8703") as client:
        client.fetch_sales(None, 1)
        since = datetime.now(UTC) - timedelta(minutes=1)
        url = f"{sandbox.base_url}/_control/orders"
        requests.post(url, json=arguments, timeout=60).raise_for_status()
        assert client.fetch_sales(since, 1).total == 3
        assert client.fetch_sales(since + timedelta(minutes=10), 1).items == []


@pytest.mark.parametrize("fault", ["empty_page", "duplicate_page"])
@pytest.mark.parametrize("after", [1, 4], ids=["in_the_middle", "at_the_end"])
def test_a_page_without_its_sales_is_asked_for_again(
    sandbox: Sandbox, faults: Any, naps: list[float], fault: str, after: int
) -> None:
    faults(fault, path="sales", after=after, times=1)
    with client_of(sandbox) as client:
        sizes = [len(page.items) for page in client.sales_pages(None)]
    assert (sizes, naps) == ([10, 10, 10, 10, 5], [1.0])


@pytest.mark.parametrize("fault", ["empty_page", "duplicate_page"])
def test_a_page_that_stays_without_its_sales_ends_the_run_with_an_error(
    sandbox: Sandbox, faults: Any, naps: list[float], fault: str
) -> None:
    faults(fault, path="sales", after=1, times=None)
    with client_of(sandbox) as client, pytest.raises(ProviderUnavailable):
        list(client.sales_pages(None))


def test_a_run_that_goes_on_sees_that_its_page_only_repeats_the_one_before(
    sandbox: Sandbox, faults: Any, naps: list[float]
) -> None:
    faults("duplicate_page", path="sales", after=1, times=None)
    with client_of(sandbox) as client, pytest.raises(ProviderUnavailable, match="no lugar da 2"):
        list(client.sales_pages(None, start_page=2))


def test_pages_in_a_circle_end_the_run_with_an_error(sandbox: Sandbox, faults: Any) -> None:
    faults("loop_next", path="sales", after=1, times=1)
    with client_of(sandbox) as client, pytest.raises(UnexpectedResponse, match="não avança"):
        list(client.sales_pages(None))
