"""A connection to PostgreSQL for an event loop, beside Django's connections, which block."""

import asyncio
import re
import time
from collections.abc import Callable, Sequence
from functools import partial
from itertools import count
from typing import cast

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus, Format
from psycopg.pq.abc import PGresult

from flowzz.core.db.backend.base import DatabaseWrapper, is_quiet, takes_writes

CONNECT_SECONDS = 2
"""How long connecting to one host may take: the shortest wait that psycopg supports."""

Row = tuple[bytes | None, ...]


class LoopConnection:
    """Executes constant statements, one at a time, each in a transaction of its own.

    Parameters and values have PostgreSQL's binary format. It uses libpq without psycopg's cursors,
    which take as long as all other work for a webhook. It connects at the first statement, and
    again after an error or to another primary.
    """

    def __init__(self, *, lock_timeout: str, statement_timeout: str) -> None:
        self._django = cast(DatabaseWrapper, connections.create_connection(DEFAULT_DB_ALIAS))
        self._django.limit_statements(
            lock_timeout=lock_timeout, statement_timeout=statement_timeout
        )
        self._session: _Session | None = None

    async def execute(
        self, statement: str, parameters: Sequence[bytes], *, until: float
    ) -> list[Row]:
        """Execute a statement and return its rows. `until` is by `time.monotonic`.

        Raises Django's DatabaseError and InterfaceError. A statement that takes longer ends the
        connection and raises OperationalError: the server may be frozen.
        """
        with self._django.wrap_database_errors:
            session = await self._usable()
            return await session.execute(statement, parameters, until)

    def close(self) -> None:
        if self._session:
            self._session.close()
            self._session = None

    async def _usable(self) -> "_Session":
        if self._session and not self._session.is_usable():
            self.close()
        if self._session is None:
            self._session = await self._connect()
        return self._session

    async def _connect(self) -> "_Session":
        parameters = self._django.get_connection_params() | {"connect_timeout": CONNECT_SECONDS}
        for name in ("context", "cursor_factory", "prepare_threshold"):
            parameters.pop(name, None)
        connection = await psycopg.AsyncConnection.connect(**parameters, autocommit=True)
        cursor = await connection.execute("SELECT pg_backend_pid()")
        # Behind a pooler another server may have prepared other statements.
        is_pooled = await cursor.fetchone() != (connection.info.backend_pid,)
        return _Session(connection, is_pooled=is_pooled)


class _Session:
    """An open connection, and the results of the statement that it executes."""

    def __init__(self, connection: psycopg.AsyncConnection, *, is_pooled: bool) -> None:
        self._connection = connection  # it would be closed with its last reference
        self._pgconn = connection.pgconn
        self._socket = self._pgconn.socket
        self._is_open = True
        self._is_pooled = is_pooled
        self._prepared: dict[str, bytes] = {}
        self._results: list[PGresult] = []
        self._loop = asyncio.get_running_loop()
        self._complete: asyncio.Future[None] | None = None
        """While a statement is executed: done with its last result."""
        self._loop.add_reader(self._socket, self._read)

    def is_usable(self) -> bool:
        return self._is_open and is_quiet(self._pgconn) and takes_writes(self._pgconn)

    def close(self, error: Exception | None = None) -> None:
        """Close the connection. A statement that it executes raises `error`."""
        if not self._is_open:
            return
        self._is_open = False
        self._loop.remove_reader(self._socket)
        self._loop.remove_writer(self._socket)
        self._pgconn.finish()
        if self._complete and not self._complete.done():
            self._complete.set_exception(error or psycopg.OperationalError("too late"))

    async def execute(self, statement: str, parameters: Sequence[bytes], until: float) -> list[Row]:
        formats = [Format.BINARY] * len(parameters)
        if self._is_pooled:
            send, source = self._pgconn.send_query_params, _numbered(statement)
            call = partial(send, source, parameters, None, formats, Format.BINARY)
        else:
            name = self._prepared.get(statement) or await self._prepare(statement, until)
            send_prepared = self._pgconn.send_query_prepared
            call = partial(send_prepared, name, parameters, formats, Format.BINARY)
        result = await self._result_of(call, until)
        columns = range(result.nfields)
        return [
            tuple(result.get_value(row, column) for column in columns)
            for row in range(result.ntuples)
        ]

    async def _prepare(self, statement: str, until: float) -> bytes:
        name = b"loop_%d" % len(self._prepared)
        await self._result_of(partial(self._pgconn.send_prepare, name, _numbered(statement)), until)
        self._prepared[statement] = name
        return name

    async def _result_of(self, send: Callable[[], None], until: float) -> PGresult:
        self._results.clear()
        self._complete = self._loop.create_future()
        timer = self._loop.call_later(max(0.01, until - time.monotonic()), self.close)
        try:
            send()
            if self._pgconn.flush():
                self._loop.add_writer(self._socket, self._write)
            await self._complete
        except BaseException:  # in the middle of a statement
            self._complete.cancel()  # nobody awaits it any more
            self.close()
            raise
        finally:
            timer.cancel()
            self._complete = None
        result = self._results[-1]
        if result.status == ExecStatus.FATAL_ERROR:
            raise error_from_result(result)
        return result

    def _read(self) -> None:
        """Take what the server has sent. Its last result is followed by None."""
        try:
            self._pgconn.consume_input()
            while not self._pgconn.is_busy():
                if (result := self._pgconn.get_result()) is None:
                    break
                self._results.append(result)
            else:
                return
        except psycopg.OperationalError as error:
            self.close(error)
            return
        if self._complete and not self._complete.done():
            self._complete.set_result(None)

    def _write(self) -> None:
        """Send what did not fit into the socket's buffer."""
        try:
            is_sent = not self._pgconn.flush()
        except psycopg.OperationalError as error:
            self.close(error)
            return
        if is_sent:
            self._loop.remove_writer(self._socket)


def _numbered(statement: str) -> bytes:
    """Return a statement with PostgreSQL's placeholders, `$1`, instead of psycopg's."""
    numbers = count(1)
    return re.sub("%b", lambda _: f"${next(numbers)}", statement).encode()
