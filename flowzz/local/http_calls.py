"""Calls between the programs of this machine, JSON there and back, past any proxy."""

import json
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

TIMEOUT_SECONDS = 30
_opener = build_opener(ProxyHandler({}))


class CallFailed(Exception):
    """There was no good answer; the message says to what, and how it was answered."""


def answers(url: str) -> bool:
    """Whether a program says 2xx there."""
    try:
        with _opener.open(url, timeout=TIMEOUT_SECONDS):
            return True
    except OSError:
        return False


def call(method: str, url: str, body: dict[str, Any] | None = None, *, token: str = "") -> Any:
    """The JSON that comes back. Raises CallFailed."""
    request = Request(url, method=method, data=json.dumps(body).encode() if body else None)
    request.add_header("Content-Type", "application/json")
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    try:
        with _opener.open(request, timeout=TIMEOUT_SECONDS) as response:
            return json.load(response)
    except HTTPError as error:
        with error:
            text = error.read(500).decode(errors="replace")
        raise CallFailed(f"{method} {url} answered {error.code}: {text}") from None
    except (OSError, ValueError) as error:
        raise CallFailed(f"{method} {url} has no answer: {error}") from None
