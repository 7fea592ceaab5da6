"""Wrong answers on demand: fixed ones by account, scripted ones through the control."""

import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from threading import Lock
from typing import Any

from sandbox.exchange import LOGIN_REDIRECT, NOT_FOUND_PAGE, Answer, json_answer

PAGE_FAULTS = ("empty_page", "loop_next", "duplicate_page")
"""These change which orders a page of sales holds, so that `api` sees to them."""
FAULT_OF_ACCOUNT = {
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
_INSTEAD = {
    "html": NOT_FOUND_PAGE,
    "redirect": LOGIN_REDIRECT,
    "reset": Answer(reset=True),
    "wrong_shape": json_answer({"data": None}),
}
_FAULT = re.compile(
    r"status:[45][0-9]{2}|slow:[0-9]{1,3}(\.[0-9]{1,3})?"
    r"|truncated|" + "|".join((*_INSTEAD, *PAGE_FAULTS))
)
_TOO_MANY = 429
_MESSAGES = {401: "Unauthenticated.", 429: "Too Many Attempts.", 500: "Server Error"}


@dataclass(slots=True, kw_only=True)
class Script:
    """A fault for the requests that match; None matches any account, any path, or has no end."""

    fault: str
    account: str | None = None
    path: str | None = None
    times: int | None = None
    after: int = 0
    """How many matching requests go through unharmed first."""

    def matches(self, account: str, path: str) -> bool:
        return self.account in (None, account) and self.path in (None, path)

    def strikes(self) -> bool:
        """Count one matching request; say whether it is to fail."""
        if self.after:
            self.after -= 1
            return False
        if self.times is None:
            return True
        self.times -= 1
        return self.times >= 0


class Faults:
    def __init__(self) -> None:
        self._scripts: list[Script] = []
        self._lock = Lock()

    def add(self, script: Script) -> None:
        with self._lock:
            self._scripts.append(script)

    def clear(self) -> None:
        with self._lock:
            self._scripts.clear()

    def scripts(self) -> list[dict[str, Any]]:
        with self._lock:
            return [asdict(script) for script in self._scripts]

    def take(self, account: str, path: str) -> str:
        """Give the fault that is due for this request (`sales`, `products`), empty for none."""
        with self._lock:
            for script in self._scripts:
                if script.matches(account, path) and script.strikes():
                    self._scripts = [left for left in self._scripts if left.times != 0]
                    return script.fault
        return FAULT_OF_ACCOUNT.get(account, "")


def is_fault(text: str) -> bool:
    return _FAULT.fullmatch(text) is not None


def spoil(fault: str, serve: Callable[[], Answer]) -> Answer:
    """Give what `serve` answers, as `fault` would have it."""
    kind, _, argument = fault.partition(":")
    if kind == "status":
        return status_answer(int(argument))
    if kind in _INSTEAD:
        return _INSTEAD[kind]
    answer = serve()
    if kind == "slow":
        return replace(answer, delay=float(argument))
    if kind == "truncated":
        return replace(answer, body=answer.body[: len(answer.body) // 2])
    return answer


def status_answer(status: int) -> Answer:
    """Answer as Laravel does for an error status."""
    value = {"success": False, "message": _MESSAGES.get(status, "Error")}
    headers = (("Retry-After", "2"),) if status == _TOO_MANY else ()
    return json_answer(value, status, headers)
