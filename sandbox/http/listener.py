"""The threaded HTTP server. It turns sockets into Request and Response."""

import os
import socket
import struct
import sys
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from threading import Event
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from sandbox.http.messages import Request, Response, json_response

_MAX_BODY_BYTES = 1_048_576
_LINGER_ZERO = struct.pack("ii", 1, 0)
"""SO_LINGER with a timeout of 0: closing the socket sends a reset."""
_BODY_REFUSED = json_response({"error": "corpo sem tamanho ou grande demais"}, 413)


class Listener(ThreadingTCPServer):
    """Listens as soon as it is created. Raises OSError if the port is taken."""

    allow_reuse_address = True
    request_queue_size = 128

    def __init__(
        self, address: tuple[str, int], handle: Callable[[Request], Response], *, quiet: bool
    ) -> None:
        self.handle = handle
        self.quiet = quiet
        self.stopping = Event()
        self._connections: set[Any] = set()
        super().__init__(address, RequestHandler)

    @property
    def port(self) -> int:
        return int(self.socket.getsockname()[1])

    def stop(self) -> None:
        """Stop at once and interrupt the responses in progress."""
        self.stopping.set()
        self.shutdown()
        for connection in list(self._connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.server_close()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        is_disconnect = isinstance(sys.exc_info()[1], ConnectionError)
        if not is_disconnect and not self.stopping.is_set():
            super().handle_error(request, client_address)


class RequestHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "Coinzz-Sandbox"
    sys_version = ""
    disable_nagle_algorithm = True
    wbufsize = -1  # buffered, so that headers and body are sent together
    server: Listener

    def serve(self) -> None:
        request = self._read_request()
        if request is None:
            self.close_connection = True
            self._write(_BODY_REFUSED)
            return
        response = self.server.handle(request)
        if response.delay and self.server.stopping.wait(response.delay):
            self.close_connection = True
        elif response.reset:
            self._reset()
        else:
            self._write(response)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = serve

    def log_message(self, format: str, *args: Any) -> None:
        if not self.server.quiet:
            super().log_message(format, *args)

    def _read_request(self) -> Request | None:
        """Return the request, or None if its body is chunked or too large."""
        length = self.headers.get("Content-Length", "0")
        has_length = length.isdecimal() and "Transfer-Encoding" not in self.headers
        if not has_length or int(length) > _MAX_BODY_BYTES:
            return None
        url = urlsplit(self.path)
        return Request(
            method=self.command,
            path=url.path,
            query=dict(parse_qsl(url.query, keep_blank_values=True)),
            host=self.headers.get("Host", ""),
            authorization=self.headers.get("Authorization", ""),
            body=self.rfile.read(int(length)),
        )

    def _write(self, response: Response) -> None:
        self.send_response(response.status)
        self.send_header("Content-Type", response.content_type)
        self.send_header("Content-Length", str(len(response.body)))
        for name, value in response.headers:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)

    def _reset(self) -> None:
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_ZERO)
        # The socket object's own close() would wait for the files made from it.
        os.close(self.connection.detach())
