"""Enqueue tasks by the ids of their work; the work itself stays in PostgreSQL.

A lost message delays the work until `tasks.enqueue_due_work` finds it, within 15 s.
"""

import uuid
from functools import cache

import structlog
from redis import RedisError
from redis.commands.core import Script

from flowzz.core import redis
from flowzz.core.db import jobs

log = structlog.stdlib.get_logger(__name__)

COALESCE_SECONDS = 15

# Returns 0 if a drain was enqueued within the last seconds. A time in the future means that
# Redis' clock was set back: the key would otherwise block longer than its seconds.
_SET_DRAIN_FLAG = """
local now = tonumber(redis.call('TIME')[1])
local enqueued_at = tonumber(redis.call('GET', KEYS[1]) or 0)
if enqueued_at <= now and now < enqueued_at + tonumber(ARGV[1]) then return 0 end
redis.call('SET', KEYS[1], now, 'EX', ARGV[1])
return 1
"""


def enqueue_drain(integration_id: uuid.UUID) -> None:
    """Enqueue a drain of an integration's inbox, unless one is enqueued already."""
    try:
        if _set_drain_flag()(keys=[_drain_flag(integration_id)], args=[COALESCE_SECONDS]):
            jobs.enqueue("integrations.tasks.drain_inbox", integration_id)
    except RedisError as error:
        log.warning("enqueue_failed", cause=type(error).__name__)


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


@cache
def _set_drain_flag() -> Script:
    return redis.client().register_script(_SET_DRAIN_FLAG)


def _drain_flag(integration_id: uuid.UUID) -> str:
    return f"flowzz:drain-enqueued:{integration_id}"
