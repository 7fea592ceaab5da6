from typing import Any

from tests.sandbox.client import SandboxClient
from tests.sandbox.receiver import Receiver, wait_until


def live(caller: SandboxClient, receiver: Receiver, **options: Any) -> None:
    caller.control("POST", "webhooks", url=receiver.url, rate=400, **options)


def kind(body: dict[str, Any]) -> str:
    return next(key for key in ("subscription", "affiliate_request", "order") if key in body)


def test_orders_are_born_and_move_on_and_all_of_it_is_told(
    caller: SandboxClient, receiver: Receiver
) -> None:
    live(caller, receiver)
    receiver.wait_for(200)
    caller.control("DELETE", "webhooks")
    bodies = [webhook.body for webhook in receiver.webhooks]
    assert {kind(body) for body in bodies} == {"subscription", "affiliate_request", "order"}
    stories: dict[str, set[tuple[str, str]]] = {}
    for order in (body["order"] for body in bodies if kind(body) == "order"):
        states = stories.setdefault(order["order_number"], set())
        states.add((order["order_status"], order["shipping_status"]))
    assert max(map(len, stories.values())) >= 3


def test_the_api_shows_what_the_webhooks_told(caller: SandboxClient, receiver: Receiver) -> None:
    live(caller, receiver)
    receiver.wait_for(50)
    caller.control("DELETE", "webhooks")
    shown = {item["order"]["order_number"] for item in caller.all_sales()}
    told = {w.body["order"]["order_number"] for w in receiver.webhooks if "order" in w.body}
    assert told - {None} <= shown


def test_subscriptions_renew_with_the_next_cycle(caller: SandboxClient, receiver: Receiver) -> None:
    live(caller, receiver)
    wait_until(lambda: any(cycle(webhook.body) > 1 for webhook in list(receiver.webhooks)))
    caller.control("DELETE", "webhooks")
    renewal = next(w.body for w in receiver.webhooks if cycle(w.body) > 1)
    assert set(renewal) == {"subscription", "client", "order", "utms", "general_info"}
    assert set(renewal["general_info"]) == {"date_sent", "name_sent"}


def test_subscriptions_can_be_left_out(caller: SandboxClient, receiver: Receiver) -> None:
    live(caller, receiver, subscription=False)
    receiver.wait_for(100)
    caller.control("DELETE", "webhooks")
    assert [w for w in receiver.webhooks if "subscription" in w.body] == []


def test_a_life_begins_with_something_of_everything(
    caller: SandboxClient, receiver: Receiver
) -> None:
    live(caller, receiver)
    bodies = [webhook.body for webhook in receiver.wait_for(20)]
    assert {kind(body) for body in bodies} == {"subscription", "affiliate_request", "order"}
    assert any(map(is_mistaken, bodies))


def test_life_stops_when_told(caller: SandboxClient, receiver: Receiver) -> None:
    live(caller, receiver)
    receiver.wait_for(10)
    caller.control("DELETE", "webhooks")
    wait_until(lambda: bool(caller.stats()["waiting"] == 0))
    count = len(receiver.webhooks)
    assert caller.control("GET", "stats")["accounts"]["8702"]["delivered"] == count


def is_mistaken(body: dict[str, Any]) -> bool:
    order = body.get("order", {"order_number": "", "order_final_price": ""})
    return order["order_number"] is None or order["order_final_price"] == "a combinar"


def cycle(body: dict[str, Any]) -> int:
    return int(body.get("subscription", {}).get("cycle", 0))
