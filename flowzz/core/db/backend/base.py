"""Django's PostgreSQL backend: a cheaper connection check, faster times, timeouts, deadlines."""

import select
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any, Self

import psycopg
from django.conf import settings
from django.db.backends.postgresql import base
from django.db.backends.postgresql.psycopg_any import BaseTzLoader
from django.db.backends.postgresql.schema import DatabaseSchemaEditor
from psycopg.pq import ConnStatus
from psycopg.pq.abc import PGconn

LOCK_TIMEOUT = "3s"
"""How long a schema change waits for its lock: later queries wait behind the schema change."""
STATEMENT_TIMEOUT = "60s"
"""How long a statement of an atomic migration may take. Longer ones (CREATE INDEX CONCURRENTLY,
data in batches) belong in migrations with `atomic = False`."""


_PLAN_ONCE = """
    SELECT set_config('enable_seqscan', 'off', true),
        set_config('plan_cache_mode', 'force_generic_plan', true)
"""


class TimestampLoader(BaseTzLoader):  # type: ignore[misc]  # it has no types
    """Parses a `timestamptz` in UTC by the interpreter's own parser, in a tenth of the time.

    Django's loader handles values outside `datetime`'s range.
    """

    timezone = UTC

    def load(self, data: Any) -> datetime:
        try:
            return datetime.fromisoformat(str(data, "ascii")).astimezone(UTC)
        except ValueError:
            loaded: datetime = super().load(data)
            return loaded


class TimeoutSchemaEditor(DatabaseSchemaEditor):
    """Gives up a schema change rather than block the application."""

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

    def __exit__(self, *exception: Any) -> None:
        super().__exit__(*exception)
        if not self.collect_sql and not self.atomic_migration:
            with self.connection.cursor() as cursor:
                cursor.execute("RESET lock_timeout")


class DeadlineConnection(psycopg.Connection[Any]):
    """A connection that can stop waiting for its server, which may be frozen.

    The server's own `statement_timeout` does not help then.
    """

    deadline: float | None = None
    """When to stop waiting, by `time.monotonic`: closes the connection, raises OperationalError."""

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        if self.deadline is None:
            return super().wait(gen, interval, timeout)
        try:
            return super().wait(gen, interval, max(0.01, self.deadline - time.monotonic()))
        except psycopg.OperationalError:
            if time.monotonic() >= self.deadline:
                self.pgconn.finish()  # in the middle of a statement
            raise


class DatabaseWrapper(base.DatabaseWrapper):
    """Checks an open connection by its socket, and sends `SELECT 1` only if data is waiting.

    A server that closes a connection sends a message, and unanswered keepalives raise an error in
    the kernel: the socket becomes readable in both cases. Django's check costs a statement a
    request, which was one of three for a webhook.
    """

    SchemaEditorClass = TimeoutSchemaEditor
    connection: DeadlineConnection | None
    _deadline: float | None = None
    _server_timeouts = ""
    _has_own_server: bool | None = None

    def limit_statements(self, *, lock_timeout: str, statement_timeout: str) -> None:
        """Limit the statements of this thread's connections, from the next connection on.

        A pooler refuses such connections: behind it the role limits them.
        """
        if settings.DATABASE_POOLED:
            return
        self._server_timeouts = (
            f" -c lock_timeout={lock_timeout} -c statement_timeout={statement_timeout}"
        )

    @contextmanager
    def deadline(self, seconds: float) -> Iterator[None]:
        """Give up statements that are unfinished after `seconds`. Raises OperationalError.

        Within another deadline the earlier one applies.
        """
        outer, own = self._deadline, time.monotonic() + seconds
        self._set_deadline(own if outer is None else min(own, outer))
        try:
            yield
        finally:
            self._set_deadline(outer)

    @contextmanager
    def pipeline(self) -> Iterator[None]:
        """Send statements without waiting for each other's results, until rows are fetched.

        Must be used within a transaction. An error is raised by a later statement, or at the end
        of the pipeline or savepoint. Plans use indexes wherever there are any: the tables of a new
        installation are empty when the server plans statements that it keeps.
        """
        self.ensure_connection()
        assert self.connection is not None
        with self.wrap_database_errors, self.connection.pipeline():
            with self.cursor() as cursor:
                cursor.execute(_PLAN_ONCE)
            yield

    def constant_cursor(self) -> Any:
        """Return a cursor for a statement with few texts, which is planned once in pipelines."""
        is_in_pipeline = self.connection is not None and self.connection._pipeline is not None
        return self.prepared_cursor() if is_in_pipeline else self.cursor()

    def prepared_cursor(self) -> Any:
        """Return a cursor for constant statements: the server plans them once a connection.

        Parameters are sent beside the statement and in binary form, not as literals in it.
        """
        self.ensure_connection()
        assert self.connection is not None
        if self._has_own_server is None:
            self._has_own_server = self._ask_for_own_server()
        self.connection.prepare_threshold = 0 if self._has_own_server else None
        cursor_class: Any = base.ServerBindingCursor
        prepare: Any = self._prepare_cursor  # type: ignore[attr-defined]  # a wrapper that counts
        return prepare(cursor_class(self.connection))

    def get_connection_params(self) -> dict[str, Any]:
        params: dict[str, Any] = super().get_connection_params()
        params["options"] = params.get("options", "") + self._server_timeouts
        if self._deadline is not None:  # psycopg waits at least two seconds
            params["connect_timeout"] = max(2, int(self._deadline - time.monotonic()))
        return params

    def get_new_connection(self, conn_params: dict[str, Any]) -> DeadlineConnection:
        """Connect. Django's pool and its option for the isolation level are not used here."""
        self.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
        connection = DeadlineConnection.connect(**conn_params)
        connection.deadline, self._has_own_server = self._deadline, None
        return connection

    def init_connection_state(self) -> None:
        super().init_connection_state()
        assert self.connection is not None
        self.connection.adapters.register_loader("timestamptz", TimestampLoader)

    def is_usable(self) -> bool:
        return (self._is_idle() or super().is_usable()) and self._takes_writes()

    def _savepoint_commit(self, sid: str) -> None:
        """Wait for the savepoint's statements, so that their errors are raised before its end."""
        with self.wrap_database_errors:
            self._finish_pipeline()
        super()._savepoint_commit(sid)  # type: ignore[misc]  # the types lack it

    def _savepoint_rollback(self, sid: str) -> None:
        """Read what is left of a failed pipeline: the server ignores statements until then."""
        with suppress(psycopg.Error):
            self._finish_pipeline()
        super()._savepoint_rollback(sid)  # type: ignore[misc]  # the types lack it

    def _finish_pipeline(self) -> None:
        if self.connection is not None and self.connection._pipeline:
            self.connection._pipeline.sync()

    def _set_deadline(self, deadline: float | None) -> None:
        self._deadline = deadline
        if self.connection is not None:
            self.connection.deadline = deadline

    def _ask_for_own_server(self) -> bool:
        """Return False behind a pooler: another server may have prepared other statements."""
        assert self.connection is not None
        row = self.connection.execute("SELECT pg_backend_pid()").fetchone()
        return bool(row and row[0] == self.connection.info.backend_pid)

    def _is_idle(self) -> bool:
        if self.connection is None or self.errors_occurred:
            return False
        return is_quiet(self.connection.pgconn)

    def _takes_writes(self) -> bool:
        assert self.connection is not None
        return takes_writes(self.connection.pgconn)


def is_quiet(pgconn: PGconn) -> bool:
    """Return whether a connection is open and its server has sent nothing unasked."""
    if pgconn.status != ConnStatus.OK:
        return False
    socket = select.poll()
    socket.register(pgconn.socket, select.POLLIN)
    return not socket.poll(0)


def takes_writes(pgconn: PGconn) -> bool:
    """Return False for a server that became a standby, by what it has reported unasked."""
    status = pgconn.parameter_status
    return b"on" not in (status(b"in_hot_standby"), status(b"default_transaction_read_only"))
