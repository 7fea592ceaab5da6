"""Delivers webhooks in background threads, and repeats failed deliveries."""

import hashlib
import heapq
import hmac
import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from itertools import count
from socket import SHUT_RDWR
from threading import Condition, Thread
from urllib.parse import SplitResult, urlsplit

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
        self._connections = [Connections() for _ in range(_WORKERS)]
        self._workers = [
            Thread(target=self._work, args=[connections], daemon=True)
            for connections in self._connections
        ]

    def start(self) -> None:
        for worker in self._workers:
            worker.start()

    def stop(self) -> None:
        """Stop at once, without sending the queued webhooks."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        for connections in self._connections:
            connections.abort()
        deadline = time.monotonic() + 1
        for worker, connections in zip(self._workers, self._connections, strict=True):
            worker.join(timeout=max(0.0, deadline - time.monotonic()))
            connections.close()

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

    def _work(self, connections: "Connections") -> None:
        while (delivery := self._next_delivery()) is not None:
            status = connections.post(delivery.receiver, delivery.body)
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


@dataclass(slots=True)
class Connections:
    """The connections of one worker, which stay open between webhooks."""

    _open: dict[tuple[str, str], HTTPConnection] = field(default_factory=dict)
    _is_aborted: bool = False

    def post(self, receiver: Receiver, body: bytes) -> int:
        """Send one webhook, and return the receiver's HTTP status or NO_RESPONSE."""
        url = urlsplit(receiver.url)
        is_reused = (url.scheme, url.netloc) in self._open
        status = self._attempt(url, receiver.secret, body)
        if status == NO_RESPONSE and is_reused and not self._is_aborted:
            # A receiver may close an idle connection at any time, which is no failure.
            return self._attempt(url, receiver.secret, body)
        return status

    def abort(self) -> None:
        """Interrupt the requests in progress. Any thread may call this."""
        self._is_aborted = True
        for connection in list(self._open.values()):
            if connection.sock is not None:
                with suppress(OSError):
                    connection.sock.shutdown(SHUT_RDWR)

    def close(self) -> None:
        for connection in self._open.values():
            connection.close()

    def _attempt(self, url: SplitResult, secret: str | None, body: bytes) -> int:
        connection = self._connection(url)
        try:
            connection.request("POST", _target(url), body, _headers(secret, body))
            response = connection.getresponse()
            response.read()
        except (OSError, HTTPException):
            del self._open[url.scheme, url.netloc]
            connection.close()
            return NO_RESPONSE
        return response.status

    def _connection(self, url: SplitResult) -> HTTPConnection:
        origin = url.scheme, url.netloc
        if origin not in self._open:
            kind = HTTPSConnection if url.scheme == "https" else HTTPConnection
            self._open[origin] = kind(url.netloc, timeout=_TIMEOUT_SECONDS)
        return self._open[origin]


def _target(url: SplitResult) -> str:
    return (url.path or "/") + (f"?{url.query}" if url.query else "")


def _headers(secret: str | None, body: bytes) -> dict[str, str]:
    headers = {"Content-Type": "application/json", "User-Agent": "Coinzz-Sandbox"}
    if secret:
        headers[SIGNATURE_HEADER] = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return headers
