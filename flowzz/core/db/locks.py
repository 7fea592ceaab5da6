"""Advisory locks: of a user, in whose turn webhooks, syncs and staff write, and of a name."""

import uuid

from django.db import connection

from flowzz.core.db.backend.compiled_queries import execute


def lock_user(user_id: uuid.UUID) -> None:
    """Wait for the user's advisory lock, and hold it until the transaction ends.

    The lock belongs to the user rather than to an integration, because clients do.
    """
    key = int.from_bytes(user_id.bytes[8:], signed=True)
    execute("SELECT pg_advisory_xact_lock(%s::bigint)", [key])


def lock_name(name: str) -> None:
    """Wait for the advisory lock of a name, and hold it until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])
