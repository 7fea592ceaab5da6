"""The event loop's connection: it ends waits, and connects again by itself."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any
from unittest.mock import patch

import psycopg
import pytest
from django.db import DataError, InterfaceError, OperationalError, connection

from flowzz.core.db.backend.loop_connection import LoopConnection
from flowzz.core.models import Setting

pytestmark = pytest.mark.django_db(transaction=True)


class Session:
    """A connection, and what a test asks of it."""

    def __init__(self) -> None:
        self.connection = LoopConnection(lock_timeout="2s", statement_timeout="30s")

    async def ask(self, statement: str, *parameters: Any, seconds: float = 30.0) -> Any:
        """Return the first value of the first row."""
        until = time.monotonic() + seconds
        rows = await self.connection.execute(statement, parameters, until=until)
        return rows[0][0] if rows else None

    async def server(self) -> int:
        """Return the id of the server's process."""
        pid: int = await self.ask("SELECT pg_backend_pid()")
        return pid


def run(use: Callable[[Session], Awaitable[None]]) -> None:
    async def use_and_close() -> None:
        session = Session()
        try:
            await use(session)
        finally:
            await session.connection.close()

    asyncio.run(use_and_close())


def terminate(pid: int) -> None:
    parameters = connection.get_connection_params()
    options = {name: parameters[name] for name in ("host", "port", "user", "password", "dbname")}
    with psycopg.connect(**options) as administrator:
        administrator.execute("SELECT pg_terminate_backend(%s, 10000)", [pid])


def test_statements_are_limited_by_the_server_too() -> None:
    async def use(session: Session) -> None:
        assert await session.ask("SHOW lock_timeout") == "2s"
        assert await session.ask("SHOW statement_timeout") == "30s"

    run(use)


def test_each_statement_is_committed() -> None:
    async def use(session: Session) -> None:
        statement = (
            "INSERT INTO core_setting (name, value, changed_at) VALUES (%s, %s, now()) RETURNING 1"
        )
        assert await session.ask(statement, "NAME", "value") == 1

    run(use)
    assert Setting.objects.get().value == "value"


def test_statement_without_an_answer_is_given_up_at_its_deadline() -> None:
    async def use(session: Session) -> None:
        before = await session.server()
        with pytest.raises(OperationalError):
            await session.ask("SELECT pg_sleep(60)", seconds=0.05)
        assert await session.server() != before
        await asyncio.to_thread(terminate, before)

    run(use)


def test_refused_data_raises_djangos_error_and_keeps_the_connection() -> None:
    async def use(session: Session) -> None:
        before = await session.server()
        with pytest.raises(DataError):
            await session.ask("SELECT %b::text::int", "one")
        assert await session.server() == before

    run(use)


def test_connection_closed_by_the_server_is_opened_again() -> None:
    async def use(session: Session) -> None:
        before = await session.server()
        await asyncio.to_thread(terminate, before)
        assert await session.server() != before

    run(use)


def test_connection_to_a_server_that_became_read_only_is_not_used_again() -> None:
    async def use(session: Session) -> None:
        before = await session.server()
        await session.ask("SELECT set_config('default_transaction_read_only', 'on', false)")
        assert await session.server() != before

    run(use)


def test_server_that_is_away_raises_djangos_error() -> None:
    async def use(session: Session) -> None:
        with (
            patch.object(psycopg.AsyncConnection, "connect", side_effect=psycopg.InterfaceError),
            pytest.raises(InterfaceError),
        ):
            await session.server()
        assert await session.server()

    run(use)


@pytest.mark.parametrize("has_own_server", [True, False])
def test_prepared_statements_are_not_used_behind_a_pooler(has_own_server: bool) -> None:
    async def use(session: Session) -> None:
        for number in range(2):
            await session.ask("SELECT %b::int", number)
        prepared = await session.ask(
            "SELECT count(*) FROM pg_prepared_statements WHERE statement = 'SELECT $1::int'"
        )
        assert prepared == int(has_own_server)

    if has_own_server:
        run(use)
    else:
        with patch.object(psycopg.ConnectionInfo, "backend_pid", 0):
            run(use)
