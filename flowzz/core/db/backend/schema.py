"""Schema changes that give up rather than block the application."""

from types import TracebackType
from typing import Self

from django.db.backends.postgresql.schema import DatabaseSchemaEditor

LOCK_TIMEOUT = "3s"
"""For a lock. Every query that comes later waits behind a schema change that waits for its own."""
STATEMENT_TIMEOUT = "60s"
"""For a statement of an atomic migration. Those that take longer (CREATE INDEX CONCURRENTLY, data
in batches) belong into migrations with `atomic = False`."""


class TimeoutSchemaEditor(DatabaseSchemaEditor):
    def __enter__(self) -> Self:
        super().__enter__()
        if self.collect_sql:
            return self
        with self.connection.cursor() as cursor:
            if self.atomic_migration:
                cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
                cursor.execute(f"SET LOCAL statement_timeout = '{STATEMENT_TIMEOUT}'")
            else:
                cursor.execute(f"SET lock_timeout = '{LOCK_TIMEOUT}'")
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        super().__exit__(exc_type, exc_value, traceback)
        if not self.collect_sql and not self.atomic_migration:
            with self.connection.cursor() as cursor:
                cursor.execute("RESET lock_timeout")
