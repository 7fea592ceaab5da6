"""The database's clock, which is the same for all machines."""

import time
from datetime import datetime
from typing import Final

from django.db import connection
from django.utils import timezone

MAX_READINGS: Final = 10
QUICK_SECONDS: Final = 0.001
"""A reading that takes less is exact enough."""


def to_database_time(local_time: datetime) -> datetime:
    """Convert a time of this machine's clock to the database's clock, ahead or behind.

    The result is never early, and late by the way of a statement to the server: a webhook must not
    seem to have arrived before one that was stored earlier. So a reply that waits for this process,
    or for a frozen server, does not matter; the quickest of some readings counts.
    """
    differences = []
    for _ in range(MAX_READINGS):
        asked_at, started = timezone.now(), time.monotonic()
        differences.append(read_clock() - asked_at)
        if time.monotonic() - started < QUICK_SECONDS:
            break
    return local_time + min(differences)


def read_clock() -> datetime:
    """Return the database's time, aware."""
    connection.ensure_connection()
    with connection.wrap_database_errors:
        row = connection.connection.execute("SELECT clock_timestamp()").fetchone()
    database_now: datetime = row[0]
    return database_now
