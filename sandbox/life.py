"""An account's life on a shortened clock: orders are born, move on, and are told of."""

import time
from collections.abc import Sequence
from random import Random
from threading import Event, Thread

from sandbox.accounts import Accounts
from sandbox.delivery import Courier
from sandbox.orders import Order, compact
from sandbox.stages import draw
from sandbox.store import Receiver

_OPEN_ORDERS = 40
"""No more are born while so many are on their way, so that each comes to its end."""
_FEWEST_OPEN = 4
_RESENT = 0.03
_RESENT_AFTER = (2.0, 20.0)
"""Seconds."""
_LATE = 0.03
_LATE_BY = (10.0, 30.0)
"""Seconds: long enough for the order's next change to overtake it."""
_EVENTS = {
    "order": 0.300,
    "advance": 0.587,
    "subscription": 0.030,
    "renewal": 0.050,
    "request": 0.030,
    "mistake": 0.003,
}
ALL_KINDS = ("order", "subscription", "request", "mistake")
"""What a new life begins with, so that whoever watches sees all of it within seconds."""
_OF_SUBSCRIPTIONS = ("subscription", "renewal")


class Life:
    """Goes on in a thread of its own from `start` to `stop`; the account is open already."""

    def __init__(
        self,
        accounts: Accounts,
        courier: Courier,
        receiver: Receiver,
        *,
        first: Sequence[str] = (),
    ) -> None:
        self._accounts = accounts
        self._courier = courier
        self._receiver = receiver
        self._account = receiver.account
        self._dice = Random()
        self._first = iter(first)
        self._open: list[int] = []
        self._stopping = Event()
        self._thread = Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        self._open = self._accounts.store.newest_open(self._account, _OPEN_ORDERS // 2)
        while not self._stopping.wait(self._dice.expovariate(self._receiver.rate)):
            self._happen()

    def _happen(self) -> None:
        match self._choose():
            case "request":
                self._request_affiliation()
            case "advance":
                self._advance()
            case "subscription":
                self._begin(self._accounts.subscribe(self._account))
            case "renewal":
                self._begin(self._accounts.renew(self._account))
            case "mistake":
                self._mistake()
            case _:
                (order,) = self._accounts.new_orders(self._account, 1)
                self._begin(order)

    def _choose(self) -> str:
        event = next(self._first, None) or draw(self._dice, _EVENTS)
        if event in _OF_SUBSCRIPTIONS and not self._receiver.subscription:
            event = "advance"
        if event == "order" and len(self._open) >= _OPEN_ORDERS:
            return "advance"
        if event == "advance" and len(self._open) <= _FEWEST_OPEN:
            return "order"
        return event

    def _begin(self, order: Order) -> None:
        self._open.append(order.sequence)
        self._tell(order.webhook(time.time()))

    def _advance(self) -> None:
        """Move on one of the orders that have waited longest; let go of those at their end."""
        while self._open:
            sequence = self._open.pop(self._dice.randrange((len(self._open) + 1) // 2))
            order = self._accounts.advance(self._account, sequence)
            if order is not None:
                self._open.append(sequence)
                late = self._dice.random() < _LATE
                delay = self._dice.uniform(*_LATE_BY) if late else 0.0
                self._tell(order.webhook(time.time()), delay=delay)
                return

    def _request_affiliation(self) -> None:
        seller = self._accounts.seller(self._account)
        request = seller.affiliation_request(time.time(), self._dice)
        self._tell(compact(request).encode())

    def _mistake(self) -> None:
        """Tell of a new order in a way that can't be read; what follows of it is well again."""
        (order,) = self._accounts.new_orders(self._account, 1)
        self._open.append(order.sequence)
        self._tell(order.mistaken(self._dice))

    def _tell(self, body: bytes, *, delay: float = 0.0) -> None:
        self._courier.send(self._receiver, body, delay=delay)
        if self._dice.random() < _RESENT:
            again = delay + self._dice.uniform(*_RESENT_AFTER)
            self._courier.send(self._receiver, body, delay=again)
