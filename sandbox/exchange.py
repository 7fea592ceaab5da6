"""What comes in over HTTP and what goes out, free of sockets."""

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
class Answer:
    body: bytes = b""
    status: int = 200
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()
    delay: float = 0.0
    """Seconds to wait before answering."""
    reset: bool = False
    """Answer nothing: tear the connection down."""


def json_answer(value: Any, status: int = 200, headers: tuple[tuple[str, str], ...] = ()) -> Answer:
    return Answer(body=json.dumps(value).encode(), status=status, headers=headers)


def html_answer(text: str) -> Answer:
    return Answer(body=text.encode(), content_type="text/html; charset=UTF-8")


def redirect(location: str) -> Answer:
    return Answer(status=302, content_type="text/html", headers=(("Location", location),))


NOT_FOUND_PAGE = html_answer(
    "<!doctype html><html lang='pt-br'><head><title>Not Found | Coinzz</title></head>"
    "<body><h1>404</h1><p>Página não encontrada.</p></body></html>"
)
LOGIN_PAGE = html_answer(
    "<!doctype html><html lang='pt-br'><head><title>Login | Coinzz</title></head>"
    "<body><h1>Entrar</h1></body></html>"
)
LOGIN_REDIRECT = redirect("/login")
