"""The time that statements may take, where a page needs another limit than web processes have."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import connection, transaction


@contextmanager
def limited_statements(milliseconds: int) -> Iterator[None]:
    """Open a transaction in which a longer statement raises OperationalError."""
    is_nested = connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL statement_timeout = {milliseconds}")
        yield
        if is_nested:  # the limit would last until the end of the outer transaction
            cursor.execute("SET LOCAL statement_timeout = DEFAULT")


@contextmanager
def longer_statements(seconds: int = 120) -> Iterator[None]:
    """Allow longer statements than web processes do, such as a search of all stored payloads.

    Not behind a pooler of transactions, where another client would get the setting.
    """
    if settings.DATABASE_POOLED:
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute(f"SET statement_timeout = '{seconds}s'")
    try:
        yield
    finally:
        if connection.is_usable():
            connection.cursor().execute("RESET statement_timeout")
