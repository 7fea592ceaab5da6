"""Enqueue tasks by the ids of their work; the work itself stays in PostgreSQL.

A lost message delays the work until `tasks.enqueue_due_work` finds it, within 15 s.
"""

import uuid
from collections.abc import Collection, Sequence

import structlog
from redis import RedisError

from flowzz.core import redis
from flowzz.core.db import jobs

log = structlog.stdlib.get_logger(__name__)

COALESCE_SECONDS = 15

# Returns the integrations of which no drain was enqueued within the last seconds. A time in the
# future means that Redis' clock was set back: the key would otherwise block longer than that.
_SET_DRAIN_FLAGS = """
local now, unset = tonumber(redis.call('TIME')[1]), {}
for number, key in ipairs(KEYS) do
    local enqueued_at = tonumber(redis.call('GET', key) or 0)
    if enqueued_at > now or now >= enqueued_at + tonumber(ARGV[1]) then
        redis.call('SET', key, now, 'EX', ARGV[1])
        unset[#unset + 1] = ARGV[number + 1]
    end
end
return unset
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
    keys = [_drain_flag(id_) for id_ in ids]
    return "EVAL", _SET_DRAIN_FLAGS, len(ids), *keys, COALESCE_SECONDS, *ids


def enqueue_flagged(integration_ids: Sequence[bytes]) -> None:
    for id_ in integration_ids:
        jobs.enqueue("integrations.tasks.drain_inbox", uuid.UUID(id_.decode()))


def clear_drain_flag(integration_id: uuid.UUID) -> None:
    """Record that a drain starts: a webhook from now on enqueues another one."""
    try:
        redis.client().delete(_drain_flag(integration_id))
    except RedisError as error:
        log.warning("drain_flag_not_cleared", cause=type(error).__name__)


def enqueue_run(run_id: uuid.UUID) -> None:
    jobs.enqueue("integrations.tasks.run_sync", run_id)


def enqueue_bulk_action(action_id: uuid.UUID) -> None:
    jobs.enqueue("integrations.tasks.run_bulk_action", action_id)


def enqueue_import(import_id: uuid.UUID) -> None:
    jobs.enqueue("integrations.tasks.run_import", import_id)


def _drain_flag(integration_id: uuid.UUID | str) -> str:
    return f"flowzz:drain-enqueued:{integration_id}"
