"""Waits for a condition, and for a transaction that is blocked by a lock."""

import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from django.db import connection

WAIT_SECONDS = 60.0
_BLOCKED = """
    SELECT FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE NOT granted AND datname = current_database()
"""


def wait_until(condition: Callable[[], bool], seconds: float = WAIT_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"the condition was not met within {seconds:g} s"
        time.sleep(0.02)


def wait_until_blocked(work: "Future[Any]") -> None:
    """Wait until a transaction in this database waits for a lock, or until `work` has ended."""
    while not (work.done() or _has_blocked_transaction()):
        time.sleep(0.01)


def _has_blocked_transaction() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(_BLOCKED)
        return bool(cursor.rowcount)
