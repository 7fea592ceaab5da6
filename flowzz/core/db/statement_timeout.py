"""The time that a page's statements may take, where a page is known to need longer."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import connection


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
