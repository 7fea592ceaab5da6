"""Logging: one JSON line per event, with the id of the request, without personal data."""

import logging.config
import re
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from typing import Any

import orjson
import structlog
import uuid_utils
from django.core.signals import got_request_exception
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse

log = structlog.stdlib.get_logger("flowzz.request")

_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]
# The token in the URL of a webhook, and all parts longer than an id: tokens in mistyped URLs and in
# the links that reset a password. E-mails, documents and phones that callers give in place of ids.
_SECRET_IN_PATH = re.compile(
    r"^(/+webhooks/+[a-z0-9]{1,32}/+)[^/]+|[\w-]{37,}|(?<=/)(?:[^/@]*@[^/]*|[\d\s().+-]{10,}(?=/|$))"
)
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_EACH = "each"
LINES_A_WRITE = 10
"""Lines of `log_each` that are written at once: 4 KiB, which a pipe does not split, are enough."""


def configuration(*, level: str) -> dict[str, Any]:
    """Return the configuration for `dictConfig`: everything as JSON to standard error."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": json_lines}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            # Django repeats the lines of RequestLogMiddleware with the full path.
            "django.request": {"level": "CRITICAL"},
            "django.security.DisallowedHost": {"level": "CRITICAL"},
            # Celery logs the text of exceptions, which may contain personal data.
            "celery.app.trace": {"level": "CRITICAL"},
        },
    }


def json_lines() -> logging.Formatter:
    """Return the formatter of our log lines and the libraries', also for `granian-logs.json`."""
    return structlog.stdlib.ProcessorFormatter(
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            _render_exception,
            structlog.processors.JSONRenderer(serializer=_render),
        ],
        foreign_pre_chain=_SHARED,
    )


def configure(configuration: dict[str, Any]) -> None:
    """Configure logging and structlog (Django's LOGGING_CONFIG)."""
    logging.config.dictConfig(configuration)
    logging.captureWarnings(True)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_SHARED,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def redact_path(path: str) -> str:
    """Replace tokens, and the personal data that a pattern recognises."""
    return _SECRET_IN_PATH.sub(r"\1***", path)


def log_each(
    log: structlog.stdlib.BoundLogger, event: str, lines: Sequence[Mapping[str, object]]
) -> None:
    """Log an event once for each of `lines`, several in one record: that takes a tenth of the time.

    An element has what its line has besides the name, the time and the context.
    """
    for start in range(0, len(lines), LINES_A_WRITE):
        log.info(event, **{_EACH: lines[start : start + LINES_A_WRITE]})


def _render(event: MutableMapping[str, Any], **options: Any) -> str:
    """Return the line of an event, or its lines."""
    if _EACH not in event:
        return _to_json(event)
    lines = event.pop(_EACH)
    return "\n".join(_to_json({**line, **event}) for line in lines)


def _to_json(line: Mapping[str, Any]) -> str:
    return orjson.dumps(line, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


def _render_exception(
    logger: Any, method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Render types and source lines of an exception; its text may contain personal data."""
    exc_info = event.pop("exc_info", None)
    if exc_info is True:  # as `log.exception` says it
        exc_info = sys.exc_info()
    error = exc_info[1] if isinstance(exc_info, tuple) else exc_info
    if isinstance(error, BaseException):
        event["exception"] = list(_render_chain(error))
    return event


def _render_chain(error: BaseException) -> Iterator[str]:
    """Yield each exception of a chain and its stack, from the first cause on."""
    if cause := error.__cause__ or (None if error.__suppress_context__ else error.__context__):
        yield from _render_chain(cause)
    yield f"{type(error).__module__}.{type(error).__qualname__}"
    for frame in traceback.extract_tb(error.__traceback__):
        yield f"{frame.filename}:{frame.lineno} {frame.name}"


class RequestLogMiddleware:
    """Assigns an id to every request, returns it as a header, and logs one line per request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = choose_request_id(request.headers.get("X-Request-ID"))
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        started = time.perf_counter()
        response = self.get_response(request)
        seconds = time.perf_counter() - started
        log_request(request.method or "", request.path, response.status_code, seconds)
        response["X-Request-ID"] = request_id
        return response


def log_request(method: str, path: str, status: int, seconds: float, **details: str) -> None:
    log.info(
        "request",
        method=method,
        path=redact_path(path),
        status=status,
        milliseconds=round(seconds * 1000, 1),
        **details,
    )


@receiver(got_request_exception)
def log_unhandled_exception(request: HttpRequest, **details: Any) -> None:
    """Log an exception that no view handled. Django responds with 500."""
    log.error("request_failed", path=redact_path(request.path), exc_info=sys.exc_info())


def current_request_id() -> str | None:
    """Return the id of the request that this thread handles."""
    return structlog.contextvars.get_contextvars().get("request_id")


def choose_request_id(received: str | None) -> str:
    """Return the id that a proxy gave to a request, or a new one."""
    return received if received and _REQUEST_ID.fullmatch(received) else uuid_utils.uuid4().hex
