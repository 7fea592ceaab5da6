"""Sends to Sentry what the log has: its errors, with the types and lines of their exceptions.

The log has no personal data and no secret. Texts of exceptions and lines of libraries may have
some, and are not sent. No integration of Sentry's that reads requests, tasks or statements is used.
"""

import logging
import time
from collections.abc import Mapping
from typing import Any

import sentry_sdk
from django.conf import settings
from sentry_sdk.integrations.atexit import AtexitIntegration
from sentry_sdk.integrations.excepthook import ExcepthookIntegration
from sentry_sdk.integrations.threading import ThreadingIntegration
from sentry_sdk.utils import capture_internal_exceptions, event_from_exception

from flowzz.core import observability

EVENTS_A_MINUTE = 30
"""The most that a process sends: in an outage every webhook may log an error."""
OWN_LOGGERS = ("sentry_sdk", "opentelemetry", "urllib3")
"""The loggers that are not reported: an unreachable server would be reported to itself."""
LOGGERS = (None, "_granian")
"""The root, and the logger of Granian, which has handlers of its own."""
SENT = frozenset(
    {
        *("event_id", "timestamp", "platform", "level", "logger", "message", "tags", "exception"),
        *("release", "environment", "server_name", "sdk"),
    }
)
"""The only parts of an event that are sent."""
_OFF = {"mode": "off"}
COLLECTED: Any = {
    **dict.fromkeys(("user_info", "database_query_data", "queues", "stack_frame_variables"), False),
    "cookies": _OFF,
    "url_query_params": _OFF,
    "http_headers": {"request": _OFF},
    "http_bodies": [],
    "frame_context_lines": 0,
}
"""The kinds of data that Sentry's SDK collects: none."""
_LEVELS = {logging.ERROR: "error", logging.CRITICAL: "fatal"}
_NOT_TAGS = {"event", "logger", "level", "timestamp", "exc_info"}


def start(process: str) -> None:
    """Send the errors of a process of this kind. A forked process needs connections of its own."""
    sentry_sdk.init(
        dsn=settings.SENTRY_DSN,
        release=f"flowzz@{observability.release()}",
        environment=observability.environment(),
        default_integrations=False,
        auto_enabling_integrations=False,
        integrations=[
            ExcepthookIntegration(),
            ThreadingIntegration(propagate_scope=False),
            AtexitIntegration(callback=lambda pending, timeout: None),
        ],
        data_collection=COLLECTED,
        max_breadcrumbs=0,
        auto_session_tracking=False,
        spotlight=False,
        debug=False,
        ignore_errors=[KeyboardInterrupt],
        before_send=without_personal_data,
    )
    sentry_sdk.get_global_scope().set_tag("process", process)
    for name in LOGGERS:
        logging.getLogger(name).addHandler(HANDLER)  # once: it is the same handler


class SentryHandler(logging.Handler):
    """Sends the log's errors."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self._minute, self._count = 0, 0

    def emit(self, record: logging.LogRecord) -> None:
        if not record.name.startswith(OWN_LOGGERS) and self._may_send():
            with capture_internal_exceptions():  # the caller that logs goes on
                self._send(record)

    def _send(self, record: logging.LogRecord) -> None:
        # A line of our own is a dict; the text of a library's may contain anything.
        line: Mapping[str, Any] = record.msg if isinstance(record.msg, dict) else {}
        event, hint = _exception(record.exc_info or line.get("exc_info"))
        event |= {
            "level": _LEVELS.get(record.levelno, "error"),
            "logger": record.name,
            "message": line.get("event") or f"{record.module}:{record.lineno} {record.funcName}",
            "tags": {name: str(line[name]) for name in line.keys() - _NOT_TAGS},
        }
        sentry_sdk.capture_event(event, hint)  # type: ignore[arg-type]  # a dict is an Event

    def _may_send(self) -> bool:
        minute = int(time.monotonic() // 60)
        self._count = self._count + 1 if minute == self._minute else 1
        self._minute = minute
        return self._count <= EVENTS_A_MINUTE


HANDLER = SentryHandler()


def without_personal_data(event: Any, hint: object) -> Any:
    """Return what may leave of an event; the text of an exception becomes the log's message."""
    for exception in event.get("exception", {}).get("values", []):
        exception["value"] = event.get("message", "")
        for frame in exception.get("stacktrace", {}).get("frames", []):
            frame.pop("vars", None)
    return {name: value for name, value in event.items() if name in SENT}


def _exception(exc_info: object) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the event and the hint of a logged exception; both are empty if there is none."""
    error = exc_info[1] if isinstance(exc_info, tuple) else exc_info
    if not isinstance(error, BaseException):
        return {}, {}
    options = sentry_sdk.get_client().options
    event, hint = event_from_exception(
        error, client_options=options, mechanism={"type": "logging", "handled": True}
    )
    return dict(event), hint
