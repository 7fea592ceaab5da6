"""A buffer in Redis for webhooks that arrive while the database is down."""

import base64
import json
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import cast

import structlog
from django.conf import settings
from redis import RedisError
from redis.exceptions import LockError

from flowzz.core import redis
from integrations import dispatch
from integrations.inbox.store import InboundWebhook, store_buffered
from integrations.webhooks.routing import route_buffered

log = structlog.stdlib.get_logger(__name__)

KEY = "flowzz:fallback-buffer"
BYTES_KEY = "flowzz:fallback-buffer:bytes"
LOCK_KEY = "flowzz:fallback-buffer:lock"
LOCK_SECONDS = 15
LOCK_WAIT_SECONDS = 2
# 200 bodies of the largest size are 70 MB.
BATCH = 200

# Checks and pushes atomically, so that concurrent pushes stay within the limits. Both limits are
# needed: tokens can't be checked while the database is down, and many large bodies would fill
# Redis.
_PUSH = """
local length = redis.call('LLEN', KEYS[1])
local bytes = length > 0 and tonumber(redis.call('GET', KEYS[2]) or 0) or 0
if length >= tonumber(ARGV[1]) or bytes + #ARGV[3] > tonumber(ARGV[2]) then return 0 end
redis.call('SET', KEYS[2], bytes + #ARGV[3])
return redis.call('RPUSH', KEYS[1], ARGV[3])
"""
# Removes by value: after its lock expired, another worker may have moved the same entry.
_REMOVE = """
if redis.call('LREM', KEYS[1], 1, ARGV[1]) == 1 then redis.call('DECRBY', KEYS[2], #ARGV[1]) end
"""


class BufferFull(Exception):
    """The buffer has reached FALLBACK_BUFFER_MAX_EVENTS or FALLBACK_BUFFER_MAX_BYTES."""


class BufferBusy(Exception):
    """Another worker is flushing the buffer."""


def push(webhook: InboundWebhook) -> None:
    """Append a webhook; its token is checked when it is flushed. Raises BufferFull, RedisError."""
    limits = settings.FALLBACK_BUFFER_MAX_EVENTS, settings.FALLBACK_BUFFER_MAX_BYTES
    if not redis.client().eval(_PUSH, 2, KEY, BYTES_KEY, *limits, _serialize(webhook)):
        raise BufferFull


def flush_to_inbox() -> int:
    """Move all buffered webhooks to the inbox in order; return how many left the buffer.

    An entry is removed after its event is committed. The event has the webhook's id, so an entry
    that is moved twice is stored once. Raises BufferBusy, and OperationalError while the database
    is down.
    """
    moved, integration_ids = 0, set[uuid.UUID]()
    try:
        if not length():
            return 0
        lock = redis.client().lock(
            LOCK_KEY, timeout=LOCK_SECONDS, blocking_timeout=LOCK_WAIT_SECONDS
        )
        with lock:
            while entries := cast(Sequence[bytes], redis.client().lrange(KEY, 0, BATCH - 1)):
                integration_ids |= _flush_batch(entries)
                moved += len(entries)
                lock.reacquire()
    except LockError as error:
        raise BufferBusy from error
    except RedisError as error:
        log.warning("fallback_buffer_not_flushed", cause=type(error).__name__)
    finally:
        # After the lock is released: a drain flushes the buffer first and would wait for it.
        for integration_id in integration_ids:
            dispatch.enqueue_drain(integration_id)
    return moved


def length() -> int:
    """Return the number of buffered webhooks. Raises RedisError."""
    return redis.client().llen(KEY)


def _flush_batch(entries: Sequence[bytes]) -> set[uuid.UUID]:
    """Store a batch in one commit, then remove it; return the ids of its integrations."""
    routed = route_buffered([_deserialize(entry) for entry in entries])
    store_buffered(routed)
    with redis.client().pipeline(transaction=False) as pipeline:
        for entry in entries:
            pipeline.eval(_REMOVE, 2, KEY, BYTES_KEY, entry.decode())
        pipeline.execute()
    return {integration.id for _, integration in routed if integration}


def _serialize(webhook: InboundWebhook) -> str:
    return json.dumps(
        {
            "id": str(webhook.id),
            "provider": webhook.provider,
            "token_hash": webhook.token_hash,
            "body": base64.b64encode(webhook.body).decode(),
            "headers": dict(webhook.headers),
            "arrived_at": webhook.arrived_at.isoformat(),
        }
    )


def _deserialize(entry: bytes) -> InboundWebhook:
    fields = json.loads(entry)
    return InboundWebhook(
        id=uuid.UUID(fields["id"]),
        provider=fields["provider"],
        token_hash=fields["token_hash"],
        body=base64.b64decode(fields["body"]),
        headers=fields["headers"],
        arrived_at=datetime.fromisoformat(fields["arrived_at"]),
    )
