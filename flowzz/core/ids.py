"""Ids of rows."""

import uuid
from datetime import UTC, datetime, timedelta

import uuid_utils.compat

_BITS_AFTER_TIME = 80
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def uuid7() -> uuid.UUID:
    """A UUID version 7: unique, and in the order of its making, which keeps indexes compact."""
    return uuid_utils.compat.uuid7()


def made_at(uuid_7: uuid.UUID) -> datetime:
    """When a UUID version 7 was made, to the millisecond, in UTC."""
    return _EPOCH + (uuid_7.int >> _BITS_AFTER_TIME) * _MILLISECOND


def first_since(moment: datetime) -> uuid.UUID:
    """What no UUID version 7 is below that was made at the moment (aware) or later."""
    milliseconds = -((_EPOCH - moment) // _MILLISECOND)  # rounded up, as `made_at` rounds down
    return uuid.UUID(int=milliseconds << _BITS_AFTER_TIME)
