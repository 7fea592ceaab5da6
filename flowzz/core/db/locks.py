"""One writer of a seller's clients and sales at a time, webhooks, syncs and staff alike."""

import uuid

from django.db import connection


def lock_user(user_id: uuid.UUID) -> None:
    """Wait until this transaction is the seller's only writer, and stay so until it ends.

    The lock is the user's rather than the integration's, because clients belong to the user.
    """
    key = int.from_bytes(user_id.bytes[8:], signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [key])
