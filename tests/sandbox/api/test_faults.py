import time
from typing import Any

import pytest
import requests

from sandbox.server import Sandbox
from tests.sandbox.client import SandboxClient


def numbers(page: Any) -> list[str]:
    return [item["order"]["order_number"] for item in page["data"]]


def statuses(client: SandboxClient, count: int, path: str = "products") -> list[int]:
    return [client.get(path).status_code for _ in range(count)]


@pytest.mark.parametrize(("account", "status"), [("4010", 401), ("5000", 500), ("4290", 429)])
@pytest.mark.parametrize("path", ["products", "sales"])
def test_faulty_accounts_always_fail(
    shared_client: SandboxClient, account: str, status: int, path: str
) -> None:
    assert shared_client.get(path, account).status_code == status


def test_too_many_requests_has_retry_after(shared_client: SandboxClient) -> None:
    assert shared_client.get("sales", "4290").headers["Retry-After"] == "2"


def test_account_2000_gets_html(shared_client: SandboxClient) -> None:
    response = shared_client.get("products", "2000")
    assert (response.status_code, "Not Found | Coinzz" in response.text) == (200, True)


def test_account_3020_is_redirected_to_the_login(shared_client: SandboxClient) -> None:
    response = shared_client.get("products", "3020")
    assert (response.status_code, response.headers["Location"]) == (302, "/login")


def test_account_7000_gets_truncated_json(shared_client: SandboxClient) -> None:
    with pytest.raises(requests.exceptions.JSONDecodeError):
        shared_client.get("sales", "7000").json()


def test_account_7001_gets_another_shape(shared_client: SandboxClient) -> None:
    assert shared_client.get("products", "7001").json() == {"data": None}


def test_account_7002_gets_a_connection_reset(shared_client: SandboxClient) -> None:
    with pytest.raises(requests.exceptions.ConnectionError, match="reset by peer"):
        shared_client.get("products", "7002")


def test_slow_account_6000_does_not_delay_the_stop() -> None:
    with Sandbox(sales=0) as sandbox:
        with pytest.raises(requests.exceptions.ReadTimeout):
            requests.get(
                f"{sandbox.api_url}/products",
                headers={"Authorization": f"Bearer {sandbox.api_key('6000')}"},
                timeout=0.2,
            )
        start = time.monotonic()
    assert time.monotonic() - start < 30  # the response would take 60 s


def test_scripted_fault_ends_after_its_requests(client: SandboxClient) -> None:
    client.control("POST", "faults", fault="status:503", times=2, after=1)
    assert statuses(client, 5) == [200, 503, 503, 200, 200]
    assert client.control("GET", "faults") == {"faults": []}


def test_scripted_fault_without_times_lasts_until_cleared(client: SandboxClient) -> None:
    client.control("POST", "faults", fault="status:500")
    assert statuses(client, 3) == [500, 500, 500]
    assert client.control("DELETE", "faults") == {"faults": []}
    assert statuses(client, 1) == [200]


def test_scripted_fault_is_limited_to_its_account_and_path(client: SandboxClient) -> None:
    client.control("POST", "faults", fault="status:500", account="8702", path="sales")
    assert client.get("products").status_code == 200
    assert client.get("sales", "8704").status_code == 200
    assert client.get("sales").status_code == 500


def test_scripted_faults_apply_one_after_the_other(client: SandboxClient) -> None:
    client.control("POST", "faults", fault="status:500", times=1)
    client.control("POST", "faults", fault="status:429", times=1)
    assert statuses(client, 3) == [500, 429, 200]


def test_slow_fault_delays_the_response(client: SandboxClient) -> None:
    client.control("POST", "faults", fault="slow:0.3", times=1)
    start = time.monotonic()
    assert statuses(client, 1) == [200]
    assert time.monotonic() - start >= 0.3


def test_empty_page_keeps_links_and_meta(client: SandboxClient) -> None:
    complete = client.sales()
    client.control("POST", "faults", fault="empty_page", times=1)
    assert client.sales() == {**complete, "data": []}


def test_loop_next_links_to_the_same_page_without_an_end(client: SandboxClient) -> None:
    client.control("POST", "faults", fault="loop_next", times=1)
    page = client.sales(page=5, per_page=50)
    assert page["links"]["next"].endswith("/api/sales?page=5&per_page=50")
    assert (page["meta"]["current_page"], page["meta"]["last_page"]) == (5, 6)


def test_duplicate_page_repeats_the_previous_page(client: SandboxClient) -> None:
    first = numbers(client.sales(page=1))
    client.control("POST", "faults", fault="duplicate_page", times=1)
    second = client.sales(page=2)
    assert numbers(second) == first
    assert second["meta"]["current_page"] == 2


@pytest.mark.parametrize("fault", ["truncated", "reset", "wrong_shape", "html", "redirect"])
def test_other_faults_can_be_scripted(client: SandboxClient, fault: str) -> None:
    scripted = client.control("POST", "faults", fault=fault, times=1)
    assert scripted == {
        "faults": [{"fault": fault, "account": None, "path": None, "times": 1, "after": 0}]
    }


@pytest.mark.parametrize(
    "arguments",
    [
        {"fault": "flood"},
        {"fault": "status:200"},
        {"fault": "html", "path": "orders"},
        {"fault": "html", "times": 0},
        {"fault": "html", "account": "12"},
    ],
)
def test_invalid_scripted_fault_is_refused(
    shared_sandbox: Sandbox, arguments: dict[str, Any]
) -> None:
    response = requests.post(
        f"{shared_sandbox.base_url}/_control/faults", json=arguments, timeout=60
    )
    assert (response.status_code, list(response.json())) == (400, ["error"])
