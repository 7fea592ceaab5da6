"""Clients that send one byte per second of a request's head or body, and never finish it."""

import socket
import threading
from collections.abc import Sequence
from typing import Self
from urllib.parse import urlsplit

from tests.waiting import wait_until

HEAD = b"POST /webhooks/coinzz/slow HTTP/1.1\r\nHost: 127.0.0.1\r\n"
BODY = HEAD + b"Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
DISCONNECT_SECONDS = 90.0


class SlowClients:
    """So many connections to each of the web servers."""

    def __init__(self, urls: Sequence[str], *, each: int) -> None:
        self._urls = [urlsplit(url) for url in urls]
        self._each = each
        self._sockets: list[socket.socket] = []
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._send_bytes)

    def __enter__(self) -> Self:
        for url in self._urls:
            for number in range(self._each):
                connection = socket.create_connection((url.hostname, url.port))
                connection.sendall((HEAD + b"X: ") if number % 2 else BODY)
                connection.setblocking(False)
                self._sockets.append(connection)
        self._thread.start()
        return self

    def __exit__(self, *details: object) -> None:
        self._stopping.set()
        self._thread.join()
        for connection in self._sockets:
            connection.close()

    def wait_until_disconnected(self) -> None:
        """Wait until the servers have closed all connections."""
        wait_until(lambda: not self._are_connected(), DISCONNECT_SECONDS)

    def _are_connected(self) -> bool:
        with self._lock:
            return bool(self._sockets)

    def _send_bytes(self) -> None:
        while not self._stopping.wait(1):
            with self._lock:
                self._sockets = [
                    connection for connection in self._sockets if self._send_byte(connection)
                ]

    def _send_byte(self, connection: socket.socket) -> bool:
        """Send a byte. Returns False if the server has responded or disconnected."""
        try:
            connection.sendall(b"a")
            connection.recv(1)
        except BlockingIOError:
            return True
        except OSError:
            pass
        connection.close()
        return False
