"""Versions of users' data, counted by database triggers (migration core 0002)."""

import uuid

from flowzz.core.models import DataVersion


def current_version(user_id: uuid.UUID) -> int:
    """Return the version of a user's data. Read it before the data, so that it is never newer."""
    versions = DataVersion.objects.filter(user_id=user_id).values_list("version", flat=True)
    return versions.first() or 0
