"""The web processes' entry: a request has come whole before a thread is spent on it.

A WSGI server gives a thread to whoever sends a head; as many clients as there are threads, who
never send the rest, would have them all. Here a slow client has its connection, and that for a
while. See "Slow clients" in docs/operations.md.
"""

import asyncio
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any
from wsgiref.types import WSGIApplication

import structlog
from django.conf import settings
from granian.rsgi import Scope

from flowzz.core.logging import safe_path
from flowzz.core.server.held_responses import HELD_RESPONSE, ConnectionLimiter, HeldResponse
from flowzz.wsgi import application as wsgi
from integrations.imports.import_jobs import MAX_FORM_BYTES

log = structlog.stdlib.get_logger(__name__)

THREADS = 8
"""Of each process; each keeps a database connection of its own."""
BODY_SECONDS = 20.0
"""How long a body may take to arrive; how long a head may, Granian bounds."""
FILE_SECONDS = 120.0
"""The same of a file: 20 MB at what a home sends, some 1.5 Mbit/s."""
_CONSTANTS = {
    "SCRIPT_NAME": "",
    "wsgi.version": (1, 0),
    "wsgi.errors": sys.stderr,
    "wsgi.multithread": True,
    "wsgi.multiprocess": True,
    "wsgi.run_once": False,
}
UNREADABLE = "\xff"
"""What stands for a header's value that isn't ASCII: nothing that anybody could mean."""
_UPLOADS = ("/api/v1/sales/import", "/admin/integrations/salesimport/")
"""Where files come in; everywhere else such a body is refused unread."""
_WITHOUT_PREFIX = ("CONTENT_TYPE", "CONTENT_LENGTH")

Environ = dict[str, Any]
Headers = list[tuple[str, str]]


class Application:
    """Calls a WSGI application with whole requests, and sends its answers whole, or holds them.

    `limit_of` a path is the size in bytes over which its bodies are not read: the application
    then sees the length that was announced, or a byte more than the limit, and refuses.
    `seconds_of` it is how long they may take to arrive.
    """

    def __init__(
        self,
        wsgi: WSGIApplication,
        *,
        limit_of: Callable[[str], int],
        seconds_of: Callable[[str], float] = lambda path: BODY_SECONDS,
    ) -> None:
        self._wsgi = wsgi
        self._limit_of = limit_of
        self._seconds_of = seconds_of
        self._places = ConnectionLimiter()
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="request")

    async def __rsgi__(self, scope: Scope, proto: Any) -> None:
        environ = environ_of(scope)
        try:
            async with asyncio.timeout(self._seconds_of(scope.path)):
                body = await _read(proto, environ, self._limit_of(scope.path))
        except TimeoutError:
            log.warning("request_too_slow", path=safe_path(scope.path))
            proto.response_empty(408, [("connection", "close")])
        except RuntimeError:  # of which kind are Granian's own
            proto.response_empty(400, [("connection", "close")])
        else:
            environ["wsgi.input"] = BytesIO(body)
            await self._respond(environ, proto)

    async def _respond(self, environ: Environ, proto: Any) -> None:
        hold = HeldResponse(self._places)
        if environ["REQUEST_METHOD"] == "GET":
            environ[HELD_RESPONSE] = hold
        loop = asyncio.get_running_loop()
        try:
            answer = await loop.run_in_executor(self._threads, self._answer, environ)
            if hold.is_asked:
                await hold.send(proto, *answer)
            else:
                proto.response_bytes(*answer)
        finally:
            hold.release()

    def _answer(self, environ: Environ) -> tuple[int, Headers, bytes]:
        started: list[tuple[str, Headers]] = []

        def start_response(status: str, headers: Headers, _: object = None, /) -> Any:
            started.append((status, headers))

        chunks = self._wsgi(environ, start_response)
        try:
            body = b"".join(chunks)
        finally:
            if close := getattr(chunks, "close", None):
                close()
        status, headers = started[-1]
        return int(status.split(" ", 1)[0]), headers, body


def environ_of(scope: Scope) -> Environ:
    """A request as WSGI tells it, without its body."""
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
    """A name with an underscore is left out: it could pass for one that only a proxy may set.

    A value that Granian can't read is there still: without it, a request through a proxy could
    pass for one of this machine's, and an Idempotency-Key would protect nobody.
    """
    headers: dict[str, str] = {}
    for name, value in scope.headers.items():
        if "_" not in name:
            key = _key_of(name)
            headers[key] = f"{headers[key]},{value}" if key in headers else value
    names: list[str] = scope.headers.keys()
    return {_key_of(name): UNREADABLE for name in names if "_" not in name} | headers


def _key_of(name: str) -> str:
    key = name.upper().replace("-", "_")
    return key if key in _WITHOUT_PREFIX else f"HTTP_{key}"


async def _read(proto: Any, environ: Environ, limit: int) -> bytes:
    """The body. Raises RuntimeError where its sender went away before its end."""
    if announced := environ.get("CONTENT_LENGTH"):
        return b"" if int(announced) > limit else await proto()
    if "HTTP_TRANSFER_ENCODING" not in environ:
        return b""
    body = b""
    async for chunk in proto:
        body += chunk
        if len(body) > limit:
            break
    environ["CONTENT_LENGTH"] = str(len(body))
    return body


def _limit_of(path: str) -> int:
    """In bytes."""
    if path.startswith(_UPLOADS):
        return MAX_FORM_BYTES
    name = "WEBHOOK_MAX_BYTES" if path.startswith("/webhooks/") else "DATA_UPLOAD_MAX_MEMORY_SIZE"
    limit: int = getattr(settings, name)
    return limit


def _seconds_of(path: str) -> float:
    return FILE_SECONDS if path.startswith(_UPLOADS) else BODY_SECONDS


application = Application(wsgi, limit_of=_limit_of, seconds_of=_seconds_of)
