"""UUIDs of version 7 as ids of rows: they sort by time, which keeps indexes compact."""

import uuid
from datetime import UTC, datetime, timedelta

import uuid_utils.compat

_BITS_AFTER_TIME = 80
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def uuid7() -> uuid.UUID:
    return uuid_utils.compat.uuid7()


def uuid7_time(uuid_7: uuid.UUID) -> datetime:
    """Return when a UUID was created, to the millisecond, in UTC."""
    return _EPOCH + (uuid_7.int >> _BITS_AFTER_TIME) * _MILLISECOND


def lowest_uuid7(time: datetime) -> uuid.UUID:
    """Return the lower bound of UUIDs created at `time` (aware) or later."""
    milliseconds = -((_EPOCH - time) // _MILLISECOND)  # rounded up, as `uuid7_time` rounds down
    return uuid.UUID(int=milliseconds << _BITS_AFTER_TIME)
