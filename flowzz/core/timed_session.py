"""Sessions of `requests` whose requests end at a deadline, whatever the server sends.

A timeout of `requests` limits each wait for data: a server that sends single bytes, of headers or
of the sizes of chunks, makes thousands of them.
"""

from contextvars import ContextVar
from http.client import HTTPResponse
from io import BufferedReader, RawIOBase
from socket import socket
from time import monotonic
from typing import Any, Final

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

_deadline: Final[ContextVar[float]] = ContextVar("deadline")
"""When the request that is being made must have ended, by `time.monotonic`."""


class TimedSession(requests.Session):
    """Ends each request, with its body, after `max_seconds`: as a timeout of requests or urllib3.

    The search for the host and the connection have limits of their own.
    """

    def __init__(self, max_seconds: float) -> None:
        super().__init__()
        self._max_seconds = max_seconds
        for scheme in ("http://", "https://"):
            self.mount(scheme, _Adapter())

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        token = _deadline.set(monotonic() + self._max_seconds)
        try:
            return super().send(request, **options)
        finally:
            _deadline.reset(token)


class _TimedReader(RawIOBase):
    """Reads a socket that may wait for the rest of the time only. Raises TimeoutError."""

    def __init__(self, raw: RawIOBase, connection: socket) -> None:
        self._raw, self._connection = raw, connection
        self._max_wait = connection.gettimeout()
        self._deadline = _deadline.get()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        seconds = self._deadline - monotonic()
        if seconds <= 0:
            raise TimeoutError
        self._connection.settimeout(min(seconds, self._max_wait or seconds))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _TimedResponse(HTTPResponse):
    def __init__(self, sock: socket, *arguments: Any, **options: Any) -> None:
        super().__init__(sock, *arguments, **options)
        self.fp = BufferedReader(_TimedReader(self.fp.detach(), sock))


class _Connection(HTTPConnection):
    response_class = _TimedResponse


class _SecureConnection(HTTPSConnection):
    response_class = _TimedResponse


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
