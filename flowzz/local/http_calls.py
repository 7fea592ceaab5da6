"""JSON calls between the programs of this machine, without any configured proxy."""

import json
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

TIMEOUT_SECONDS = 30
_opener = build_opener(ProxyHandler({}))


class CallFailed(Exception):
    """The call got no successful response. The message has the URL and the response."""


def is_up(url: str) -> bool:
    """Return whether a GET of the URL gets a successful response."""
    try:
        with _opener.open(url, timeout=TIMEOUT_SECONDS):
            return True
    except OSError:
        return False


def call(method: str, url: str, body: dict[str, Any] | None = None, *, token: str = "") -> Any:
    """Return the JSON of the response. Raises CallFailed."""
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
        raise CallFailed(f"{method} {url} returned {error.code}: {text}") from None
    except (OSError, ValueError) as error:
        raise CallFailed(f"{method} {url} got no response: {error}") from None
