"""An account's activity in fast motion: orders are created, advance, and send webhooks."""

import time
from collections.abc import Sequence
from random import Random
from threading import Event, Thread

from sandbox.accounts import Accounts
from sandbox.orders.order import Order, to_json
from sandbox.orders.stages import weighted_choice
from sandbox.store import Receiver
from sandbox.webhooks.sender import WebhookSender

_MAX_OPEN_ORDERS = 40
"""No order is created while so many are open, so that each one reaches its end."""
_MIN_OPEN_ORDERS = 4
_RESEND_PROBABILITY = 0.03
_RESEND_DELAY_SECONDS = (2.0, 20.0)
_LATE_PROBABILITY = 0.03
_LATE_SECONDS = (10.0, 30.0)
"""Long enough for the order's next change to arrive earlier."""
_EVENT_WEIGHTS = {
    "order": 0.300,
    "advance": 0.587,
    "subscription": 0.030,
    "renewal": 0.050,
    "affiliation": 0.030,
    "broken": 0.003,
}
INITIAL_EVENTS = ("order", "subscription", "affiliation", "broken")
"""The first events of a new receiver: each kind of webhook is seen within seconds."""
_SUBSCRIPTION_EVENTS = ("subscription", "renewal")


class Simulation:
    """Runs in a thread of its own from `start` to `stop`. The account must be open."""

    def __init__(
        self,
        accounts: Accounts,
        sender: WebhookSender,
        receiver: Receiver,
        *,
        initial_events: Sequence[str] = (),
    ) -> None:
        self._accounts = accounts
        self._sender = sender
        self._receiver = receiver
        self._account = receiver.account
        self._random = Random()
        self._initial_events = iter(initial_events)
        self._open_orders: list[int] = []
        self._stopping = Event()
        self._thread = Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        store = self._accounts.store
        self._open_orders = store.latest_open(self._account, _MAX_OPEN_ORDERS // 2)
        while not self._stopping.wait(self._random.expovariate(self._receiver.rate)):
            self._simulate_event()

    def _simulate_event(self) -> None:
        match self._next_event():
            case "affiliation":
                self._request_affiliation()
            case "advance":
                self._advance_order()
            case "subscription":
                self._send_new_order(self._accounts.create_subscription(self._account))
            case "renewal":
                self._send_new_order(self._accounts.renew_subscription(self._account))
            case "broken":
                self._send_broken_order()
            case _:
                (order,) = self._accounts.create_orders(self._account, 1)
                self._send_new_order(order)

    def _next_event(self) -> str:
        event = next(self._initial_events, None) or weighted_choice(self._random, _EVENT_WEIGHTS)
        if event in _SUBSCRIPTION_EVENTS and not self._receiver.subscription:
            event = "advance"
        if event == "order" and len(self._open_orders) >= _MAX_OPEN_ORDERS:
            return "advance"
        if event == "advance" and len(self._open_orders) <= _MIN_OPEN_ORDERS:
            return "order"
        return event

    def _send_new_order(self, order: Order) -> None:
        self._open_orders.append(order.sequence)
        self._send(order.webhook(time.time()))

    def _advance_order(self) -> None:
        """Advance an order of the longer unchanged half. Orders at their end are dropped."""
        while self._open_orders:
            half = (len(self._open_orders) + 1) // 2
            sequence = self._open_orders.pop(self._random.randrange(half))
            order = self._accounts.advance_order(self._account, sequence)
            if order is not None:
                self._open_orders.append(sequence)
                is_late = self._random.random() < _LATE_PROBABILITY
                delay = self._random.uniform(*_LATE_SECONDS) if is_late else 0.0
                self._send(order.webhook(time.time()), delay=delay)
                return

    def _request_affiliation(self) -> None:
        seller = self._accounts.seller(self._account)
        request = seller.affiliation_request(time.time(), self._random)
        self._send(to_json(request).encode())

    def _send_broken_order(self) -> None:
        """Create an order whose first webhook is broken. Its later webhooks are valid."""
        (order,) = self._accounts.create_orders(self._account, 1)
        self._open_orders.append(order.sequence)
        self._send(order.broken_webhook(self._random))

    def _send(self, body: bytes, *, delay: float = 0.0) -> None:
        self._sender.send(self._receiver, body, delay=delay)
        if self._random.random() < _RESEND_PROBABILITY:
            resend_delay = delay + self._random.uniform(*_RESEND_DELAY_SECONDS)
            self._sender.send(self._receiver, body, delay=resend_delay)
