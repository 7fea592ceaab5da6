"""The HTTP server: sockets on one side, Request and Answer on the other."""

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

from sandbox.exchange import Answer, Request, json_answer

_LARGEST_BODY = 1_048_576
_TO_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER on, for no time: closing then sends a reset."""
_REFUSED = json_answer({"error": "corpo sem tamanho ou grande demais"}, 413)


class Listener(ThreadingTCPServer):
    """Listens from its creation; OSError where the port is taken."""

    allow_reuse_address = True
    request_queue_size = 128

    def __init__(
        self, address: tuple[str, int], answer: Callable[[Request], Answer], *, quiet: bool
    ) -> None:
        self.answer = answer
        self.quiet = quiet
        self.stopping = Event()
        self._connections: set[Any] = set()
        super().__init__(address, Handler)

    @property
    def port(self) -> int:
        return int(self.socket.getsockname()[1])

    def stop(self) -> None:
        """End at once, answers under way included."""
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
        gone = isinstance(sys.exc_info()[1], ConnectionError)
        if not gone and not self.stopping.is_set():
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "Coinzz-Sandbox"
    sys_version = ""
    disable_nagle_algorithm = True
    wbufsize = -1  # Buffered: headers and body leave together.
    server: Listener

    def serve(self) -> None:
        request = self._request()
        if request is None:
            self.close_connection = True
            self._write(_REFUSED)
            return
        answer = self.server.answer(request)
        if answer.delay and self.server.stopping.wait(answer.delay):
            self.close_connection = True
        elif answer.reset:
            self._reset()
        else:
            self._write(answer)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = serve

    def log_message(self, format: str, *args: Any) -> None:
        if not self.server.quiet:
            super().log_message(format, *args)

    def _request(self) -> Request | None:
        length = self.headers.get("Content-Length", "0")
        readable = length.isdecimal() and "Transfer-Encoding" not in self.headers
        if not readable or int(length) > _LARGEST_BODY:
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

    def _write(self, answer: Answer) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        for name, value in answer.headers:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    def _reset(self) -> None:
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _TO_RESET)
        # Past the socket object, whose own close would wait for the files made from it.
        os.close(self.connection.detach())
