"""The registered receivers, each with its account's simulation and webhooks."""

from collections.abc import Sequence
from dataclasses import asdict
from threading import Lock

from sandbox.accounts import Accounts
from sandbox.orders.order import Json
from sandbox.store import Receiver
from sandbox.webhooks.sender import RETRY_DELAYS, WebhookSender
from sandbox.webhooks.simulation import INITIAL_EVENTS, Simulation


class Receivers:
    def __init__(self, accounts: Accounts, retry_delays: Sequence[float] = RETRY_DELAYS) -> None:
        self._accounts = accounts
        self._sender = WebhookSender(retry_delays)
        self._receivers: dict[str, Receiver] = {}
        self._simulations: dict[str, Simulation] = {}
        self._lock = Lock()

    def start(self) -> None:
        """Start to deliver, and resume the simulations of stored receivers."""
        self._sender.start()
        with self._lock:
            for receiver in self._accounts.store.receivers():
                self._activate(receiver)

    def stop(self) -> None:
        with self._lock:
            for account in list(self._simulations):
                self._deactivate(account)
        self._sender.stop()

    def get(self, account: str) -> Receiver | None:
        return self._receivers.get(account)

    def register(self, receiver: Receiver) -> None:
        """Replace the account's receiver, and start its simulation unless the rate is 0."""
        self._accounts.open(receiver.account)
        with self._lock:
            self._deactivate(receiver.account)
            self._accounts.store.save_receiver(receiver)
            self._activate(receiver, initial_events=INITIAL_EVENTS)

    def remove(self, account: str) -> None:
        """Stop the account's simulation and drop its queued webhooks."""
        with self._lock:
            self._deactivate(account)
            self._accounts.store.remove_receiver(account)
        self._sender.drop_queued(account)

    def send(self, receiver: Receiver, body: bytes) -> bool:
        return self._sender.send(receiver, body)

    def stats(self, account: str) -> Json:
        stats = asdict(self._sender.counts(account))
        stats["lastStatus"] = stats.pop("last_status")
        return stats

    def _activate(self, receiver: Receiver, *, initial_events: Sequence[str] = ()) -> None:
        self._receivers[receiver.account] = receiver
        if receiver.rate:
            simulation = Simulation(
                self._accounts, self._sender, receiver, initial_events=initial_events
            )
            self._simulations[receiver.account] = simulation
            simulation.start()

    def _deactivate(self, account: str) -> None:
        self._receivers.pop(account, None)
        if simulation := self._simulations.pop(account, None):
            simulation.stop()
