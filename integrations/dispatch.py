"""Wake-ups: the queue is told that there is work, never the work.

Losing one loses nothing: the sweeper looks for work every 15 s by itself.
"""

import uuid
from functools import cache

import structlog
from celery import current_app
from kombu.exceptions import OperationalError
from redis import RedisError
from redis.commands.core import Script

from flowzz.core import redis

log = structlog.stdlib.get_logger(__name__)

COALESCE_SECONDS = 15

# Whether to send: not where somebody did just now. A time ahead means that Redis' clock was set
# back; the key would outlive its seconds.
_ASK = """
local now = tonumber(redis.call('TIME')[1])
local asked_at = tonumber(redis.call('GET', KEYS[1]) or 0)
if asked_at <= now and now < asked_at + tonumber(ARGV[1]) then return 0 end
redis.call('SET', KEYS[1], now, 'EX', ARGV[1])
return 1
"""


def enqueue_drain(integration_id: uuid.UUID) -> None:
    """Have an integration's inbox drained; one call is on its way at a time, however many ask."""
    try:
        if _ask()(keys=[_key(integration_id)], args=[COALESCE_SECONDS]):
            _send("integrations.tasks.drain_inbox", integration_id)
    except RedisError as error:
        log.warning("wake_up_lost", cause=type(error).__name__)


def clear_drain_flag(integration_id: uuid.UUID) -> None:
    """Say that draining begins: what arrives from now on needs another wake-up."""
    try:
        redis.client().delete(_key(integration_id))
    except RedisError as error:
        log.warning("wake_up_not_cleared", cause=type(error).__name__)


def enqueue_run(run_id: uuid.UUID) -> None:
    """Have a sync run carried out."""
    _send("integrations.tasks.run_sync", run_id)


def enqueue_bulk_action(action_id: uuid.UUID) -> None:
    """Have a bulk action carried on."""
    _send("integrations.tasks.run_bulk", action_id)


def enqueue_import(import_id: uuid.UUID) -> None:
    """Have a file's lines applied."""
    _send("integrations.tasks.run_import", import_id)


def _send(task: str, id_: uuid.UUID) -> None:
    try:
        current_app.send_task(task, [str(id_)], retry=False)
    except OperationalError as error:
        log.warning("wake_up_lost", cause=type(error).__name__)


@cache
def _ask() -> Script:
    return redis.client().register_script(_ASK)


def _key(integration_id: uuid.UUID) -> str:
    return f"flowzz:wake:{integration_id}"
