"""The process's client of Redis."""

from collections.abc import Sequence
from functools import cache
from typing import Any, TypeAlias

import redis
import structlog
from django.conf import settings

log = structlog.stdlib.get_logger(__name__)

DISK_SECONDS = 1.5
"""How long a write may take to reach the disk, which Redis does once a second."""


@cache
def client() -> redis.Redis:
    """Return a thread-safe client with a timeout of a second, so that no caller blocks longer."""
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=settings.REDIS_TIMEOUT_SECONDS,
        socket_connect_timeout=settings.REDIS_TIMEOUT_SECONDS,
    )


Command: TypeAlias = Sequence[str | bytes | float]


def run(commands: Sequence[Command]) -> list[Any]:
    """Send commands in one round trip and return their results. Raises RedisError.

    Costs half the time of a pipeline of the client, and has none of its retries.
    """
    return _without_errors(_exchange(commands))


def run_durably(commands: Sequence[Command]) -> list[Any]:
    """Send commands, wait until their effects are on the disk, and return their results.

    Redis may answer before it has written to its file: killed at that moment, it has forgotten
    what it acknowledged. Raises RedisError. A Redis that has no file, or is older than 7.2, can't
    tell what it has written: that is logged.
    """
    wait = ("WAITAOF", 1, 0, int(DISK_SECONDS * 1000))
    *results, written = _exchange([*commands, wait], timeout=DISK_SECONDS + 1)
    if isinstance(written, redis.ResponseError):
        log.warning("redis_not_durable", error=str(written))
    elif not written[0]:
        raise redis.TimeoutError("Redis did not write to its disk in time.")
    return _without_errors(results)


def _exchange(commands: Sequence[Command], **options: float) -> list[Any]:
    """Send commands and read their results, each of which may be an error."""
    pool = client().connection_pool
    connection: Any = pool.get_connection()  # its methods have no types
    try:
        connection.send_packed_command(connection.pack_commands(commands))
        return [_read(connection, options) for _ in commands]
    except BaseException:
        connection.disconnect()  # there may be unread results
        raise
    finally:
        pool.release(connection)


def _read(connection: Any, options: dict[str, float]) -> Any:
    try:
        return connection.read_response(**options)
    except redis.ResponseError as error:
        return error


def _without_errors(results: list[Any]) -> list[Any]:
    for result in results:
        if isinstance(result, redis.ResponseError):
            raise result
    return results
