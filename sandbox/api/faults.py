"""Faulty responses on demand: permanent ones by account, scripted ones through a control."""

import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from threading import Lock
from typing import Any

from sandbox.http.messages import LOGIN_REDIRECT, NOT_FOUND_PAGE, Response, json_response

PAGE_FAULTS = ("empty_page", "loop_next", "duplicate_page")
"""Faults of a page's content, which `coinzz_api` applies."""
ACCOUNT_FAULTS = {
    "4010": "status:401",
    "2000": "html",
    "3020": "redirect",
    "5000": "status:500",
    "4290": "status:429",
    "6000": "slow:60",
    "7000": "truncated",
    "7001": "wrong_shape",
    "7002": "reset",
}
_REPLACEMENTS = {
    "html": NOT_FOUND_PAGE,
    "redirect": LOGIN_REDIRECT,
    "reset": Response(reset=True),
    "wrong_shape": json_response({"data": None}),
}
_FAULT = re.compile(
    r"status:[45][0-9]{2}|slow:[0-9]{1,3}(\.[0-9]{1,3})?"
    r"|truncated|" + "|".join((*_REPLACEMENTS, *PAGE_FAULTS))
)
_TOO_MANY_REQUESTS = 429
_MESSAGES = {401: "Unauthenticated.", 429: "Too Many Attempts.", 500: "Server Error"}


@dataclass(slots=True, kw_only=True)
class ScriptedFault:
    """A fault of the requests that match. None matches any account or path, or never ends."""

    fault: str
    account: str | None = None
    path: str | None = None
    times: int | None = None
    after: int = 0
    """How many matching requests succeed first."""

    def matches(self, account: str, path: str) -> bool:
        return self.account in (None, account) and self.path in (None, path)

    def count_request(self) -> bool:
        """Count a matching request, and return whether it must fail."""
        if self.after:
            self.after -= 1
            return False
        if self.times is None:
            return True
        self.times -= 1
        return self.times >= 0


class Faults:
    def __init__(self) -> None:
        self._scripted: list[ScriptedFault] = []
        self._lock = Lock()

    def add(self, fault: ScriptedFault) -> None:
        with self._lock:
            self._scripted.append(fault)

    def clear(self) -> None:
        with self._lock:
            self._scripted.clear()

    def scripted(self) -> list[dict[str, Any]]:
        with self._lock:
            return [asdict(fault) for fault in self._scripted]

    def next_fault(self, account: str, path: str) -> str:
        """Return the fault of this request to `sales` or `products`, or an empty text."""
        with self._lock:
            for scripted in self._scripted:
                if scripted.matches(account, path) and scripted.count_request():
                    self._scripted = [left for left in self._scripted if left.times != 0]
                    return scripted.fault
        return ACCOUNT_FAULTS.get(account, "")


def is_fault(text: str) -> bool:
    return _FAULT.fullmatch(text) is not None


def apply_fault(fault: str, respond: Callable[[], Response]) -> Response:
    """Return the response of `respond`, changed or replaced by the fault."""
    kind, _, argument = fault.partition(":")
    if kind == "status":
        return error_response(int(argument))
    if kind in _REPLACEMENTS:
        return _REPLACEMENTS[kind]
    response = respond()
    if kind == "slow":
        return replace(response, delay=float(argument))
    if kind == "truncated":
        return replace(response, body=response.body[: len(response.body) // 2])
    return response


def error_response(status: int) -> Response:
    """Return Laravel's response to an error."""
    value = {"success": False, "message": _MESSAGES.get(status, "Error")}
    headers = (("Retry-After", "2"),) if status == _TOO_MANY_REQUESTS else ()
    return json_response(value, status, headers)
