"""Webhooks kept in Redis while the database is down, and moved to the inbox when it is back."""

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
from integrations.webhooks.routing import InboundWebhook, resolve_integrations

log = structlog.stdlib.get_logger(__name__)

KEY = "flowzz:spool"
BYTES = "flowzz:spool:bytes"
LOCK = "flowzz:spool:mover"
LOCK_SECONDS = 15
WAIT_SECONDS = 2
# Of the largest bodies these are 70 MB.
BATCH = 200

# Looked at and pushed in one step, so that the bounds hold whoever pushes beside us. Both are
# needed: while the database is down nobody's token can be checked, and large bodies by the
# thousand would fill Redis.
_PUSH = """
local length = redis.call('LLEN', KEYS[1])
local bytes = length > 0 and tonumber(redis.call('GET', KEYS[2]) or 0) or 0
if length >= tonumber(ARGV[1]) or bytes + #ARGV[3] > tonumber(ARGV[2]) then return 0 end
redis.call('SET', KEYS[2], bytes + #ARGV[3])
return redis.call('RPUSH', KEYS[1], ARGV[3])
"""
# By value: where the lock has run out, another mover has the entry in hand too.
_TAKE = """
if redis.call('LREM', KEYS[1], 1, ARGV[1]) == 1 then redis.call('DECRBY', KEYS[2], #ARGV[1]) end
"""


class BufferFull(Exception):
    """The spool has reached one of its bounds."""


class BufferBusy(Exception):
    """Another worker is emptying the spool."""


def push(delivery: InboundWebhook) -> None:
    """Keep a delivery whose token nobody could check; raises SpoolFull or RedisError."""
    bounds = settings.SPOOL_MAX_EVENTS, settings.SPOOL_MAX_BYTES
    if not redis.client().eval(_PUSH, 2, KEY, BYTES, *bounds, _dump(delivery)):
        raise BufferFull


def flush_to_inbox() -> int:
    """Move what is spooled to the inbox, in its order; return how many entries left the spool.

    An entry leaves only after its event is committed, under an id of its own: moved twice, it is
    stored once. Raises SpoolBusy, and OperationalError while the database is down.
    """
    moved, owners = 0, set[uuid.UUID]()
    try:
        if not redis.client().llen(KEY):
            return 0
        lock = redis.client().lock(LOCK, timeout=LOCK_SECONDS, blocking_timeout=WAIT_SECONDS)
        with lock as mover:
            while entries := cast(Sequence[bytes], redis.client().lrange(KEY, 0, BATCH - 1)):
                owners |= _flush_batch(entries)
                moved += len(entries)
                mover.reacquire()
    except LockError as error:
        raise BufferBusy from error
    except RedisError as error:
        log.warning("spool_not_emptied", cause=type(error).__name__)
    finally:
        # Not before: a drain begins with what is spooled, and would wait for the lock.
        for integration_id in owners:
            dispatch.enqueue_drain(integration_id)
    return moved


def _flush_batch(entries: Sequence[bytes]) -> set[uuid.UUID]:
    """Store a batch in one commit, then forget it; return whose events it held."""
    routed = resolve_integrations([_load(entry) for entry in entries])
    drain.store_all(routed)
    with redis.client().pipeline(transaction=False) as pipeline:
        for entry in entries:
            pipeline.eval(_TAKE, 2, KEY, BYTES, entry.decode())
        pipeline.execute()
    return {integration.id for _, integration in routed if integration}


def _dump(delivery: InboundWebhook) -> str:
    return json.dumps(
        {
            "id": str(delivery.id),
            "provider": delivery.provider,
            "token_hash": delivery.token_hash,
            "body": base64.b64encode(delivery.body).decode(),
            "headers": dict(delivery.headers),
            "arrived_at": delivery.arrived_at.isoformat(),
        }
    )


def _load(entry: bytes) -> InboundWebhook:
    fields = json.loads(entry)
    return InboundWebhook(
        id=uuid.UUID(fields["id"]),
        provider=fields["provider"],
        token_hash=fields["token_hash"],
        body=base64.b64decode(fields["body"]),
        headers=fields["headers"],
        arrived_at=datetime.fromisoformat(fields["arrived_at"]),
    )
