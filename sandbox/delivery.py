"""Sends webhooks to their receivers in the background, and again when they fail."""

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
PAUSES = (1.0, 3.0, 9.0, 27.0)
"""Seconds before each further attempt; Coinzz doesn't publish its own schedule."""
LONGEST_QUEUE = 20_000
NO_ANSWER = 0
_SUCCESS = range(200, 300)
_WORKERS = 8
_TIMEOUT = 10.0


@dataclass(slots=True, eq=False)
class Delivery:
    receiver: Receiver
    body: bytes
    pauses: Sequence[float]
    """What is left of the pauses before further attempts."""


@dataclass(slots=True)
class Tally:
    """What became of an account's webhooks; each is in the end `delivered` or `failed`."""

    waiting: int = 0
    delivered: int = 0
    retried: int = 0
    failed: int = 0
    last_status: int | None = None
    """The receiver's latest HTTP status, 0 where it gave none."""


class Courier:
    def __init__(self, pauses: Sequence[float] = PAUSES) -> None:
        self._pauses = pauses
        self._queue: list[tuple[float, int, Delivery]] = []
        self._ticket = count()
        self._on_the_way: set[Delivery] = set()
        self._tallies: defaultdict[str, Tally] = defaultdict(Tally)
        self._changed = Condition()
        self._stopping = False
        self._lines = [Line() for _ in range(_WORKERS)]
        self._workers = [Thread(target=self._work, args=[ln], daemon=True) for ln in self._lines]

    def start(self) -> None:
        for worker in self._workers:
            worker.start()

    def stop(self) -> None:
        """End at once; what still waits is not sent."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        for line in self._lines:
            line.cut()
        latest = time.monotonic() + 1
        for worker, line in zip(self._workers, self._lines, strict=True):
            worker.join(timeout=max(0.0, latest - time.monotonic()))
            line.close()

    def send(self, receiver: Receiver, body: bytes, *, delay: float = 0.0) -> bool:
        """Send `body` after `delay` seconds; False, and a failure, where the queue is full."""
        with self._changed:
            tally = self._tallies[receiver.account]
            if len(self._queue) >= LONGEST_QUEUE:
                tally.failed += 1
                return False
            tally.waiting += 1
            self._put(Delivery(receiver, body, self._pauses), delay)
            return True

    def forget(self, account: str) -> None:
        """Drop what waits for the account's receiver."""
        with self._changed:
            kept = [entry for entry in self._queue if entry[2].receiver.account != account]
            self._tallies[account].waiting -= len(self._queue) - len(kept)
            self._queue = kept
            heapq.heapify(self._queue)
            for delivery in self._on_the_way:
                if delivery.receiver.account == account:
                    delivery.pauses = ()

    def tally(self, account: str) -> Tally:
        with self._changed:
            return self._tallies[account]

    def _put(self, delivery: Delivery, delay: float) -> None:
        heapq.heappush(self._queue, (time.monotonic() + delay, next(self._ticket), delivery))
        self._changed.notify()

    def _work(self, line: "Line") -> None:
        while (delivery := self._next()) is not None:
            status = line.post(delivery.receiver, delivery.body)
            with self._changed:
                self._settle(delivery, status)

    def _next(self) -> Delivery | None:
        with self._changed:
            while not self._stopping:
                pause = self._queue[0][0] - time.monotonic() if self._queue else None
                if pause is not None and pause <= 0:
                    delivery = heapq.heappop(self._queue)[2]
                    self._on_the_way.add(delivery)
                    return delivery
                self._changed.wait(pause)
            return None

    def _settle(self, delivery: Delivery, status: int) -> None:
        self._on_the_way.discard(delivery)
        tally = self._tallies[delivery.receiver.account]
        tally.last_status = status
        delivered = status in _SUCCESS
        if not delivered and delivery.pauses:
            pause, *delivery.pauses = delivery.pauses
            tally.retried += 1
            self._put(delivery, pause)
            return
        tally.waiting -= 1
        tally.delivered += delivered
        tally.failed += not delivered


@dataclass(slots=True)
class Line:
    """One worker's connections, kept open from one webhook to the next."""

    _open: dict[tuple[str, str], HTTPConnection] = field(default_factory=dict)
    _is_cut: bool = False

    def post(self, receiver: Receiver, body: bytes) -> int:
        """Send one webhook; give the receiver's HTTP status, or NO_ANSWER."""
        url = urlsplit(receiver.url)
        reused = (url.scheme, url.netloc) in self._open
        status = self._attempt(url, receiver.secret, body)
        if status == NO_ANSWER and reused and not self._is_cut:
            # A receiver may close an idle connection at any time: that is no failure of its own.
            return self._attempt(url, receiver.secret, body)
        return status

    def cut(self) -> None:
        """Tear the connections down for good, from whichever thread."""
        self._is_cut = True
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
            return NO_ANSWER
        return response.status

    def _connection(self, url: SplitResult) -> HTTPConnection:
        address = url.scheme, url.netloc
        if address not in self._open:
            kind = HTTPSConnection if url.scheme == "https" else HTTPConnection
            self._open[address] = kind(url.netloc, timeout=_TIMEOUT)
        return self._open[address]


def _target(url: SplitResult) -> str:
    return (url.path or "/") + (f"?{url.query}" if url.query else "")


def _headers(secret: str | None, body: bytes) -> dict[str, str]:
    headers = {"Content-Type": "application/json", "User-Agent": "Coinzz-Sandbox"}
    if secret:
        headers[SIGNATURE_HEADER] = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return headers
