"""Parsing of PostgreSQL's timestamps by the interpreter's own parser, in a tenth of the time."""

from datetime import UTC, datetime
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.postgresql.psycopg_any import BaseTzLoader


class TimestampLoader(BaseTzLoader):  # type: ignore[misc]  # it has no types
    """Loads a `timestamptz` in UTC. Django's loader handles values outside `datetime`'s range."""

    timezone = UTC

    def load(self, data: Any) -> datetime:
        try:
            return datetime.fromisoformat(str(data, "ascii")).astimezone(UTC)
        except ValueError:
            loaded: datetime = super().load(data)
            return loaded


def register_loader(connection: BaseDatabaseWrapper, **_: object) -> None:
    """Receiver of `connection_created`."""
    connection.connection.adapters.register_loader("timestamptz", TimestampLoader)
