"""Enqueue tasks by the ids of their work; the work itself stays in PostgreSQL.

A lost message delays the work until `tasks.enqueue_due_work` finds it, within 15 s.
"""

import uuid
from collections.abc import Collection, Sequence
from contextlib import suppress

import structlog
from redis import RedisError

from flowzz.core import redis
from flowzz.core.db import jobs

log = structlog.stdlib.get_logger(__name__)

COALESCE_SECONDS = 15
RUNNING_SECONDS = 2
"""A drain without an end for longer than this is not waited for: its process may be dead."""

# Flags drains as enqueued, until a time, and returns those that need a message: others are enqueued
# already, or they run and look for new events at their end. A time that is too far ahead means that
# Redis' clock was set back: the key would otherwise block longer than its seconds.
_SET_DRAIN_FLAGS = """
local now, unsent = tonumber(redis.call('TIME')[1]), {}
local function is_set(key, seconds)
    local ends_at = tonumber(redis.call('GET', key) or 0)
    return ends_at > now and ends_at <= now + seconds
end
for number = 1, #ARGV - 2 do
    local enqueued, running = KEYS[2 * number - 1], KEYS[2 * number]
    if not is_set(enqueued, ARGV[1]) then
        local is_running = is_set(running, ARGV[2])
        local seconds = is_running and ARGV[2] or ARGV[1]
        redis.call('SET', enqueued, now + seconds, 'EX', seconds)
        if not is_running then unsent[#unsent + 1] = ARGV[number + 2] end
    end
end
return unsent
"""
_BEGIN_DRAIN = """
redis.call('DEL', KEYS[1])
redis.call('SET', KEYS[2], redis.call('TIME')[1] + ARGV[1], 'EX', ARGV[1])
"""


def enqueue_drain(integration_id: uuid.UUID) -> None:
    """Enqueue a drain of an integration's inbox, unless one is enqueued already."""
    try:
        [unset] = redis.run([drain_flags_command({integration_id})])
    except RedisError as error:
        log.warning("enqueue_failed", cause=type(error).__name__)
    else:
        enqueue_flagged(unset)


def drain_flags_command(integration_ids: Collection[uuid.UUID]) -> redis.Command:
    """Return the command that flags drains as enqueued. `enqueue_flagged` takes its result."""
    ids = [str(id_) for id_ in integration_ids]
    keys = [key for id_ in ids for key in _keys(id_)]
    return "EVAL", _SET_DRAIN_FLAGS, len(keys), *keys, COALESCE_SECONDS, RUNNING_SECONDS, *ids


def enqueue_flagged(integration_ids: Sequence[bytes]) -> None:
    for id_ in integration_ids:
        jobs.enqueue("integrations.tasks.drain_inbox", uuid.UUID(id_.decode()))


def begin_drain(integration_id: uuid.UUID) -> None:
    """Record that a drain runs: a webhook from now on is flagged for its end."""
    command = ("EVAL", _BEGIN_DRAIN, 2, *_keys(integration_id), RUNNING_SECONDS)
    try:
        redis.run([command])
    except RedisError as error:
        log.warning("drain_flag_not_cleared", cause=type(error).__name__)


def end_drain(integration_id: uuid.UUID) -> bool:
    """Record that a drain has ended; return whether webhooks have arrived since it began."""
    enqueued, running = _keys(integration_id)
    try:
        return bool(redis.run([("DEL", running), ("EXISTS", enqueued)])[1])
    except RedisError as error:
        log.warning("drain_flag_not_read", cause=type(error).__name__)
        return False


def enqueue_next_drain(integration_id: uuid.UUID) -> None:
    """Enqueue the drain after one that has ended, which webhooks may have been flagged for."""
    with suppress(RedisError):  # without the flag, a webhook enqueues one more
        redis.client().delete(_keys(integration_id)[0])
    enqueue_drain(integration_id)


def enqueue_run(run_id: uuid.UUID) -> None:
    jobs.enqueue("integrations.tasks.run_sync", run_id)


def enqueue_bulk_action(action_id: uuid.UUID) -> None:
    jobs.enqueue("integrations.tasks.run_bulk_action", action_id)


def enqueue_import(import_id: uuid.UUID) -> None:
    jobs.enqueue("integrations.tasks.run_import", import_id)


def _keys(integration_id: uuid.UUID | str) -> tuple[str, str]:
    return f"flowzz:drain-enqueued:{integration_id}", f"flowzz:drain-running:{integration_id}"
