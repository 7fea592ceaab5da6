"""The Celery application of workers and beat, and what goes with every task."""

import os
from typing import Any

import structlog
from celery import Celery
from celery.signals import before_task_publish, setup_logging, task_failure, task_prerun

from flowzz.core import heartbeat

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flowzz.settings")

log = structlog.stdlib.get_logger(__name__)

PULSE = "integrations.tasks.pulse"

app = Celery("flowzz")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
# `celery.current_app` is this one in all threads, not only in the one that imports this module.
app.set_default()


@setup_logging.connect
def keep_logging(**details: Any) -> None:
    """Leave logs to Django's settings: whoever listens here replaces Celery's own set-up."""


@before_task_publish.connect
def send_request_id(headers: dict[str, Any], **details: Any) -> None:
    """Send the id of the request that asked for the work along with it."""
    if request_id := structlog.contextvars.get_contextvars().get("request_id"):
        headers["request_id"] = request_id


@before_task_publish.connect
def note_beat(sender: str, **details: Any) -> None:
    """Only beat sends the pulse."""
    if sender == PULSE:
        heartbeat.record("beat")


@task_prerun.connect
def take_request_id(task_id: str, task: Any, **details: Any) -> None:
    """Put into every line that a task logs which task it is, and which request asked for it."""
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(task=task.name, task_id=task_id)
    if request_id := getattr(task.request, "request_id", None):
        structlog.contextvars.bind_contextvars(request_id=request_id)


@task_failure.connect
def log_fault(exception: BaseException, **details: Any) -> None:
    log.error("task_failed", exc_info=exception)
