"""The lock that makes webhooks, syncs and staff write a user's clients and sales in turn."""

import uuid

from django.db import connection


def lock_user(user_id: uuid.UUID) -> None:
    """Wait for the user's advisory lock, and hold it until the transaction ends.

    The lock belongs to the user rather than to an integration, because clients do.
    """
    key = int.from_bytes(user_id.bytes[8:], signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [key])
