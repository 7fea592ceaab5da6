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
from integrations.inbox import drain
from integrations.inbox.store import InboundWebhook, store_buffered
from integrations.webhooks import known_tokens, refusals
from integrations.webhooks.routing import route_buffered

log = structlog.stdlib.get_logger(__name__)

KEY = "flowzz:fallback-buffer"
UNKNOWN_KEY = f"{KEY}:unknown-tokens"
"""The buffer of webhooks whose tokens are not known to be ours: a small share of the size."""
UNKNOWN_SHARE = 0.05
KEYS = (KEY, UNKNOWN_KEY)
MOVES_KEY = f"{KEY}:moves"
"""How often entries were moved to the inbox."""
LOCK_KEY = "flowzz:fallback-buffer:lock"
LOCK_SECONDS = 15
LOCK_WAIT_SECONDS = 2
# 200 bodies of the largest size are 70 MB.
BATCH = 200

# Checks and pushes atomically, so that concurrent pushes stay within the limits. Both limits are
# needed: tokens can't be checked while the database is down, and many large bodies would fill
# Redis.
_PUSH = """
local key, share = KEYS[2], 1
if redis.call('SISMEMBER', KEYS[1], ARGV[4]) == 0 then key, share = KEYS[3], tonumber(ARGV[5]) end
local length = redis.call('LLEN', key)
local bytes = length > 0 and tonumber(redis.call('GET', key .. ':bytes') or 0) or 0
local max_length, max_bytes = tonumber(ARGV[1]) * share, tonumber(ARGV[2]) * share
if length + 1 > max_length or bytes + #ARGV[3] > max_bytes then return 0 end
redis.call('SET', key .. ':bytes', bytes + #ARGV[3])
return redis.call('RPUSH', key, ARGV[3])
"""
# Removes by value: after its lock expired, another worker may have moved the same entry.
_REMOVE = """
if redis.call('LREM', KEYS[1], 1, ARGV[1]) == 1 then
    redis.call('DECRBY', KEYS[1] .. ':bytes', #ARGV[1])
end
"""


class BufferBusy(Exception):
    """The buffer is being filled or flushed: the inbox may lack webhooks that arrived before."""


def push(webhooks: Sequence[InboundWebhook]) -> list[bool]:
    """Append webhooks whose tokens are checked when they are flushed.

    Returns which of them found room; those are on the disk of Redis. Raises RedisError.
    """
    limits = settings.FALLBACK_BUFFER_MAX_EVENTS, settings.FALLBACK_BUFFER_MAX_BYTES
    keys = (3, known_tokens.KEY, *KEYS)
    commands = [
        ("EVAL", _PUSH, *keys, *limits, _serialize(hook), hook.token_hash, UNKNOWN_SHARE)
        for hook in webhooks
    ]
    return [bool(length) for length in redis.run_durably(commands)] if commands else []


def flush_to_inbox() -> int:
    """Move all buffered webhooks to the inbox in order; return how many left the buffer.

    An entry is removed after its event is committed. The event has the webhook's id, so an entry
    that is moved twice is stored once. Raises BufferBusy, and DatabaseError while the database
    is down.
    """
    moved, integration_ids = 0, set[uuid.UUID]()
    try:
        if not redis.client().exists(*KEYS):
            return 0
        lock = redis.client().lock(
            LOCK_KEY, timeout=LOCK_SECONDS, blocking_timeout=LOCK_WAIT_SECONDS
        )
        with lock:
            for key in KEYS:
                while entries := cast(Sequence[bytes], redis.client().lrange(key, 0, BATCH - 1)):
                    integration_ids |= _flush_batch(key, entries)
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


def drain_in_order(integration_id: uuid.UUID) -> drain.DrainedBatch:
    """Move buffered webhooks to the inbox, then drain its next batch.

    While one web process still stores webhooks in the buffer, another one may store later ones in
    the inbox. Raises BufferBusy, before anything is applied, if the batch may lack an earlier one.
    """
    flush_to_inbox()
    _, moves = _state()

    def check() -> None:
        if _state() != (0, moves):
            raise BufferBusy

    return drain.drain_batch(integration_id, check=check)


def _state() -> tuple[int, int]:
    """Return how many buffers have entries, and how often entries were moved to the inbox."""
    try:
        filled, moves = redis.run([("EXISTS", *KEYS), ("GET", MOVES_KEY)])
    except RedisError:
        return 0, 0
    return filled, int(moves or 0)


def length() -> int:
    """Return the number of buffered webhooks. Raises RedisError."""
    return sum(redis.client().llen(key) for key in KEYS)


def _flush_batch(key: str, entries: Sequence[bytes]) -> set[uuid.UUID]:
    """Store a batch in one commit, then remove it; return the ids of its integrations."""
    routed, refused = route_buffered([_deserialize(entry) for entry in entries])
    store_buffered(routed)
    if refused:
        redis.run([refusals.count_command(refused)])
    with redis.client().pipeline(transaction=False) as pipeline:
        pipeline.incr(MOVES_KEY)  # before they leave the buffer, for `drain_in_order`
        for entry in entries:
            pipeline.eval(_REMOVE, 1, key, entry.decode())
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
