"""What has just happened to a user's data, for those who look on: a Redis stream each.

Holds ids and states, nothing personal. Losing Redis loses the news and nothing else.
"""

import re
import uuid
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import structlog
from django.conf import settings
from redis import RedisError
from redis import asyncio as redis_asyncio

from flowzz.core import redis

log = structlog.stdlib.get_logger(__name__)

KEPT = 1000
"""Events of a user, or somewhat more."""
KEPT_SECONDS = 24 * 60 * 60
AT_ONCE = 200
HEARTBEAT_SECONDS = 15
HEARTBEAT = b":\n\n"
_ID = re.compile(r"\d{1,18}-\d{1,18}")
_START, _RESET = "start", "reset"

Entry = tuple[bytes, dict[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened; `data` is what JSON can hold."""

    name: str
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class EventBatch:
    """What comes after an id, as Server-Sent Events, and the id to go on from."""

    text: bytes
    last_id: str


_untold: set[uuid.UUID] = set()
"""Whose events Redis didn't take: they are told to load their lists when it is back."""


def publish(user_id: uuid.UUID, *events: Event) -> None:
    """Tell who looks on, in one round trip; without Redis they are told later to look anew."""
    untold = set(_untold)
    pipeline = redis.client().pipeline(transaction=False)
    for each in untold:
        _add(pipeline, each, Event(_RESET, {}))
    for event in events:
        _add(pipeline, user_id, event)
    pipeline.expire(_key(user_id), KEPT_SECONDS)
    try:
        pipeline.execute()
    except RedisError as error:
        _untold.add(user_id)
        if not untold:
            log.warning("feed_not_published", cause=type(error).__name__)
    else:
        _untold.difference_update(untold)


def read(user_id: uuid.UUID, last_id: str) -> EventBatch:
    """What came after an event, at most `AT_ONCE` of it; raises RedisError.

    Where the event isn't kept, or none is named, it is one event that says so.
    """
    if _ID.fullmatch(last_id):
        entries: Any = redis.client().xrange(_key(user_id), min=last_id, count=AT_ONCE + 1)
        if entries and entries[0][0].decode() == last_id:
            return EventBatch(_told(entries[1:]), entries[-1][0].decode())
    newest = _newest(user_id)
    name = _RESET if last_id else _START
    return EventBatch(_event(newest, name, b"{}"), newest)


async def follow(user_id: uuid.UUID, last_id: str) -> AsyncIterator[bytes]:
    """What comes after an event, as it comes, and heartbeats; ends where Redis is lost."""
    key = _key(user_id)
    client = redis_asyncio.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=HEARTBEAT_SECONDS + settings.REDIS_TIMEOUT_SECONDS,
        socket_connect_timeout=settings.REDIS_TIMEOUT_SECONDS,
        single_connection_client=True,
    )
    try:
        while True:
            found: Any = await client.xread(
                {key: last_id}, count=AT_ONCE, block=HEARTBEAT_SECONDS * 1000
            )
            if found:
                entries = found[0][1]
                last_id = entries[-1][0].decode()
                yield _told(entries)
            else:
                yield HEARTBEAT
    except RedisError as error:
        log.warning("feed_lost", cause=type(error).__name__)
    finally:
        await client.aclose()


def _add(pipeline: Any, user_id: uuid.UUID, event: Event) -> None:
    fields: Any = {"event": event.name, "data": orjson.dumps(event.data)}
    pipeline.xadd(_key(user_id), fields, maxlen=KEPT)


def _newest(user_id: uuid.UUID) -> str:
    """The last id there is; an empty stream gets a first one, to be known by later."""
    entries: Any = redis.client().xrevrange(_key(user_id), count=1)
    if not entries:
        publish(user_id, Event(_START, {}))
        entries = redis.client().xrevrange(_key(user_id), count=1)
    return str(entries[0][0].decode())


def _told(entries: Sequence[Entry]) -> bytes:
    return b"".join(
        _event(id_.decode(), fields[b"event"].decode(), fields[b"data"]) for id_, fields in entries
    )


def _event(id_: str, name: str, data: bytes) -> bytes:
    return b"id: %b\nevent: %b\ndata: %b\n\n" % (id_.encode(), name.encode(), data)


def _key(user_id: uuid.UUID) -> str:
    return f"flowzz:feed:{user_id}"
