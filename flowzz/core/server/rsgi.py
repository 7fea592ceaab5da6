"""An RSGI application around a WSGI one: no thread is used before a request is complete.

A WSGI server uses a thread from the request's head on, so slow clients could occupy all threads.
Here a slow client occupies a connection, for a limited time. See "Slow clients" in
docs/operations.md.
"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from functools import partial
from io import BytesIO
from itertools import chain
from tempfile import TemporaryFile
from types import MappingProxyType
from typing import IO, Any, Protocol
from wsgiref.types import WSGIApplication

import structlog
from granian.rsgi import Scope

from flowzz.core.logging import redact_path
from flowzz.core.server.bodies import (
    BodyReader,
    BodyTooLarge,
    ChunksTooSmall,
    IncompleteBody,
    LargeBodyRefused,
    MemoryExhausted,
)
from flowzz.core.server.held_responses import (
    HELD_RESPONSE,
    ConnectionLimiter,
    HeldResponse,
    send_stream,
)
from flowzz.core.server.thread_pools import POOL_FULL, PoolFull, ThreadPool

log = structlog.stdlib.get_logger(__name__)

THREADS = 8
"""Per process; each has its own database connection."""
UNREADABLE_VALUE = "\xff"
"""Replaces a header value that is not ASCII; it matches no meaningful value."""
_CONSTANTS = {
    "SCRIPT_NAME": "",
    "wsgi.version": (1, 0),
    "wsgi.errors": sys.stderr,
    "wsgi.multithread": True,
    "wsgi.multiprocess": True,
    "wsgi.run_once": False,
}
_KEYS_WITHOUT_PREFIX = ("CONTENT_TYPE", "CONTENT_LENGTH")

Environ = dict[str, Any]
Headers = list[tuple[str, str]]
Response = tuple[int, Headers, bytes | IO[bytes]]
BODIES_BYTES = 64 * 1024 * 1024
"""The memory for all bodies that one process is receiving."""
RETRY_SECONDS = 10
RESPONSE_BYTES = 8 * 1024 * 1024
"""A larger body of a response is stored in a file while it is sent."""
CHUNK_BYTES = 256 * 1024
DOWNLOAD_SECONDS = 600.0
"""How long a client may take to receive such a response."""


class Handler(Protocol):
    """Answers the requests under a path in the event loop, without a thread and without Django."""

    def start(self, loop: asyncio.AbstractEventLoop) -> None: ...

    def stop(self) -> None: ...

    async def handle(self, scope: Scope, proto: Any) -> bool:
        """Answer a request. Return False for one that the WSGI application must answer."""


class Application:
    """Calls a WSGI application with complete requests; no thread waits for its response to be sent.

    `pool` returns the threads for a method and a path, None for the common ones.
    `max_body_bytes` and `max_body_seconds` return the limits of a path. A larger body is not
    read: the application sees the announced length, or one byte more than the limit, and refuses
    the request. The same holds for a large body if `may_be_large` returns False: that function
    gets the request's environment, in a thread. A slower body is answered with 408.
    """

    def __init__(
        self,
        wsgi: WSGIApplication,
        *,
        max_body_bytes: Callable[[str], int],
        max_body_seconds: Callable[[str], float],
        pool: Callable[[str, str], ThreadPool | None] = lambda method, path: None,
        on_start: Callable[[], None] = lambda: None,
        may_be_large: Callable[[Environ], bool] = lambda _: True,
        handlers: Mapping[str, Handler] = MappingProxyType({}),
    ) -> None:
        self._wsgi = wsgi
        self._max_body_bytes = max_body_bytes
        self._max_body_seconds = max_body_seconds
        self._may_be_large = may_be_large
        self._handlers = handlers
        self._bodies = BodyReader(BODIES_BYTES)
        self._limiter = ConnectionLimiter()
        self._pool = pool
        self._on_start = on_start
        self._common_pool = ThreadPool("request", THREADS, max_waiting=sys.maxsize - THREADS)

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Called by Granian in each of its processes, before the first request."""
        self._on_start()
        for handler in self._handlers.values():
            handler.start(loop)

    def __rsgi_del__(self, loop: asyncio.AbstractEventLoop) -> None:
        for handler in self._handlers.values():
            handler.stop()

    async def __rsgi__(self, scope: Scope, proto: Any) -> None:
        for prefix, handler in self._handlers.items():
            if scope.path.startswith(prefix) and await handler.handle(scope, proto):
                return
        environ = _environ(scope)
        try:
            async with asyncio.timeout(self._max_body_seconds(scope.path)):
                environ["wsgi.input"] = await self._read_body(scope, proto, environ)
        except TimeoutError:
            log.warning("request_too_slow", path=redact_path(scope.path))
            proto.response_empty(408, [("connection", "close")])
        except MemoryExhausted:
            log.warning("bodies_exhaust_memory", path=redact_path(scope.path))
            proto.response_empty(503, [("retry-after", str(RETRY_SECONDS))])
        except (IncompleteBody, ChunksTooSmall):
            proto.response_empty(400, [("connection", "close")])
        else:
            await self._respond(environ, proto)

    async def _read_body(self, scope: Scope, proto: Any, environ: Environ) -> IO[bytes]:
        async def may_be_large() -> bool:
            return await self._common_pool.run(partial(self._may_be_large, environ))

        limit = self._max_body_bytes(scope.path)
        try:
            body = await self._bodies.read(
                proto, scope.headers, limit=limit, may_be_large=may_be_large
            )
        except BodyTooLarge as error:
            environ["CONTENT_LENGTH"] = str(error.size)
            return BytesIO()
        except LargeBodyRefused:
            return BytesIO()
        if "HTTP_TRANSFER_ENCODING" in environ:
            environ["CONTENT_LENGTH"] = str(body.seek(0, os.SEEK_END))
            body.seek(0)
        return body

    async def _respond(self, environ: Environ, proto: Any) -> None:
        held_response = HeldResponse(self._limiter)
        if environ["REQUEST_METHOD"] == "GET":
            environ[HELD_RESPONSE] = held_response
        try:
            status, headers, body = await self._run(environ)
            if not isinstance(body, bytes):
                with body:
                    chunks = _read_in_chunks(body)
                    await send_stream(proto, status, headers, chunks, seconds=DOWNLOAD_SECONDS)
            elif held_response.is_held:
                await held_response.send(proto, status, headers, body)
            else:
                proto.response_bytes(status, headers, body)
        finally:
            held_response.release()
            environ["wsgi.input"].close()

    async def _run(self, environ: Environ) -> Response:
        call = partial(self._call, environ)
        pool = self._pool(environ["REQUEST_METHOD"], environ["PATH_INFO"])
        try:
            return await (pool or self._common_pool).run(call)
        except PoolFull:
            environ[POOL_FULL] = True
            return await self._common_pool.run(call)

    def _call(self, environ: Environ) -> Response:
        started: list[tuple[str, Headers]] = []

        def start_response(status: str, headers: Headers, _: object = None, /) -> Any:
            started.append((status, headers))

        chunks = self._wsgi(environ, start_response)
        try:
            body = _collect(chunks)
        finally:
            if close := getattr(chunks, "close", None):
                close()
        status, headers = started[-1]
        return int(status.split(" ", 1)[0]), headers, body


def _collect(chunks: Iterable[bytes]) -> bytes | IO[bytes]:
    """Return a response's body; one of more than RESPONSE_BYTES in a file."""
    parts, size, rest = [], 0, iter(chunks)
    for part in rest:
        parts.append(part)
        size += len(part)
        if size > RESPONSE_BYTES:
            file = TemporaryFile()  # noqa: SIM115 - the caller closes it
            file.writelines(chain(parts, rest))
            file.seek(0)
            return file
    return b"".join(parts)


async def _read_in_chunks(file: IO[bytes]) -> AsyncIterator[bytes]:
    while chunk := file.read(CHUNK_BYTES):
        yield chunk


def _environ(scope: Scope) -> Environ:
    """Return the WSGI environment of a request, without its body."""
    host, _, port = scope.server.rpartition(":")
    return {
        **_CONSTANTS,
        **_headers(scope),
        "REQUEST_METHOD": scope.method,
        "PATH_INFO": scope.path.encode().decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_NAME": host,
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        "wsgi.url_scheme": scope.scheme,
    }


def _headers(scope: Scope) -> dict[str, str]:
    """Return the headers under their WSGI names.

    Names with an underscore are dropped: `x_real_ip` would pass for the proxy's `X-Real-IP`.
    Granian omits values that are not ASCII. They become `UNREADABLE_VALUE`, because a missing
    `X-Forwarded-For` would make a forwarded request look local.
    """
    headers: dict[str, str] = {}
    for name, value in scope.headers.items():
        if "_" not in name:
            key = _wsgi_key(name)
            headers[key] = f"{headers[key]},{value}" if key in headers else value
    names: list[str] = scope.headers.keys()
    return {_wsgi_key(name): UNREADABLE_VALUE for name in names if "_" not in name} | headers


def _wsgi_key(name: str) -> str:
    key = name.upper().replace("-", "_")
    return key if key in _KEYS_WITHOUT_PREFIX else f"HTTP_{key}"
