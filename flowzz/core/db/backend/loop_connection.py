"""A connection to PostgreSQL for an event loop, beside Django's connections, which block."""

import time
from collections.abc import Sequence
from typing import Any, cast

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections

from flowzz.core.db.backend.base import DatabaseWrapper, is_quiet, takes_writes

CONNECT_SECONDS = 2
"""For a connection to one host: the least that psycopg waits."""


class LoopConnection:
    """Executes constant statements, one at a time, each in a transaction of its own.

    It connects at the first statement, and again after an error or to another primary.
    """

    def __init__(self, *, lock_timeout: str, statement_timeout: str) -> None:
        self._django = cast(DatabaseWrapper, connections.create_connection(DEFAULT_DB_ALIAS))
        self._django.limit_statements(
            lock_timeout=lock_timeout, statement_timeout=statement_timeout
        )
        self._connection: _DeadlineConnection | None = None

    async def execute(
        self, statement: str, parameters: Sequence[Any], *, until: float
    ) -> list[tuple[Any, ...]]:
        """Execute a statement and return its rows. `until` is by `time.monotonic`.

        Raises Django's DatabaseError and InterfaceError. A statement that takes longer ends the
        connection and raises OperationalError: the server may be frozen.
        """
        with self._django.wrap_database_errors:
            connection = await self._usable()
            connection.deadline = until
            cursor = await connection.execute(statement, parameters)
            return await cursor.fetchall()

    async def close(self) -> None:
        if self._connection:
            await self._connection.close()
            self._connection = None

    async def _usable(self) -> "_DeadlineConnection":
        if self._connection and not (
            is_quiet(self._connection.pgconn) and takes_writes(self._connection.pgconn)
        ):
            await self.close()
        if self._connection is None:
            self._connection = await self._connect()
        return self._connection

    async def _connect(self) -> "_DeadlineConnection":
        parameters = self._django.get_connection_params() | {"connect_timeout": CONNECT_SECONDS}
        for name in ("context", "cursor_factory", "prepare_threshold"):
            parameters.pop(name, None)
        connection = await _DeadlineConnection.connect(
            **parameters, autocommit=True, prepare_threshold=None
        )
        cursor = await connection.execute("SELECT pg_backend_pid()")
        # Behind a pooler another server may have prepared other statements.
        if await cursor.fetchone() == (connection.info.backend_pid,):
            connection.prepare_threshold = 0
        return connection


class _DeadlineConnection(psycopg.AsyncConnection[tuple[Any, ...]]):
    """The awaited counterpart of `DeadlineConnection`."""

    deadline: float | None = None

    async def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        if self.deadline is None:
            return await super().wait(gen, interval, timeout)
        try:
            return await super().wait(gen, interval, max(0.01, self.deadline - time.monotonic()))
        except psycopg.OperationalError:
            if time.monotonic() >= self.deadline:
                self.pgconn.finish()  # in the middle of a statement
            raise
