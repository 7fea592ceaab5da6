"""What PostgreSQL and Redis do to the product while they fail without ending."""

import contextlib
import os
import signal
from collections.abc import Iterator

import redis

from tests.faults.stack import Stack
from tests.processes import children_of


@contextlib.contextmanager
def locked(stack: Stack, table: str) -> Iterator[None]:
    with stack.database() as database, database.transaction():
        database.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE".encode())
        yield


def frozen(stack: Stack) -> contextlib.AbstractContextManager[None]:
    return _frozen(stack.postgres.pid)


def frozen_redis(stack: Stack) -> contextlib.AbstractContextManager[None]:
    return _frozen(stack.valkey.pid)


@contextlib.contextmanager
def _frozen(process: int) -> Iterator[None]:
    """Stop all processes of a server, which accepts connections by the kernel alone."""
    pids = [process, *children_of(process)]
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


@contextlib.contextmanager
def read_only(stack: Stack) -> Iterator[None]:
    """Refuse all writes, as a server does that a failover has demoted."""
    _set_read_only(stack, "on")
    try:
        yield
    finally:
        _set_read_only(stack, "off")


def _set_read_only(stack: Stack, value: str) -> None:
    with stack.database() as database:
        database.execute("SET default_transaction_read_only = off")
        database.execute(f"ALTER SYSTEM SET default_transaction_read_only = {value}".encode())
        database.execute("SELECT pg_reload_conf()")


@contextlib.contextmanager
def full_redis(stack: Stack) -> Iterator[None]:
    with redis.Redis.from_url(stack.valkey.url) as server:
        server.config_set("maxmemory-policy", "noeviction")
        server.config_set("maxmemory", "1")
        try:
            yield
        finally:
            server.config_set("maxmemory", "0")
