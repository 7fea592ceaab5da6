"""Which version a user's data is at; the counting is the database's (accounts 0006)."""

import uuid

from flowzz.accounts.models import DataVersion


def version_of(user_id: uuid.UUID) -> int:
    """Read it before the data: what is read afterwards is of this version or a newer one."""
    found = DataVersion.objects.filter(user_id=user_id).values_list("version", flat=True)
    return next(iter(found), 0)
