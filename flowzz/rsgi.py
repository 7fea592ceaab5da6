"""The RSGI application of web processes: webhooks and liveness beside the WSGI application."""

import asyncio
import gc
import re
from typing import Any

from django.conf import settings
from django.db import connections
from django.urls import get_resolver
from granian.rsgi import Scope

from flowzz.core import observability
from flowzz.core.server.rsgi import Application
from flowzz.core.server.security_headers import headers_of_middleware
from flowzz.core.server.thread_pools import ThreadPool
from flowzz.wsgi import application as wsgi
from integrations.imports.import_jobs import MAX_FORM_BYTES
from integrations.imports.upload_access import UPLOAD_PATHS, may_be_large
from integrations.webhooks.rsgi.server import WebhookServer

BODY_SECONDS = 20.0
"""How long a body may take to arrive. Granian limits the time of the head."""
FILE_SECONDS = 120.0
"""How long a file may take to arrive: 20 MB at 1.5 Mbit/s."""
LOCK_TIMEOUT, STATEMENT_TIMEOUT = "3s", "15s"
_POOLS = [
    # Hashing a password takes a third of a second of CPU time.
    (
        re.compile(r"/api/v1/auth/(token|session|password)/?$|/admin/login/|/admin/senha/."),
        ThreadPool("password", 1, max_waiting=20),
    ),
    # The provider's API may take 15 s to answer.
    (
        re.compile(
            r"/api/v1/integrations/\w+/connect/?$"
            r"|/admin/integrations/integration/(conectar|[\w-]+/diagnostico/resultado)/?$"
        ),
        ThreadPool("provider", 3, max_waiting=30),
    ),
]
"""The threads of the requests that wait for others, by path; webhooks and pages have their own."""


class Liveness:
    """Answers `/health/live` in the event loop, so that busy threads can't delay it."""

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        self._headers = [("Content-Type", "application/json"), *headers_of_middleware()]

    def stop(self) -> None:
        pass

    async def handle(self, scope: Scope, proto: Any) -> bool:
        if scope.path != "/health/live" or scope.method not in ("GET", "HEAD"):
            return False
        proto.response_bytes(200, self._headers, b'{"status": "ok"}')
        return True


def _max_body_bytes(path: str) -> int:
    if path.startswith(UPLOAD_PATHS):
        return MAX_FORM_BYTES
    name = "WEBHOOK_MAX_BYTES" if path.startswith("/webhooks/") else "DATA_UPLOAD_MAX_MEMORY_SIZE"
    limit: int = getattr(settings, name)
    return limit


def _max_body_seconds(path: str) -> float:
    return FILE_SECONDS if path.startswith(UPLOAD_PATHS) else BODY_SECONDS


def _pool(method: str, path: str) -> ThreadPool | None:
    if method != "POST":
        return None
    return next((pool for pattern, pool in _POOLS if pattern.match(path)), None)


def _prepare() -> None:
    """Prepare a process for its first request, while no webhook waits."""
    observability.start("web")
    _limit_database_waits()
    get_resolver().url_patterns  # noqa: B018 - imports all pages
    # A collection of all that was imported stops all threads for an eighth of a second.
    gc.collect()
    gc.freeze()


def _limit_database_waits() -> None:
    """Have PostgreSQL end statements of pages that wait for a lock, or compute, for too long.

    Such a page answers 503. Must be called before the process opens a connection. Behind a pooler
    the role limits them.
    """
    if settings.DATABASE_POOLED:
        return
    options = connections.settings["default"]["OPTIONS"]
    options["options"] += (
        f" -c lock_timeout={LOCK_TIMEOUT} -c statement_timeout={STATEMENT_TIMEOUT}"
    )


application = Application(
    wsgi,
    max_body_bytes=_max_body_bytes,
    max_body_seconds=_max_body_seconds,
    pool=_pool,
    on_start=_prepare,
    may_be_large=may_be_large,
    handlers={"/webhooks/": WebhookServer(), "/health/live": Liveness()},
)
