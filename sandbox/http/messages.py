"""HTTP requests and responses, independent of sockets."""

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    method: str
    path: str
    query: dict[str, str]
    host: str = ""
    authorization: str = ""
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    body: bytes = b""
    status: int = 200
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()
    delay: float = 0.0
    """Seconds to wait before the response is sent."""
    reset: bool = False
    """Send nothing and reset the connection."""


def json_response(
    value: Any, status: int = 200, headers: tuple[tuple[str, str], ...] = ()
) -> Response:
    return Response(body=json.dumps(value).encode(), status=status, headers=headers)


def html_response(text: str) -> Response:
    return Response(body=text.encode(), content_type="text/html; charset=UTF-8")


NOT_FOUND_PAGE = html_response(
    "<!doctype html><html lang='pt-br'><head><title>Not Found | Coinzz</title></head>"
    "<body><h1>404</h1><p>Página não encontrada.</p></body></html>"
)
LOGIN_PAGE = html_response(
    "<!doctype html><html lang='pt-br'><head><title>Login | Coinzz</title></head>"
    "<body><h1>Entrar</h1></body></html>"
)
LOGIN_REDIRECT = Response(status=302, content_type="text/html", headers=(("Location", "/login"),))
