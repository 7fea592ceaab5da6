from typing import Any

import pytest
import requests

from sandbox.server import Sandbox
from tests.sandbox.client import SandboxClient
from tests.sandbox.conftest import SALES
from tests.sandbox.receiver import Receiver, wait_until


def states(caller: SandboxClient) -> dict[str, tuple[str, str]]:
    return {
        order["order_number"]: (order["order_status"], order["shipping_status"])
        for order in (item["order"] for item in caller.all_sales())
    }


def test_key_gives_the_account_its_key(reader: SandboxClient, resting: Sandbox) -> None:
    assert reader.control("GET", "key") == {"account": "8702", "apiKey": resting.api_key()}
    key = requests.get(f"{resting.base_url}/_control/key?account=8703", timeout=60).json()["apiKey"]
    assert key == resting.api_key("8703")


def test_orders_are_listed_oldest_first(reader: SandboxClient) -> None:
    first, second = (reader.control("GET", "orders", page=page) for page in (1, 2))
    assert (first["total"], first["lastPage"], second["page"]) == (SALES, 2, 2)
    orders = first["orders"] + second["orders"]
    dates = [order["body"]["order"]["date_order"] for order in orders]
    assert (len(orders), dates) == (SALES, sorted(dates))


def test_new_orders_are_seen_by_the_api_alone(caller: SandboxClient, receiver: Receiver) -> None:
    caller.control("POST", "webhooks", url=receiver.url, rate=0)
    made = caller.control("POST", "orders", count=3)
    assert made == {"account": "8702", "created": 3, "queued": 0}
    assert caller.sales()["meta"]["total"] == SALES + 3
    assert caller.stats()["delivered"] == 0
    assert receiver.webhooks == []


def test_new_orders_can_be_delivered_too(caller: SandboxClient, receiver: Receiver) -> None:
    caller.control("POST", "webhooks", url=receiver.url, rate=0)
    assert caller.control("POST", "orders", count=2, deliver=True)["queued"] == 2
    told = {webhook.body["order"]["order_number"] for webhook in receiver.wait_for(2)}
    assert told == {item["order"]["order_number"] for item in caller.sales(per_page=2)["data"]}


def test_change_moves_open_orders_on() -> None:
    with Sandbox(sales=0) as sandbox:
        caller = SandboxClient(sandbox)
        caller.control("POST", "orders", count=5)
        born = states(caller)
        assert caller.control("POST", "change", count=5)["changed"] == 5
        moved = states(caller)
    assert len(born) == 5
    assert born.keys() == moved.keys()
    assert all(moved[number] != born[number] for number in born)


def test_change_can_touch_every_order(caller: SandboxClient) -> None:
    before = {item["order"]["order_number"]: item for item in caller.all_sales()}
    assert caller.control("POST", "change", count=10_000)["changed"] == SALES
    after = {item["order"]["order_number"]: item for item in caller.all_sales()}
    assert before.keys() == after.keys()
    assert all(after[number] != before[number] for number in before)


def test_a_burst_delivers_every_order_once(caller: SandboxClient, receiver: Receiver) -> None:
    caller.control("POST", "webhooks", url=receiver.url, rate=0)
    burst = caller.control("POST", "burst", count=300)
    assert burst == {"account": "8702", "created": 300, "queued": 300}
    receiver.wait_for(300)
    wait_until(lambda: bool(caller.stats()["waiting"] == 0))
    told = {webhook.body["order"]["order_number"] for webhook in receiver.webhooks}
    assert (len(receiver.webhooks), len(told)) == (300, 300)
    assert caller.stats() == {
        "orders": SALES + 300,
        "waiting": 0,
        "delivered": 300,
        "retried": 0,
        "failed": 0,
        "lastStatus": 200,
    }


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        ("burst", {"count": 1}),
        ("burst", {"count": 10_001}),
        ("orders", {"count": -1}),
        ("orders", {"count": 1.5}),
        ("orders", {"count": "muitos"}),
        ("orders", {"deliver": "sim"}),
        ("change", {"account": "999"}),
        ("change", {"account": ["8702"]}),
        ("webhooks", {}),
        ("webhooks", {"url": "ftp://loja.example/"}),
        ("webhooks", {"url": "http://loja.example:porta/"}),
        ("webhooks", {"url": "http://loja.example/a b"}),
        ("webhooks", {"url": "http://loja.example/", "rate": 1e9}),
    ],
)
def test_wrong_arguments_are_refused(resting: Sandbox, path: str, wrong: dict[str, Any]) -> None:
    response = requests.post(f"{resting.base_url}/_control/{path}", json=wrong, timeout=60)
    assert (response.status_code, list(response.json())) == (400, ["error"])


@pytest.mark.parametrize("body", [b"[]", b"{", b"\xff"])
def test_a_body_that_is_no_object_is_refused(resting: Sandbox, body: bytes) -> None:
    response = requests.post(f"{resting.base_url}/_control/orders", data=body, timeout=60)
    assert response.status_code == 400


def test_unknown_controls_and_methods(resting: Sandbox) -> None:
    assert requests.get(f"{resting.base_url}/_control/magic", timeout=60).status_code == 404
    response = requests.put(f"{resting.base_url}/_control/webhooks", timeout=60)
    assert (response.status_code, response.headers["Allow"]) == (405, "POST, DELETE")


def test_a_body_too_large_is_refused(resting: Sandbox) -> None:
    response = requests.post(
        f"{resting.base_url}/_control/orders",
        data=b"",
        headers={"Content-Length": "1048577"},
        timeout=60,
    )
    assert response.status_code == 413
