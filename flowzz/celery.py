"""The Celery application of workers and beat, and the log context of its tasks."""

import os
from typing import Any

import structlog
from celery import Celery
from celery.signals import before_task_publish, setup_logging, task_failure, task_prerun

from flowzz.core import heartbeat

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flowzz.settings")

log = structlog.stdlib.get_logger(__name__)

HEARTBEAT_TASK = "integrations.tasks.record_heartbeat"

app = Celery("flowzz")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
# `celery.current_app` is this one in all threads, not only in the one that imports this module.
app.set_default()


@setup_logging.connect
def use_django_logging(**details: Any) -> None:
    """Disable Celery's own logging: a receiver of this signal replaces it."""


@before_task_publish.connect
def send_request_id(headers: dict[str, Any], **details: Any) -> None:
    """Send the id of the current request with the task."""
    if request_id := structlog.contextvars.get_contextvars().get("request_id"):
        headers["request_id"] = request_id


@before_task_publish.connect
def record_beat_heartbeat(sender: str, **details: Any) -> None:
    """Record that beat runs: only beat sends this task."""
    if sender == HEARTBEAT_TASK:
        heartbeat.record("beat")


@task_prerun.connect
def bind_log_context(task_id: str, task: Any, **details: Any) -> None:
    """Add the task, and the request that enqueued it, to every log line of a task."""
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(task=task.name, task_id=task_id)
    if request_id := getattr(task.request, "request_id", None):
        structlog.contextvars.bind_contextvars(request_id=request_id)


@task_failure.connect
def log_failure(exception: BaseException, **details: Any) -> None:
    log.error("task_failed", exc_info=exception)
