"""The database's clock, which is the same for all machines."""

from datetime import datetime

from django.db import connection
from django.utils import timezone


def to_database_time(local_time: datetime) -> datetime:
    """Convert a time of this machine's clock to the database's clock, ahead or behind."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        database_now: datetime = cursor.fetchone()[0]
    return database_now + (local_time - timezone.now())
