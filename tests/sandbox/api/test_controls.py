from typing import Any

import pytest
import requests

from sandbox.server import Sandbox
from tests.sandbox.client import SandboxClient
from tests.sandbox.conftest import SALES
from tests.sandbox.receiver import Receiver
from tests.waiting import wait_until


def states(client: SandboxClient) -> dict[str, tuple[str, str]]:
    return {
        order["order_number"]: (order["order_status"], order["shipping_status"])
        for order in (item["order"] for item in client.all_sales())
    }


def test_key_returns_the_key_of_the_account(
    shared_client: SandboxClient, shared_sandbox: Sandbox
) -> None:
    assert shared_client.control("GET", "key") == {
        "account": "8702",
        "apiKey": shared_sandbox.api_key(),
    }
    key = requests.get(f"{shared_sandbox.base_url}/_control/key?account=8703", timeout=60).json()[
        "apiKey"
    ]
    assert key == shared_sandbox.api_key("8703")


def test_orders_are_listed_oldest_first(shared_client: SandboxClient) -> None:
    first, second = (shared_client.control("GET", "orders", page=page) for page in (1, 2))
    assert (first["total"], first["lastPage"], second["page"]) == (SALES, 2, 2)
    orders = first["orders"] + second["orders"]
    dates = [order["body"]["order"]["date_order"] for order in orders]
    assert (len(orders), dates) == (SALES, sorted(dates))


def test_new_orders_are_not_delivered_by_default(client: SandboxClient, receiver: Receiver) -> None:
    client.control("POST", "webhooks", url=receiver.url, rate=0)
    result = client.control("POST", "orders", count=3)
    assert result == {"account": "8702", "created": 3, "queued": 0}
    assert client.sales()["meta"]["total"] == SALES + 3
    assert client.stats()["delivered"] == 0
    assert receiver.webhooks == []


def test_new_orders_can_be_delivered(client: SandboxClient, receiver: Receiver) -> None:
    client.control("POST", "webhooks", url=receiver.url, rate=0)
    assert client.control("POST", "orders", count=2, deliver=True)["queued"] == 2
    delivered = {webhook.body["order"]["order_number"] for webhook in receiver.wait_for(2)}
    assert delivered == {item["order"]["order_number"] for item in client.sales(per_page=2)["data"]}


def test_change_advances_open_orders() -> None:
    with Sandbox(sales=0) as sandbox:
        client = SandboxClient(sandbox)
        client.control("POST", "orders", count=5)
        before = states(client)
        assert client.control("POST", "change", count=5)["changed"] == 5
        after = states(client)
    assert len(before) == 5
    assert before.keys() == after.keys()
    assert all(after[number] != before[number] for number in before)


def test_change_can_change_every_order(client: SandboxClient) -> None:
    before = {item["order"]["order_number"]: item for item in client.all_sales()}
    assert client.control("POST", "change", count=10_000)["changed"] == SALES
    after = {item["order"]["order_number"]: item for item in client.all_sales()}
    assert before.keys() == after.keys()
    assert all(after[number] != before[number] for number in before)


def test_burst_delivers_every_order_once(client: SandboxClient, receiver: Receiver) -> None:
    client.control("POST", "webhooks", url=receiver.url, rate=0)
    burst = client.control("POST", "burst", count=300)
    assert burst == {"account": "8702", "created": 300, "queued": 300}
    receiver.wait_for(300)
    wait_until(lambda: bool(client.stats()["waiting"] == 0))
    delivered = {webhook.body["order"]["order_number"] for webhook in receiver.webhooks}
    assert (len(receiver.webhooks), len(delivered)) == (300, 300)
    assert client.stats() == {
        "orders": SALES + 300,
        "waiting": 0,
        "delivered": 300,
        "retried": 0,
        "failed": 0,
        "lastStatus": 200,
    }


@pytest.mark.parametrize(
    ("path", "arguments"),
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
def test_invalid_arguments_are_refused(
    shared_sandbox: Sandbox, path: str, arguments: dict[str, Any]
) -> None:
    response = requests.post(
        f"{shared_sandbox.base_url}/_control/{path}", json=arguments, timeout=60
    )
    assert (response.status_code, list(response.json())) == (400, ["error"])


@pytest.mark.parametrize("body", [b"[]", b"{", b"\xff"])
def test_body_that_is_not_an_object_is_refused(shared_sandbox: Sandbox, body: bytes) -> None:
    response = requests.post(f"{shared_sandbox.base_url}/_control/orders", data=body, timeout=60)
    assert response.status_code == 400


def test_unknown_controls_and_methods_are_refused(shared_sandbox: Sandbox) -> None:
    assert requests.get(f"{shared_sandbox.base_url}/_control/magic", timeout=60).status_code == 404
    response = requests.put(f"{shared_sandbox.base_url}/_control/webhooks", timeout=60)
    assert (response.status_code, response.headers["Allow"]) == (405, "POST, DELETE")


def test_body_that_is_too_large_is_refused(shared_sandbox: Sandbox) -> None:
    response = requests.post(
        f"{shared_sandbox.base_url}/_control/orders",
        data=b"",
        headers={"Content-Length": "1048577"},
        timeout=60,
    )
    assert response.status_code == 413
