"""Delivers webhooks in background threads, and repeats failed deliveries."""

import hashlib
import heapq
import hmac
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from threading import Condition, Thread

import requests

from sandbox.store import Receiver

SIGNATURE_HEADER = "X-Coinzz-Signature"
RETRY_DELAYS = (1.0, 3.0, 9.0, 27.0)
"""Seconds before each further attempt. Coinzz does not publish its own schedule."""
MAX_QUEUED = 20_000
NO_RESPONSE = 0
_SUCCESS = range(200, 300)
_WORKERS = 8
_TIMEOUT_SECONDS = 10.0


@dataclass(slots=True, eq=False)
class Delivery:
    receiver: Receiver
    body: bytes
    retry_delays: Sequence[float]
    """The delays of the attempts that are left."""


@dataclass(slots=True)
class DeliveryCounts:
    """Counts of an account's webhooks. Each one ends as `delivered` or `failed`."""

    waiting: int = 0
    delivered: int = 0
    retried: int = 0
    failed: int = 0
    last_status: int | None = None
    """The latest HTTP status, or NO_RESPONSE."""


class WebhookSender:
    def __init__(self, retry_delays: Sequence[float] = RETRY_DELAYS) -> None:
        self._retry_delays = retry_delays
        self._queue: list[tuple[float, int, Delivery]] = []
        self._sequence = count()
        self._in_flight: set[Delivery] = set()
        self._counts: defaultdict[str, DeliveryCounts] = defaultdict(DeliveryCounts)
        self._changed = Condition()
        self._stopping = False
        self._workers = [Thread(target=self._work, daemon=True) for _ in range(_WORKERS)]

    def start(self) -> None:
        for worker in self._workers:
            worker.start()

    def stop(self) -> None:
        """Stop within a second, without sending the queued webhooks."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        deadline = time.monotonic() + 1
        for worker in self._workers:
            worker.join(timeout=max(0.0, deadline - time.monotonic()))

    def send(self, receiver: Receiver, body: bytes, *, delay: float = 0.0) -> bool:
        """Queue a webhook, due after `delay` seconds. Returns False if the queue is full."""
        with self._changed:
            counts = self._counts[receiver.account]
            if len(self._queue) >= MAX_QUEUED:
                counts.failed += 1
                return False
            counts.waiting += 1
            self._enqueue(Delivery(receiver, body, self._retry_delays), delay)
            return True

    def drop_queued(self, account: str) -> None:
        """Drop the account's queued webhooks, and repeat none that is being sent."""
        with self._changed:
            kept = [entry for entry in self._queue if entry[2].receiver.account != account]
            self._counts[account].waiting -= len(self._queue) - len(kept)
            self._queue = kept
            heapq.heapify(self._queue)
            for delivery in self._in_flight:
                if delivery.receiver.account == account:
                    delivery.retry_delays = ()

    def counts(self, account: str) -> DeliveryCounts:
        with self._changed:
            return self._counts[account]

    def _enqueue(self, delivery: Delivery, delay: float) -> None:
        heapq.heappush(self._queue, (time.monotonic() + delay, next(self._sequence), delivery))
        self._changed.notify()

    def _work(self) -> None:
        with requests.Session() as session:  # its connections stay open between webhooks
            session.trust_env = False  # a proxy configured on this machine cannot reach it
            while (delivery := self._next_delivery()) is not None:
                status = _post(session, delivery.receiver, delivery.body)
                with self._changed:
                    self._record(delivery, status)

    def _next_delivery(self) -> Delivery | None:
        """Wait for a due delivery. Returns None when the sender stops."""
        with self._changed:
            while not self._stopping:
                pause = self._queue[0][0] - time.monotonic() if self._queue else None
                if pause is not None and pause <= 0:
                    delivery = heapq.heappop(self._queue)[2]
                    self._in_flight.add(delivery)
                    return delivery
                self._changed.wait(pause)
            return None

    def _record(self, delivery: Delivery, status: int) -> None:
        """Count the attempt, and queue a further one if it failed."""
        self._in_flight.discard(delivery)
        counts = self._counts[delivery.receiver.account]
        counts.last_status = status
        is_delivered = status in _SUCCESS
        if not is_delivered and delivery.retry_delays:
            delay, *delivery.retry_delays = delivery.retry_delays
            counts.retried += 1
            self._enqueue(delivery, delay)
            return
        counts.waiting -= 1
        counts.delivered += is_delivered
        counts.failed += not is_delivered


def _post(session: requests.Session, receiver: Receiver, body: bytes) -> int:
    """Send one webhook, and return the receiver's HTTP status or NO_RESPONSE."""
    headers = {"Content-Type": "application/json", "User-Agent": "Coinzz-Sandbox"}
    if receiver.secret:
        signature = hmac.new(receiver.secret.encode(), body, hashlib.sha256)
        headers[SIGNATURE_HEADER] = signature.hexdigest()
    try:
        return session.post(
            receiver.url, body, headers=headers, timeout=_TIMEOUT_SECONDS, allow_redirects=False
        ).status_code
    except requests.RequestException:
        return NO_RESPONSE
