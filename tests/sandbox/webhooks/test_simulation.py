from typing import Any

from tests.sandbox.client import SandboxClient
from tests.sandbox.receiver import Receiver
from tests.waiting import wait_until


def simulate(client: SandboxClient, receiver: Receiver, **options: Any) -> None:
    client.control("POST", "webhooks", url=receiver.url, rate=400, **options)


def kind(body: dict[str, Any]) -> str:
    return next(key for key in ("subscription", "affiliate_request", "order") if key in body)


def test_orders_advance_and_send_webhooks(client: SandboxClient, receiver: Receiver) -> None:
    simulate(client, receiver)
    receiver.wait_for(200)
    client.control("DELETE", "webhooks")
    bodies = [webhook.body for webhook in receiver.webhooks]
    assert {kind(body) for body in bodies} == {"subscription", "affiliate_request", "order"}
    states_by_order: dict[str, set[tuple[str, str]]] = {}
    for order in (body["order"] for body in bodies if kind(body) == "order"):
        states = states_by_order.setdefault(order["order_number"], set())
        states.add((order["order_status"], order["shipping_status"]))
    assert max(map(len, states_by_order.values())) >= 3


def test_api_returns_the_orders_of_the_webhooks(client: SandboxClient, receiver: Receiver) -> None:
    simulate(client, receiver)
    receiver.wait_for(50)
    client.control("DELETE", "webhooks")
    listed = {item["order"]["order_number"] for item in client.all_sales()}
    bodies = [webhook.body for webhook in receiver.webhooks]
    delivered = {body["order"]["order_number"] for body in bodies if "order" in body}
    assert delivered - {None} <= listed


def test_subscriptions_renew_with_the_next_cycle(client: SandboxClient, receiver: Receiver) -> None:
    simulate(client, receiver)
    wait_until(lambda: any(cycle(webhook.body) > 1 for webhook in list(receiver.webhooks)))
    client.control("DELETE", "webhooks")
    bodies = [webhook.body for webhook in receiver.webhooks]
    renewal = next(body for body in bodies if cycle(body) > 1)
    assert set(renewal) == {"subscription", "client", "order", "utms", "general_info"}
    assert set(renewal["general_info"]) == {"date_sent", "name_sent"}


def test_subscriptions_can_be_excluded(client: SandboxClient, receiver: Receiver) -> None:
    simulate(client, receiver, subscription=False)
    receiver.wait_for(100)
    client.control("DELETE", "webhooks")
    assert [webhook for webhook in receiver.webhooks if "subscription" in webhook.body] == []


def test_simulation_begins_with_every_kind_of_webhook(
    client: SandboxClient, receiver: Receiver
) -> None:
    simulate(client, receiver)
    bodies = [webhook.body for webhook in receiver.wait_for(20)]
    assert {kind(body) for body in bodies} == {"subscription", "affiliate_request", "order"}
    assert any(map(is_broken, bodies))


def test_removing_the_receiver_stops_the_simulation(
    client: SandboxClient, receiver: Receiver
) -> None:
    simulate(client, receiver)
    receiver.wait_for(10)
    client.control("DELETE", "webhooks")
    wait_until(lambda: bool(client.stats()["waiting"] == 0))
    count = len(receiver.webhooks)
    assert client.control("GET", "stats")["accounts"]["8702"]["delivered"] == count


def is_broken(body: dict[str, Any]) -> bool:
    order = body.get("order", {"order_number": "", "order_final_price": ""})
    return order["order_number"] is None or order["order_final_price"] == "a combinar"


def cycle(body: dict[str, Any]) -> int:
    return int(body.get("subscription", {}).get("cycle", 0))
