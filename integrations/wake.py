"""Wake-ups: the queue is told that there is work, never the work.

Losing one loses nothing: the sweeper looks for work every 15 s by itself.
"""

import uuid

import structlog
from kombu.exceptions import OperationalError
from redis import RedisError

from flowzz import redis
from flowzz.celery import app

log = structlog.stdlib.get_logger(__name__)

COALESCE_SECONDS = 15


def inbox(integration_id: uuid.UUID) -> None:
    """Have an integration's inbox drained; one call is on its way at a time, however many ask."""
    try:
        if redis.client().set(_key(integration_id), 1, nx=True, ex=COALESCE_SECONDS):
            _send("integrations.tasks.drain_inbox", integration_id)
    except RedisError as error:
        log.warning("wake_up_lost", cause=type(error).__name__)


def awake(integration_id: uuid.UUID) -> None:
    """Say that draining begins: what arrives from now on needs another wake-up."""
    try:
        redis.client().delete(_key(integration_id))
    except RedisError as error:
        log.warning("wake_up_not_cleared", cause=type(error).__name__)


def run(run_id: uuid.UUID) -> None:
    """Have a sync run carried out."""
    _send("integrations.tasks.run_sync", run_id)


def bulk(action_id: uuid.UUID) -> None:
    """Have a bulk action carried on."""
    _send("integrations.tasks.run_bulk", action_id)


def sales_import(import_id: uuid.UUID) -> None:
    """Have a file's lines applied."""
    _send("integrations.tasks.run_import", import_id)


def _send(task: str, id_: uuid.UUID) -> None:
    try:
        app.send_task(task, [str(id_)], retry=False)
    except OperationalError as error:
        log.warning("wake_up_lost", cause=type(error).__name__)


def _key(integration_id: uuid.UUID) -> str:
    return f"flowzz:wake:{integration_id}"
