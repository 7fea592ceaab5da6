"""Meeting another transaction at a lock, for tests of who waits for whom."""

import time
from concurrent.futures import Future
from typing import Any

from django.db import connection

_BLOCKED = """
    SELECT FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE NOT granted AND datname = current_database()
"""


def wait_until_blocked(work: "Future[Any]") -> None:
    """Return once something waits for a lock of this database's, or the work has ended."""
    while not (work.done() or _is_somebody_blocked()):
        time.sleep(0.01)


def _is_somebody_blocked() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(_BLOCKED)
        return bool(cursor.rowcount)
