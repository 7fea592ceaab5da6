import re
from typing import Any

import pytest
import requests

from sandbox.server import Sandbox
from tests.sandbox.client import SandboxClient
from tests.sandbox.conftest import SALES


def numbers(items: list[Any]) -> list[str]:
    return [item["order"]["order_number"] for item in items]


def numbers_changed_since(since: str, orders: list[Any]) -> set[str]:
    return {
        order["body"]["order"]["order_number"] for order in orders if order["changedAt"] >= since
    }


def test_api_key_has_an_account_and_48_characters(shared_sandbox: Sandbox) -> None:
    assert re.fullmatch(r"8702\|[0-9A-Za-z]{48}", shared_sandbox.api_key())


@pytest.mark.parametrize(
    "token", ["", "8702", "8702|short", "0999|" + "a" * 48, "10000|" + "a" * 48, "8702|" + "-" * 48]
)
def test_invalid_keys_are_refused(shared_sandbox: Sandbox, token: str) -> None:
    response = requests.get(
        f"{shared_sandbox.api_url}/products",
        headers={"Authorization": f"Bearer {token}"},
        timeout=60,
    )
    assert response.status_code == 401
    assert response.json() == {"success": False, "message": "Unauthenticated."}


def test_products_have_coinzz_envelope(shared_client: SandboxClient) -> None:
    products = shared_client.get("products").json()
    assert (products["success"], products["errors"]) == (True, None)
    assert products["data"][0] == {
        "id": 1,
        "code": "pro0001",
        "name": "Creme Aurora",
        "price": 149.9,
    }


def test_pages_contain_every_order_once(shared_client: SandboxClient) -> None:
    items = [
        item for page in (1, 2, 3) for item in shared_client.sales(page=page, per_page=100)["data"]
    ]
    assert len(items) == len(set(numbers(items))) == SALES
    assert set(items[0]) <= {"client", "order", "utms"}


def test_page_has_links_and_meta(shared_client: SandboxClient, shared_sandbox: Sandbox) -> None:
    page = shared_client.sales(page=2, per_page=100, since="2020-01-01 00:00:00")
    query = "page={}&per_page=100&since=2020-01-01+00%3A00%3A00"
    link = f"{shared_sandbox.api_url}/sales?{query}"
    assert page["meta"] == {"current_page": 2, "last_page": 3, "per_page": 100, "total": SALES}
    assert page["links"] == {
        "first": link.format(1),
        "last": link.format(3),
        "prev": link.format(1),
        "next": link.format(3),
    }


def test_last_page_has_no_next_and_later_pages_are_empty(shared_client: SandboxClient) -> None:
    assert shared_client.sales(page=3, per_page=100)["links"]["next"] is None
    assert shared_client.sales(page=4, per_page=100)["data"] == []


def test_page_has_50_orders_by_default_and_at_most_200(shared_client: SandboxClient) -> None:
    assert len(shared_client.sales()["data"]) == 50
    assert len(shared_client.sales(per_page=1000)["data"]) == 200


def test_latest_change_comes_first(client: SandboxClient) -> None:
    client.control("POST", "change", count=3)
    first = numbers(client.sales()["data"])[:3]
    client.control("POST", "orders", count=1)
    assert numbers(client.sales()["data"])[1:4] == first


def test_since_is_inclusive_and_compares_the_time_of_change(shared_client: SandboxClient) -> None:
    orders = shared_client.control("GET", "orders")["orders"]
    since = sorted(order["changedAt"] for order in orders)[-10]
    expected = numbers_changed_since(since, orders)
    later = shared_client.control("GET", "orders", page=2)["orders"]
    expected |= numbers_changed_since(since, later)
    assert set(numbers(shared_client.all_sales(since=since))) == expected


def test_future_since_returns_an_empty_page(shared_client: SandboxClient) -> None:
    page = shared_client.sales(since="2099-01-01 00:00:00")
    assert (page["data"], page["meta"]["total"], page["meta"]["last_page"]) == ([], 0, 1)


@pytest.mark.parametrize(
    ("name", "value"),
    [("since", "ontem"), ("page", "0"), ("page", "9" * 30), ("per_page", "muitos")],
)
def test_invalid_parameter_is_named(shared_client: SandboxClient, name: str, value: str) -> None:
    response = shared_client.get("sales", **{name: value})
    assert (response.status_code, list(response.json()["errors"])) == (422, [name])


def test_accounts_have_different_orders(shared_client: SandboxClient) -> None:
    assert numbers(shared_client.sales("8702")["data"]) != numbers(
        shared_client.sales("8704")["data"]
    )


def test_any_key_of_an_account_is_accepted(
    shared_client: SandboxClient, shared_sandbox: Sandbox
) -> None:
    response = requests.get(
        f"{shared_sandbox.api_url}/sales",
        headers={"Authorization": "Bearer 8702|" + "A" * 48},
        timeout=60,
    )
    assert response.json() == shared_client.sales()


def test_unknown_path_returns_html_with_status_200(shared_sandbox: Sandbox) -> None:
    response = requests.get(f"{shared_sandbox.base_url}/api/v1/sales", timeout=60)
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/html; charset=UTF-8"
    assert "<title>Not Found | Coinzz</title>" in response.text


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_wrong_method_redirects_to_the_login(shared_sandbox: Sandbox, method: str) -> None:
    url = f"{shared_sandbox.api_url}/sales"
    response = requests.request(method, url, json={}, allow_redirects=False, timeout=60)
    assert (response.status_code, response.headers["Location"]) == (302, "/login")
    assert "<title>Login | Coinzz</title>" in requests.get(f"{shared_sandbox.base_url}/login").text


def test_index_page_is_in_portuguese(shared_sandbox: Sandbox) -> None:
    page = requests.get(shared_sandbox.base_url, timeout=60)
    assert "<h1>Sandbox da Coinzz</h1>" in page.content.decode()
