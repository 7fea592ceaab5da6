"""The intake's calls to PostgreSQL and Redis, made by a blocking thread or by an event loop."""

import asyncio
import time
import uuid
from collections.abc import Callable, Collection, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from functools import partial
from typing import Any, Protocol, TypeVar, cast

from django.db import connection, connections, reset_queries

from flowzz.core import redis
from flowzz.core.db.backend.base import DatabaseWrapper
from flowzz.core.db.backend.loop_connection import LoopConnection
from integrations.inbox import store
from integrations.inbox.store import InboundWebhook, Routed
from integrations.webhooks import fallback_buffer
from integrations.webhooks.routing import Owner, find_owners

T = TypeVar("T")

DEADLINE_SECONDS = 2.5
"""How long the database may take to store a batch, which then goes to the fallback buffer."""
SETTINGS_SECONDS = 1.0
"""How long loading the settings may take; then the values loaded before are used."""
LOCK_TIMEOUT, STATEMENT_TIMEOUT = "2s", f"{DEADLINE_SECONDS}s"


class Calls(Protocol):
    """The calls of the intake, each with two implementations below.

    `until` is by `time.monotonic`; a later answer of the database raises OperationalError.
    """

    async def find_owners(self, hashes: Collection[str], until: float) -> dict[str, Owner]:
        """Raises DatabaseError and InterfaceError, as `insert` does."""

    async def insert(self, routed: Sequence[Routed], until: float) -> set[uuid.UUID]:
        """Store webhooks in one commit. Returns the ids of those whose owners are current."""

    async def redis(self, command: Callable[[], redis.Command]) -> Any:
        """Return the result of a command. Raises RedisError."""

    async def push(self, webhooks: Sequence[InboundWebhook]) -> list[bool]:
        """Append to the fallback buffer. Raises RedisError."""


class BlockingCalls:
    """Uses the connections of the calling thread. None of its coroutines ever waits."""

    async def find_owners(self, hashes: Collection[str], until: float) -> dict[str, Owner]:
        with _deadline(until):
            return find_owners(hashes)

    async def insert(self, routed: Sequence[Routed], until: float) -> set[uuid.UUID]:
        with _deadline(until):
            return store.execute(store.insertion(routed))

    async def redis(self, command: Callable[[], redis.Command]) -> Any:
        return _run(command)

    async def push(self, webhooks: Sequence[InboundWebhook]) -> list[bool]:
        return fallback_buffer.push(webhooks)


def blocking(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that uses `BlockingCalls`, in a thread without an event loop."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        result: T = end.value
        return result
    raise RuntimeError("A blocking call has waited.")


class LoopCalls:
    """Awaits the INSERT, which every batch needs; one thread makes the rare other calls."""

    def __init__(self) -> None:
        self._database = LoopConnection(
            lock_timeout=LOCK_TIMEOUT, statement_timeout=STATEMENT_TIMEOUT
        )
        self._thread = ThreadPoolExecutor(1, "webhook-calls", initializer=limit_statements)

    async def find_owners(self, hashes: Collection[str], until: float) -> dict[str, Owner]:
        return await self._in_thread(_find_owners, hashes, until)

    async def insert(self, routed: Sequence[Routed], until: float) -> set[uuid.UUID]:
        rows = await self._database.execute(store.INSERT, store.insertion(routed), until=until)
        if len(rows) == len(routed):  # as nearly always
            return {webhook.id for webhook, _ in routed}
        return {uuid.UUID(bytes=id_) for (id_,) in rows if id_}

    async def redis(self, command: Callable[[], redis.Command]) -> Any:
        return await self._in_thread(_run, command)

    async def push(self, webhooks: Sequence[InboundWebhook]) -> list[bool]:
        return await self._in_thread(fallback_buffer.push, webhooks)

    async def close(self) -> None:
        await self._in_thread(connections.close_all)
        self._thread.shutdown()
        self._database.close()

    async def _in_thread(self, call: Callable[..., T], *arguments: Any) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, partial(call, *arguments))


def limit_statements() -> None:
    """Limit the statements of the calling thread's connections, from the next one on."""
    _database().limit_statements(lock_timeout=LOCK_TIMEOUT, statement_timeout=STATEMENT_TIMEOUT)


def _run(command: Callable[[], redis.Command]) -> Any:
    """Run a command. What it reads of the settings may have to be loaded."""
    with _database().deadline(SETTINGS_SECONDS):
        arguments = command()
    return redis.run([arguments])[0]


def _find_owners(hashes: Collection[str], until: float) -> dict[str, Owner]:
    reset_queries()
    with _deadline(until):
        connection.close_if_unusable_or_obsolete()
        return find_owners(hashes)


def _deadline(until: float) -> AbstractContextManager[None]:
    return _database().deadline(until - time.monotonic())


def _database() -> DatabaseWrapper:
    return cast(DatabaseWrapper, connection)
