import re
from typing import Any

import pytest
import requests

from sandbox.server import Sandbox
from tests.sandbox.client import SandboxClient
from tests.sandbox.conftest import SALES


def numbers(items: list[Any]) -> list[str]:
    return [item["order"]["order_number"] for item in items]


def test_a_key_has_digits_and_48_characters(resting: Sandbox) -> None:
    assert re.fullmatch(r"8702\|[0-9A-Za-z]{48}", resting.api_key())


@pytest.mark.parametrize(
    "token",
    ["", "8702", "8702|short", "0999|" + "a" * 48, "10000|" + "a" * 48, "8702|" + "-" * 48],
)
def test_other_keys_are_refused(resting: Sandbox, token: str) -> None:
    response = requests.get(
        f"{resting.api_url}/products", headers={"Authorization": f"Bearer {token}"}, timeout=60
    )
    assert response.status_code == 401
    assert response.json() == {"success": False, "message": "Unauthenticated."}


def test_products_come_in_the_envelope(reader: SandboxClient) -> None:
    answer = reader.get("products").json()
    assert (answer["success"], answer["errors"]) == (True, None)
    assert answer["data"][0] == {
        "id": 1,
        "code": "pro0001",
        "name": "Creme Aurora",
        "price": 149.9,
    }


def test_pages_hold_every_order_once(reader: SandboxClient) -> None:
    items = [item for page in (1, 2, 3) for item in reader.sales(page=page, per_page=100)["data"]]
    assert len(items) == len(set(numbers(items))) == SALES
    assert set(items[0]) <= {"client", "order", "utms"}


def test_a_page_says_where_it_stands(reader: SandboxClient, resting: Sandbox) -> None:
    page = reader.sales(page=2, per_page=100, since="2020-01-01 00:00:00")
    query = "page={}&per_page=100&since=2020-01-01+00%3A00%3A00"
    link = f"{resting.api_url}/sales?{query}"
    assert page["meta"] == {"current_page": 2, "last_page": 3, "per_page": 100, "total": SALES}
    assert page["links"] == {
        "first": link.format(1),
        "last": link.format(3),
        "prev": link.format(1),
        "next": link.format(3),
    }


def test_the_last_page_has_no_next_and_those_beyond_are_empty(reader: SandboxClient) -> None:
    assert reader.sales(page=3, per_page=100)["links"]["next"] is None
    assert reader.sales(page=4, per_page=100)["data"] == []


def test_a_page_has_50_orders_unless_told_and_200_at_most(reader: SandboxClient) -> None:
    assert len(reader.sales()["data"]) == 50
    assert len(reader.sales(per_page=1000)["data"]) == 200


def test_the_newest_change_comes_first(caller: SandboxClient) -> None:
    caller.control("POST", "change", count=3)
    first = numbers(caller.sales()["data"])[:3]
    caller.control("POST", "orders", count=1)
    assert numbers(caller.sales()["data"])[1:4] == first


def test_since_is_inclusive_and_goes_by_the_time_of_change(reader: SandboxClient) -> None:
    orders = reader.control("GET", "orders")["orders"]
    since = sorted(order["changedAt"] for order in orders)[-10]
    expected = {o["body"]["order"]["order_number"] for o in orders if o["changedAt"] >= since}
    later = reader.control("GET", "orders", page=2)["orders"]
    expected |= {o["body"]["order"]["order_number"] for o in later if o["changedAt"] >= since}
    assert set(numbers(reader.all_sales(since=since))) == expected


def test_nothing_changed_since_tomorrow(reader: SandboxClient) -> None:
    page = reader.sales(since="2099-01-01 00:00:00")
    assert (page["data"], page["meta"]["total"], page["meta"]["last_page"]) == ([], 0, 1)


@pytest.mark.parametrize(
    ("name", "value"),
    [("since", "ontem"), ("page", "0"), ("page", "9" * 30), ("per_page", "muitos")],
)
def test_a_wrong_parameter_is_named(reader: SandboxClient, name: str, value: str) -> None:
    response = reader.get("sales", **{name: value})
    assert (response.status_code, list(response.json()["errors"])) == (422, [name])


def test_accounts_have_orders_of_their_own(reader: SandboxClient) -> None:
    assert numbers(reader.sales("8702")["data"]) != numbers(reader.sales("8704")["data"])


def test_any_key_of_an_account_opens_it(reader: SandboxClient, resting: Sandbox) -> None:
    other = requests.get(
        f"{resting.api_url}/sales",
        headers={"Authorization": "Bearer 8702|" + "A" * 48},
        timeout=60,
    )
    assert other.json() == reader.sales()


def test_an_unknown_path_is_a_page_with_status_200(resting: Sandbox) -> None:
    response = requests.get(f"{resting.base_url}/api/v1/sales", timeout=60)
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/html; charset=UTF-8"
    assert "<title>Not Found | Coinzz</title>" in response.text


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_a_wrong_method_leads_to_the_login(resting: Sandbox, method: str) -> None:
    url = f"{resting.api_url}/sales"
    response = requests.request(method, url, json={}, allow_redirects=False, timeout=60)
    assert (response.status_code, response.headers["Location"]) == (302, "/login")
    assert "<title>Login | Coinzz</title>" in requests.get(f"{resting.base_url}/login").text


def test_the_first_page_explains_itself_in_portuguese(resting: Sandbox) -> None:
    page = requests.get(resting.base_url, timeout=60)
    assert "<h1>Sandbox da Coinzz</h1>" in page.content.decode()
