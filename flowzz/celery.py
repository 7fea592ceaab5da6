"""The Celery application of workers and beat: their start, heartbeats and log context."""

import gc
import os
from contextlib import suppress
from typing import Any

import structlog
from celery import Celery
from celery.concurrency import thread
from celery.signals import (
    beat_init,
    before_task_publish,
    heartbeat_sent,
    setup_logging,
    task_failure,
    task_postrun,
    task_prerun,
    worker_init,
    worker_process_init,
    worker_ready,
)
from django.db import close_old_connections
from redis import RedisError

from flowzz.core import observability, redis
from flowzz.core.workers import heartbeat, redis_transport
from flowzz.core.workers.time_limits import TimeLimits

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flowzz.settings")

log = structlog.stdlib.get_logger(__name__)

HEARTBEAT_TASK = "integrations.tasks.record_heartbeat"

# Each queue has workers of its own, so that no kind of work waits for another kind. The tasks that
# are not listed are short; they run in the queue `control`.
QUEUES = {
    "integrations.tasks.drain_inbox": "inbox",
    "integrations.tasks.run_sync": "sync",
    "integrations.tasks.try_apis": "sync",
    "integrations.tasks.run_import": "bulk",
    "integrations.tasks.run_bulk_action": "bulk",
    "integrations.tasks.delete_expired_payloads": "bulk",
    "integrations.tasks.delete_old_records": "bulk",
    "integrations.tasks.continue_seller_erasures": "bulk",
    "integrations.tasks.recount_hourly_stats": "bulk",
    "integrations.tasks.update_baselines": "bulk",
    "sales.tasks.run_export": "bulk",
    "sales.tasks.refresh_daily_stats": "bulk",
    "flowzz.core.tasks.delete_expired_idempotent_calls": "bulk",
    "flowzz.accounts.tasks.delete_expired_sessions": "bulk",
}
NICENESS = 5
"""The priority (nice) of the workers of `sync` and `bulk`."""
SHORT, LONG = (120, 150), (3_000, 3_060)
"""Seconds until a task is interrupted, and until its process ends; LONG in `sync` and `bulk`."""

redis_transport.install()
app = Celery("flowzz")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.conf.update(
    task_default_queue="control",
    task_routes=QUEUES,
    task_soft_time_limit=SHORT[0],
    task_time_limit=SHORT[1],
    task_annotations={
        task: {"soft_time_limit": LONG[0], "time_limit": LONG[1]}
        for task, queue in QUEUES.items()
        if queue in ("sync", "bulk")
    },
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_publish_retry=False,
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    worker_cancel_long_running_tasks_on_connection_loss=True,
    broker_connection_retry_on_startup=True,
    broker_channel_error_retry=True,  # a full or read-only Redis is an error of a channel
    # Connections stay open with their threads: `prepare_task` replaces lost ones.
    CELERY_DB_REUSE_MAX=2**62,
)
# `celery.current_app` is this one in all threads, not only in the one that imports this module.
app.set_default()

time_limits = TimeLimits()


@setup_logging.connect
def use_django_logging(**details: Any) -> None:
    """Disable Celery's own logging: a receiver of this signal replaces it."""


@worker_init.connect
def prepare_processes(**details: Any) -> None:
    """Let each process connect before it accepts work.

    Connected here, after Celery's own receiver, which closes the connections of a new process.
    """
    gc.collect()
    gc.freeze()  # later collections would read all that was imported, and copy shared memory
    worker_process_init.connect(warm_up)


def warm_up(**details: Any) -> None:
    """Connect, and load what the first task would wait for."""
    observability.start("worker")
    from integrations.inbox.warm_up import warm_up as warm_up_inbox  # noqa: PLC0415 - models need the registry

    warm_up_inbox()
    with suppress(RedisError):
        redis.client().ping()


@worker_ready.connect
def prepare_worker(sender: Any, **details: Any) -> None:
    """Enforce the time limits of tasks in threads; let webhooks and alerts have the CPU first."""
    observability.start("worker")
    if not {"inbox", "control"} & app.amqp.queues.consume_from.keys():
        os.nice(NICENESS)  # threads that start later inherit it
    if isinstance(sender.pool, thread.TaskPool):
        task_prerun.connect(start_time_limits)
        task_postrun.connect(end_time_limits)
        time_limits.start()


def start_time_limits(task: Any, **details: Any) -> None:
    time_limits.task_started(
        task.name, soft_seconds=task.soft_time_limit, hard_seconds=task.time_limit
    )


def end_time_limits(**details: Any) -> None:
    time_limits.task_ended()


@heartbeat_sent.connect
def record_worker_heartbeat(**details: Any) -> None:
    """Record that this worker's queues are served; `control` proves that itself, by a task."""
    for component in heartbeat.COMPONENTS:
        if component != "control" and component in app.amqp.queues.consume_from:
            heartbeat.record(component)


@before_task_publish.connect
def send_request_id(headers: dict[str, Any], **details: Any) -> None:
    """Send the id of the current request with the task."""
    if request_id := structlog.contextvars.get_contextvars().get("request_id"):
        headers["request_id"] = request_id


@beat_init.connect
def record_beat_start(**details: Any) -> None:
    observability.start("beat")
    heartbeat.record("beat")


@before_task_publish.connect
def record_beat_heartbeat(sender: str, **details: Any) -> None:
    """Record that beat runs: only beat sends this task."""
    if sender == HEARTBEAT_TASK:
        heartbeat.record("beat")


@task_prerun.connect
def prepare_task(task_id: str, task: Any, **details: Any) -> None:
    """Replace lost connections; add the task, and the request behind it, to every log line."""
    close_old_connections()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(task=task.name, task_id=task_id)
    if request_id := getattr(task.request, "request_id", None):
        structlog.contextvars.bind_contextvars(request_id=request_id)


@task_failure.connect
def log_failure(exception: BaseException, **details: Any) -> None:
    log.error("task_failed", exc_info=exception)
