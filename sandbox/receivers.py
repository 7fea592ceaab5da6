"""The registered receivers: each with its account's life and its webhooks."""

from collections.abc import Sequence
from dataclasses import asdict
from threading import Lock

from sandbox.accounts import Accounts
from sandbox.delivery import PAUSES, Courier
from sandbox.life import ALL_KINDS, Life
from sandbox.orders import Json
from sandbox.store import Receiver


class Receivers:
    def __init__(self, accounts: Accounts, pauses: Sequence[float] = PAUSES) -> None:
        self._accounts = accounts
        self._courier = Courier(pauses)
        self._receivers: dict[str, Receiver] = {}
        self._lives: dict[str, Life] = {}
        self._lock = Lock()

    def start(self) -> None:
        """Begin to deliver, and go on with the lives that the store remembers."""
        self._courier.start()
        with self._lock:
            for receiver in self._accounts.store.receivers():
                self._begin(receiver)

    def stop(self) -> None:
        with self._lock:
            for account in list(self._lives):
                self._end(account)
        self._courier.stop()

    def of(self, account: str) -> Receiver | None:
        return self._receivers.get(account)

    def register(self, receiver: Receiver) -> None:
        """Make this the account's only receiver, and let its life begin unless the rate is 0."""
        self._accounts.ensure(receiver.account)
        with self._lock:
            self._end(receiver.account)
            self._accounts.store.save_receiver(receiver)
            self._begin(receiver, first=ALL_KINDS)

    def remove(self, account: str) -> None:
        """Stop the account's life and drop the webhooks that still wait."""
        with self._lock:
            self._end(account)
            self._accounts.store.remove_receiver(account)
        self._courier.forget(account)

    def send(self, receiver: Receiver, body: bytes) -> bool:
        return self._courier.send(receiver, body)

    def stats(self, account: str) -> Json:
        counts = asdict(self._courier.tally(account))
        counts["lastStatus"] = counts.pop("last_status")
        return counts

    def _begin(self, receiver: Receiver, *, first: Sequence[str] = ()) -> None:
        self._receivers[receiver.account] = receiver
        if receiver.rate:
            life = Life(self._accounts, self._courier, receiver, first=first)
            self._lives[receiver.account] = life
            life.start()

    def _end(self, account: str) -> None:
        self._receivers.pop(account, None)
        if life := self._lives.pop(account, None):
            life.stop()
