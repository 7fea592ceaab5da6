"""The seller accounts, which open at their first use, and the changes of their orders."""

import re
import time
from collections.abc import Mapping
from threading import Lock

from sandbox.orders.order import Order
from sandbox.orders.seller import KEY_LENGTH, Seller
from sandbox.orders.stages import ORDER_FIRST_STAGES, SUBSCRIPTION_FIRST_STAGES, next_stage
from sandbox.store import Store

DEFAULT_ACCOUNT = "8702"
_TOKEN = re.compile(rf"([1-9][0-9]{{3}})\|[0-9A-Za-z]{{{KEY_LENGTH}}}")
_ACCOUNT = re.compile(r"[1-9][0-9]{3}")


def account_of(token: str) -> str | None:
    """Return the account of an API key, or None if the text is no API key."""
    match = _TOKEN.fullmatch(token)
    return match[1] if match else None


def is_account(text: str) -> bool:
    return _ACCOUNT.fullmatch(text) is not None


class Accounts:
    def __init__(self, store: Store, *, seed: int, sales: int) -> None:
        self.store = store
        self._seed = seed
        self._sales = sales
        self._lock = Lock()
        self._opened = set(store.order_counts())

    def seller(self, account: str) -> Seller:
        return Seller(self._seed, account)

    def open(self, account: str) -> None:
        """Create the account with its past orders, unless it exists."""
        if account in self._opened:
            return
        with self._lock:
            if account not in self._opened:
                history = self.seller(account).history(self._sales, time.time())
                self.store.create_account(account, list(history))
                self._opened.add(account)

    def create_orders(
        self, account: str, count: int, first_stages: Mapping[str, float] = ORDER_FIRST_STAGES
    ) -> list[Order]:
        self.open(account)
        seller = self.seller(account)
        orders = [
            seller.new_order(sequence, time.time(), first_stages)
            for sequence in self.store.reserve_sequences(account, count)
        ]
        self.store.add(account, orders)
        return orders

    def create_subscription(self, account: str) -> Order:
        """Create a subscription, and return its first order."""
        (order,) = self.create_orders(account, 1, SUBSCRIPTION_FIRST_STAGES)
        return order

    def renew_subscription(self, account: str) -> Order:
        """Renew the subscription with the oldest payment, or create one if there is none."""
        self.open(account)
        with self.store.transaction():
            previous = self.store.oldest_in_stage(account, "subscription_paid")
            if previous is not None:
                (sequence,) = self.store.reserve_sequences(account, 1)
                renewal = self.seller(account).renewal(previous, sequence, time.time())
                previous.stage = "subscription_renewed"
                self.store.update(account, previous)
                self.store.add(account, [renewal])
                return renewal
        return self.create_subscription(account)

    def advance_order(self, account: str, sequence: int, *, force: bool = False) -> Order | None:
        """Change an order to its next stage. Returns None if it stays (see `next_stage`)."""
        with self.store.transaction():
            order = self.store.order(account, sequence)
            random = self.seller(account).random(sequence, order.stage)
            stage = next_stage(order.stage, random, force=force)
            if stage is None:
                return None
            order.enter_stage(stage, time.time(), random)
            self.store.update(account, order)
        return order

    def change_orders(self, account: str, count: int) -> list[Order]:
        """Advance `count` orders. Orders in a final stage get another tracking code."""
        self.open(account)
        with self.store.transaction():
            return [
                self.advance_order(account, sequence, force=True)
                or self._replace_tracking_code(account, sequence)
                for sequence in self.store.next_to_change(account, count)
            ]

    def _replace_tracking_code(self, account: str, sequence: int) -> Order:
        order = self.store.order(account, sequence)
        random = self.seller(account).random(sequence, order.changed_at)
        order.replace_tracking_code(time.time(), random)
        self.store.update(account, order)
        return order
