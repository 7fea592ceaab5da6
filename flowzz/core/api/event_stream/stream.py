"""A Redis stream per user with the latest changes to the user's data.

Events contain ids and statuses, no personal data. If Redis is lost, only live updates are lost.
"""

import re
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson
import structlog
from django.conf import settings
from django.db import transaction
from redis import RedisError
from redis import asyncio as redis_asyncio

from flowzz.core import redis

log = structlog.stdlib.get_logger(__name__)

MAX_LENGTH = 1000
RETENTION_SECONDS = 24 * 60 * 60
READ_LIMIT = 200
HEARTBEAT_SECONDS = 15
HEARTBEAT = b":\n\n"
_ID = re.compile(r"\d{1,18}-\d{1,18}")
_START, _RESET = "start", "reset"
_END = "end"
"""The name of the entry that ends open responses; it is not sent to clients."""


@dataclass(frozen=True, slots=True)
class Event:
    """A change to report; `data` must be JSON-serializable."""

    name: str
    data: dict[str, Any]


_users_to_reset: set[uuid.UUID] = set()
"""Users with events that Redis did not accept; they get a `reset` event once it is back."""


def publish(user_id: uuid.UUID, *events: Event) -> None:
    """Publish events in one round trip. While Redis is down, a `reset` event is due instead."""
    users_to_reset = set(_users_to_reset)
    pipeline = redis.client().pipeline(transaction=False)
    for user_to_reset in users_to_reset:
        _add(pipeline, user_to_reset, Event(_RESET, {}))
    for event in events:
        _add(pipeline, user_id, event)
    pipeline.expire(_key(user_id), RETENTION_SECONDS)
    try:
        pipeline.execute()
    except RedisError as error:
        _users_to_reset.add(user_id)
        if not users_to_reset:  # logged once per outage
            log.warning("event_stream_publish_failed", cause=type(error).__name__)
    else:
        _users_to_reset.difference_update(users_to_reset)


def end_at_commit(user_id: uuid.UUID) -> None:
    """End a user's open responses. Clients come back within seconds, and need a valid login."""
    transaction.on_commit(partial(publish, user_id, Event(_END, {})), robust=True)


def delete(user_id: uuid.UUID) -> None:
    """Delete a user's events. While Redis is down they expire after RETENTION_SECONDS."""
    with suppress(RedisError):
        redis.client().delete(_key(user_id))


def read(user_id: uuid.UUID, last_id: str) -> tuple[bytes, str]:
    """Return up to `READ_LIMIT` events after an id, and the id to continue from.

    Without an id, returns one `start` event; if the id is not stored any more, one `reset` event.
    Raises RedisError.
    """
    if _ID.fullmatch(last_id):
        entries: Any = redis.client().xrange(_key(user_id), min=last_id, count=READ_LIMIT + 1)
        if entries and entries[0][0].decode() == last_id:
            return _format_entries(entries[1:]), entries[-1][0].decode()
    newest = _newest_id(user_id)
    name = _RESET if last_id else _START
    return _format_event(newest, name, b"{}"), newest


async def follow(user_id: uuid.UUID, last_id: str) -> AsyncIterator[bytes]:
    """Yield the events after an id as they are published, and heartbeats.

    Ends if Redis fails, and after `end_at_commit`.
    """
    key = _key(user_id)
    client = redis_asyncio.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=HEARTBEAT_SECONDS + settings.REDIS_TIMEOUT_SECONDS,
        socket_connect_timeout=settings.REDIS_TIMEOUT_SECONDS,
        single_connection_client=True,
    )
    try:
        while True:
            streams: Any = await client.xread(
                {key: last_id}, count=READ_LIMIT, block=HEARTBEAT_SECONDS * 1000
            )
            if streams:
                entries = streams[0][1]
                last_id = entries[-1][0].decode()
                if text := _format_entries(entries):
                    yield text
                if any(fields[b"event"] == _END.encode() for _, fields in entries):
                    return
            else:
                yield HEARTBEAT
    except RedisError as error:
        log.warning("event_stream_interrupted", cause=type(error).__name__)
    finally:
        await client.aclose()


def _add(pipeline: Any, user_id: uuid.UUID, event: Event) -> None:
    fields: Any = {"event": event.name, "data": orjson.dumps(event.data)}
    pipeline.xadd(_key(user_id), fields, maxlen=MAX_LENGTH)


def _newest_id(user_id: uuid.UUID) -> str:
    """Return the newest id of a stream. An empty stream gets a first event. Raises RedisError."""
    entries: Any = redis.client().xrevrange(_key(user_id), count=1)
    if not entries:
        publish(user_id, Event(_START, {}))
        entries = redis.client().xrevrange(_key(user_id), count=1)
    if not entries:  # a full Redis answers, but takes no event
        raise RedisError
    return str(entries[0][0].decode())


def _format_entries(entries: Sequence[tuple[bytes, dict[bytes, bytes]]]) -> bytes:
    return b"".join(
        _format_event(id_.decode(), fields[b"event"].decode(), fields[b"data"])
        for id_, fields in entries
        if fields[b"event"] != _END.encode()
    )


def _format_event(id_: str, name: str, data: bytes) -> bytes:
    return b"id: %b\nevent: %b\ndata: %b\n\n" % (id_.encode(), name.encode(), data)


def _key(user_id: uuid.UUID) -> str:
    return f"flowzz:event_stream:{user_id}"
