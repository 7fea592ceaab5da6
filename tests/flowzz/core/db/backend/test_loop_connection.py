"""The event loop's connection: it ends waits, and connects again by itself."""

import asyncio
import gc
import time
from collections.abc import Awaitable, Callable
from typing import Any, cast
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

    async def ask(self, statement: str, *parameters: bytes, seconds: float = 30.0) -> bytes | None:
        """Return the first value of the first row."""
        until = time.monotonic() + seconds
        rows = await self.connection.execute(statement, parameters, until=until)
        return rows[0][0] if rows else None

    async def server(self) -> int:
        """Return the id of the server's process."""
        return int(await self.ask("SELECT pg_backend_pid()::text") or b"")


def run(use: Callable[[Session], Awaitable[None]]) -> None:
    async def use_and_close() -> None:
        session = Session()
        try:
            await use(session)
        finally:
            session.connection.close()

    asyncio.run(use_and_close())


def terminate(pid: int) -> None:
    parameters = connection.get_connection_params()
    options = {name: parameters[name] for name in ("host", "port", "user", "password", "dbname")}
    with psycopg.connect(**options) as administrator:
        administrator.execute("SELECT pg_terminate_backend(%s, 10000)", [pid])


def test_statements_are_limited_by_the_server_too() -> None:
    async def use(session: Session) -> None:
        assert await session.ask("SHOW lock_timeout") == b"2s"
        assert await session.ask("SHOW statement_timeout") == b"30s"

    run(use)


def test_each_statement_is_committed() -> None:
    async def use(session: Session) -> None:
        columns, values = "name, value, changed_at", "%b, %b, now()"
        statement = f"INSERT INTO core_setting ({columns}) VALUES ({values}) RETURNING name"
        assert await session.ask(statement, b"NAME", b"value") == b"NAME"

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
            await session.ask("SELECT %b::text::int", b"one")
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


def test_statement_larger_than_the_sockets_buffer_is_sent_in_parts() -> None:
    async def use(session: Session) -> None:
        text = b"0123456789abcdef" * 2**20
        assert await session.ask("SELECT %b::text", text) == text
        assert await session.ask("SELECT length(%b::text)::text", text) == b"%d" % len(text)

    run(use)


def test_server_that_ends_during_a_statement_raises_djangos_error() -> None:
    async def use(session: Session) -> None:
        before = await session.server()
        asking = asyncio.ensure_future(session.ask("SELECT pg_sleep(60)"))
        await asyncio.sleep(0.05)
        await asyncio.to_thread(terminate, before)
        with pytest.raises(OperationalError):
            await asking
        assert await session.server() != before

    run(use)


def test_statement_that_nobody_awaits_any_more_ends_its_connection() -> None:
    async def use(session: Session) -> None:
        before = await session.server()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await session.ask("SELECT pg_sleep(60)")
        assert await session.server() != before
        await asyncio.to_thread(terminate, before)

    run(use)


def test_statement_that_is_not_sent_ends_its_connection_and_leaves_no_future() -> None:
    unretrieved: list[Any] = []

    async def use(session: Session) -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, error: unretrieved.append(error))
        before = await session.server()
        with pytest.raises(TypeError):
            await session.ask("SELECT %b::text", cast(bytes, "not bytes"))
        gc.collect()
        assert await session.server() != before

    run(use)
    assert unretrieved == []


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
        for text in (b"one", b"two"):
            assert await session.ask("SELECT %b::text", text) == text
        prepared = await session.ask(
            "SELECT count(*)::text FROM pg_prepared_statements WHERE statement = 'SELECT $1::text'"
        )
        assert prepared == str(int(has_own_server)).encode()

    if has_own_server:
        run(use)
    else:
        with patch.object(psycopg.ConnectionInfo, "backend_pid", 0):
            run(use)
