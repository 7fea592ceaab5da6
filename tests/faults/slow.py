"""Clients that hold connections: they send a byte a second of a head or a body, and never end."""

import socket
import threading
from collections.abc import Sequence
from typing import Self
from urllib.parse import urlsplit

from tests.waiting import wait_until

HEAD = b"POST /webhooks/coinzz/slow HTTP/1.1\r\nHost: 127.0.0.1\r\n"
BODY = HEAD + b"Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
GONE_SECONDS = 90.0


class SlowClients:
    """As many as `each` at each of the webs."""

    def __init__(self, urls: Sequence[str], *, each: int) -> None:
        self._addresses = [urlsplit(url) for url in urls]
        self._each = each
        self._sockets: list[socket.socket] = []
        self._lock = threading.Lock()
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._drip)

    def __enter__(self) -> Self:
        for address in self._addresses:
            for number in range(self._each):
                one = socket.create_connection((address.hostname, address.port))
                one.sendall((HEAD + b"X: ") if number % 2 else BODY)
                one.setblocking(False)
                self._sockets.append(one)
        self._thread.start()
        return self

    def __exit__(self, *details: object) -> None:
        self._ends.set()
        self._thread.join()
        for one in self._sockets:
            one.close()

    def are_gone(self) -> bool:
        """Whether the server gets rid of all of them."""
        wait_until(lambda: not self._held(), GONE_SECONDS)
        return True

    def _held(self) -> bool:
        with self._lock:
            return bool(self._sockets)

    def _drip(self) -> None:
        while not self._ends.wait(1):
            with self._lock:
                self._sockets = [one for one in self._sockets if self._lives(one)]

    def _lives(self, one: socket.socket) -> bool:
        """Send a byte, unless the server has answered or hung up."""
        try:
            one.sendall(b"a")
            one.recv(1)
        except BlockingIOError:
            return True
        except OSError:
            pass
        one.close()
        return False
