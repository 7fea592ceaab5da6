import time
from typing import Any

import pytest
import requests

from sandbox.server import Sandbox
from tests.sandbox.client import SandboxClient


def numbers(page: Any) -> list[str]:
    return [item["order"]["order_number"] for item in page["data"]]


def statuses(caller: SandboxClient, count: int, path: str = "products") -> list[int]:
    return [caller.get(path).status_code for _ in range(count)]


@pytest.mark.parametrize(("account", "status"), [("4010", 401), ("5000", 500), ("4290", 429)])
@pytest.mark.parametrize("path", ["products", "sales"])
def test_some_accounts_always_fail(
    reader: SandboxClient, account: str, status: int, path: str
) -> None:
    assert reader.get(path, account).status_code == status


def test_too_many_requests_says_when_to_come_back(reader: SandboxClient) -> None:
    assert reader.get("sales", "4290").headers["Retry-After"] == "2"


def test_account_2000_gets_a_page(reader: SandboxClient) -> None:
    response = reader.get("products", "2000")
    assert (response.status_code, "Not Found | Coinzz" in response.text) == (200, True)


def test_account_3020_is_sent_to_the_login(reader: SandboxClient) -> None:
    response = reader.get("products", "3020")
    assert (response.status_code, response.headers["Location"]) == (302, "/login")


def test_account_7000_gets_half_of_the_json(reader: SandboxClient) -> None:
    with pytest.raises(requests.exceptions.JSONDecodeError):
        reader.get("sales", "7000").json()


def test_account_7001_gets_another_shape(reader: SandboxClient) -> None:
    assert reader.get("products", "7001").json() == {"data": None}


def test_account_7002_loses_the_connection(reader: SandboxClient) -> None:
    with pytest.raises(requests.exceptions.ConnectionError, match="reset by peer"):
        reader.get("products", "7002")


def test_account_6000_is_slow_but_does_not_hold_up_the_end() -> None:
    with Sandbox(sales=0) as sandbox:
        with pytest.raises(requests.exceptions.ReadTimeout):
            requests.get(
                f"{sandbox.api_url}/products",
                headers={"Authorization": f"Bearer {sandbox.api_key('6000')}"},
                timeout=0.2,
            )
        start = time.monotonic()
    assert time.monotonic() - start < 30  # the answer would take 60 s


def test_a_script_spoils_the_next_requests_and_ends(caller: SandboxClient) -> None:
    caller.control("POST", "faults", fault="status:503", times=2, after=1)
    assert statuses(caller, 5) == [200, 503, 503, 200, 200]
    assert caller.control("GET", "faults") == {"faults": []}


def test_a_script_without_an_end_goes_on_until_cleared(caller: SandboxClient) -> None:
    caller.control("POST", "faults", fault="status:500")
    assert statuses(caller, 3) == [500, 500, 500]
    assert caller.control("DELETE", "faults") == {"faults": []}
    assert statuses(caller, 1) == [200]


def test_scripts_keep_to_their_account_and_path(caller: SandboxClient) -> None:
    caller.control("POST", "faults", fault="status:500", account="8702", path="sales")
    assert caller.get("products").status_code == 200
    assert caller.get("sales", "8704").status_code == 200
    assert caller.get("sales").status_code == 500


def test_scripts_follow_each_other(caller: SandboxClient) -> None:
    caller.control("POST", "faults", fault="status:500", times=1)
    caller.control("POST", "faults", fault="status:429", times=1)
    assert statuses(caller, 3) == [500, 429, 200]


def test_slow_answers_after_its_seconds(caller: SandboxClient) -> None:
    caller.control("POST", "faults", fault="slow:0.3", times=1)
    start = time.monotonic()
    assert statuses(caller, 1) == [200]
    assert time.monotonic() - start >= 0.3


def test_an_empty_page_still_claims_its_orders(caller: SandboxClient) -> None:
    whole = caller.sales()
    caller.control("POST", "faults", fault="empty_page", times=1)
    assert caller.sales() == {**whole, "data": []}


def test_loop_next_points_at_the_page_itself_and_never_ends(caller: SandboxClient) -> None:
    caller.control("POST", "faults", fault="loop_next", times=1)
    page = caller.sales(page=5, per_page=50)
    assert page["links"]["next"].endswith("/api/sales?page=5&per_page=50")
    assert (page["meta"]["current_page"], page["meta"]["last_page"]) == (5, 6)


def test_duplicate_page_repeats_the_page_before(caller: SandboxClient) -> None:
    first = numbers(caller.sales(page=1))
    caller.control("POST", "faults", fault="duplicate_page", times=1)
    second = caller.sales(page=2)
    assert numbers(second) == first
    assert second["meta"]["current_page"] == 2


@pytest.mark.parametrize("fault", ["truncated", "reset", "wrong_shape", "html", "redirect"])
def test_the_other_faults_can_be_scripted(caller: SandboxClient, fault: str) -> None:
    scripted = caller.control("POST", "faults", fault=fault, times=1)
    assert scripted == {
        "faults": [{"fault": fault, "account": None, "path": None, "times": 1, "after": 0}]
    }


@pytest.mark.parametrize(
    "wrong",
    [
        {"fault": "flood"},
        {"fault": "status:200"},
        {"fault": "html", "path": "orders"},
        {"fault": "html", "times": 0},
        {"fault": "html", "account": "12"},
    ],
)
def test_a_wrong_script_is_refused(resting: Sandbox, wrong: dict[str, Any]) -> None:
    response = requests.post(f"{resting.base_url}/_control/faults", json=wrong, timeout=60)
    assert (response.status_code, list(response.json())) == (400, ["error"])
