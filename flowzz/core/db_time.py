"""One clock for all machines: the database's."""

from datetime import datetime

from django.db import connection
from django.utils import timezone


def to_database_time(moment: datetime) -> datetime:
    """A moment of this process's clock, told by the database's, which may be ahead or behind."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return now + (moment - timezone.now())
