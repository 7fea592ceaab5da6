"""The seller accounts: opened when first asked for, and the changes their orders go through."""

import re
import time
from collections.abc import Mapping
from threading import Lock

from sandbox.orders import Order
from sandbox.sellers import KEY_LENGTH, Seller
from sandbox.stages import ORDER_STARTS, SUBSCRIPTION_STARTS, following
from sandbox.store import Store

DEFAULT_ACCOUNT = "8702"
_TOKEN = re.compile(rf"([1-9][0-9]{{3}})\|[0-9A-Za-z]{{{KEY_LENGTH}}}")
_ACCOUNT = re.compile(r"[1-9][0-9]{3}")


def account_of(token: str) -> str | None:
    """Read the account from an API key, or None where it doesn't look like one."""
    match = _TOKEN.fullmatch(token)
    return match[1] if match else None


def is_account(text: str) -> bool:
    return _ACCOUNT.fullmatch(text) is not None


class Accounts:
    def __init__(self, store: Store, *, seed: int, sales: int) -> None:
        self.store = store
        self._seed = seed
        self._sales = sales
        self._opening = Lock()
        self._open = set(store.accounts())

    def seller(self, account: str) -> Seller:
        return Seller(self._seed, account)

    def ensure(self, account: str) -> None:
        """Open the account with its history of orders, unless it is there already."""
        if account in self._open:
            return
        with self._opening:
            if account not in self._open:
                history = self.seller(account).history(self._sales, time.time())
                self.store.open_account(account, list(history))
                self._open.add(account)

    def new_orders(
        self, account: str, count: int, starts: Mapping[str, float] = ORDER_STARTS
    ) -> list[Order]:
        """Let `count` orders be born now."""
        self.ensure(account)
        seller = self.seller(account)
        orders = [
            seller.new_order(sequence, time.time(), starts)
            for sequence in self.store.reserve(account, count)
        ]
        self.store.add(account, orders)
        return orders

    def subscribe(self, account: str) -> Order:
        """Let a new subscription begin now, with its first order."""
        (order,) = self.new_orders(account, 1, SUBSCRIPTION_STARTS)
        return order

    def renew(self, account: str) -> Order:
        """Charge the next cycle of the subscription that waits the longest, or begin a new one."""
        self.ensure(account)
        with self.store.transaction():
            previous = self.store.longest_in(account, "subscription_paid")
            if previous is not None:
                (sequence,) = self.store.reserve(account, 1)
                renewal = self.seller(account).renewal(previous, sequence, time.time())
                previous.stage = "subscription_renewed"
                self.store.update(account, previous)
                self.store.add(account, [renewal])
                return renewal
        return self.subscribe(account)

    def advance(self, account: str, sequence: int, *, forced: bool = False) -> Order | None:
        """Move an order on now, or give None where it stays for good (see `following`)."""
        with self.store.transaction():
            order = self.store.order(account, sequence)
            dice = self.seller(account).dice(sequence, order.stage)
            stage = following(order.stage, dice, forced=forced)
            if stage is None:
                return None
            order.move(stage, time.time(), dice)
            self.store.update(account, order)
        return order

    def change(self, account: str, count: int) -> list[Order]:
        """Change `count` orders now: those that can move on do, the others are corrected."""
        self.ensure(account)
        with self.store.transaction():
            return [
                self.advance(account, sequence, forced=True) or self._correct(account, sequence)
                for sequence in self.store.most_willing(account, count)
            ]

    def _correct(self, account: str, sequence: int) -> Order:
        order = self.store.order(account, sequence)
        order.correct(time.time(), self.seller(account).dice(sequence, order.changed))
        self.store.update(account, order)
        return order
