"""Errors for Sentry (SENTRY_DSN) and traces by OpenTelemetry (TRACES_ENDPOINT), off by default.

While a setting is empty, none of its packages is imported.
"""

from contextlib import AbstractContextManager, nullcontext
from urllib.parse import urlsplit

from django.conf import settings

_NO_SPAN = nullcontext()


def prepare() -> None:
    """Report errors from now on, and let libraries make spans; no thread is started yet."""
    if settings.SENTRY_DSN:
        from flowzz.core.observability import sentry  # noqa: PLC0415 - needs an optional package

        sentry.start("command")
    if settings.TRACES_ENDPOINT:
        from flowzz.core.observability import traces  # noqa: PLC0415 - the same

        traces.instrument()


def start(process: str) -> None:
    """Start in a process that serves, after it was forked: `web`, `worker` or `beat`."""
    if settings.SENTRY_DSN:
        from flowzz.core.observability import sentry  # noqa: PLC0415 - the same

        sentry.start(process)
    if settings.TRACES_ENDPOINT:
        from flowzz.core.observability import traces  # noqa: PLC0415 - the same

        traces.start(process)


def span(name: str, **attributes: int) -> AbstractContextManager[object]:
    """Return a context that is a span of a trace, with attributes such as `flowzz.webhooks`."""
    if not settings.TRACES_ENDPOINT:
        return _NO_SPAN
    from flowzz.core.observability import traces  # noqa: PLC0415 - the same

    return traces.span(name, attributes)


def release() -> str:
    """Return the version of Flowzz."""
    return str(settings.SPECTACULAR_SETTINGS["VERSION"])


def environment() -> str:
    """Return the name of this installation: the host of its public URL, or `development`."""
    if settings.DEBUG:
        return "development"
    return urlsplit(settings.PUBLIC_BASE_URL).hostname or ""
