"""Tell a database that is down, locked or read-only from one that refuses the values."""

from celery.exceptions import SoftTimeLimitExceeded
from django.db import DatabaseError, InterfaceError, OperationalError
from psycopg import errors


def is_unavailable(error: BaseException | None) -> bool:
    """Return whether a retry can help: the error is neither the values' nor the code's fault.

    So is the end of a task's time, which may come in any statement.
    """
    if isinstance(error.__cause__ if error else None, errors.ProgramLimitExceeded):
        return False  # a value that is too large for an index
    is_read_only = isinstance(error, DatabaseError) and isinstance(
        error.__cause__, errors.ReadOnlySqlTransaction
    )
    return is_read_only or isinstance(
        error, OperationalError | InterfaceError | SoftTimeLimitExceeded
    )
