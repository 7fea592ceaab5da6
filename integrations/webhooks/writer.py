"""The writer of a web process: one thread that answers all waiting webhooks together.

Requests that arrive during a commit share the next one. After a shared commit the next one waits a
millisecond for as many; a single request after a single one waits for nobody. What an answer does
not need happens in a second thread.
"""

import asyncio
import contextlib
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any, cast

import structlog
from django.db import DatabaseError, InterfaceError, connection, reset_queries

from flowzz.core.db.backend.base import DatabaseWrapper
from flowzz.core.logging import log_request
from flowzz.core.rate_limits import Credit
from flowzz.core.runtime_settings.cache import SAVED_VALUES
from flowzz.core.server.security_headers import headers_of_middleware
from integrations.webhooks import answers, intake, known_tokens
from integrations.webhooks.requests import WebhookRequest
from integrations.webhooks.routing import Tokens

log = structlog.stdlib.get_logger(__name__)

MAX_REQUESTS = 200
MAX_BYTES = 8 * 1024 * 1024
GATHER_SECONDS = 0.001
"""How long a batch waits for the clients that were just answered: larger batches cost less."""
FOLLOW_UP_SECONDS = 0.01
"""Between two follow-ups, at least: under load they are shared by more webhooks."""
PROBE_SECONDS = 1.0
STOP_SECONDS = 4.0


@dataclass(slots=True, kw_only=True)
class Exchange(WebhookRequest):
    """A request of the RSGI server, and how its response is sent."""

    proto: Any
    sent: "asyncio.Future[None]"
    request_id: str
    method: str
    path: str
    started: float
    """By `time.perf_counter`."""


class Writer:
    """Answers exchanges in the order of their arrival, many at a time."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[Exchange | None] = SimpleQueue()
        self._outage = Outage()
        self._thread = threading.Thread(target=self._run, name="webhook-writer", daemon=True)
        self._headers: list[tuple[str, str]] = []
        self._last_size = 0
        self._tokens = Tokens()
        self._credit = Credit()
        self._follower = Follower(self._credit)

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._headers = headers_of_middleware()
        self._follower.start()
        self._thread.start()

    def stop(self) -> None:
        """Answer what waits, and end the thread."""
        self._queue.put(None)
        self._thread.join(STOP_SECONDS)

    def put(self, exchange: Exchange) -> None:
        self._queue.put(exchange)

    def _run(self) -> None:
        _limit_statements()
        try:
            with _database().deadline(intake.DEADLINE_SECONDS):
                known_tokens.restore()
        except (DatabaseError, InterfaceError):
            self._outage.start()
        while batch := self._take():
            self._answer(batch)
            self._send(batch)
            self._last_size = len(batch)
            self._follower.put(batch)
        self._follower.stop()
        connection.close()

    def _take(self) -> list[Exchange]:
        """Wait for an exchange, and return all that wait; none at the end."""
        batch: list[Exchange] = []
        size = 0
        exchange = self._queue.get()
        if self._queue.qsize() + 1 < self._last_size:
            time.sleep(GATHER_SECONDS)
        with contextlib.suppress(Empty):
            while exchange is not None:
                batch.append(exchange)
                size += len(exchange.webhook.body) if exchange.webhook else 0
                if len(batch) == MAX_REQUESTS or size > MAX_BYTES:
                    return batch
                exchange = self._queue.get_nowait()
            self._queue.put(None)  # to be found again
        return batch

    def _answer(self, batch: Sequence[Exchange]) -> None:
        """Answer all. After an unexpected error each is tried alone."""
        try:
            if self._outage.is_active:
                intake.buffer(batch, self._credit)
            else:
                self._accept(batch)
        except Exception:
            log.exception("request_failed")
            if len(batch) > 1:
                for exchange in batch:
                    self._answer([exchange])
            elif batch[0].answer is None:
                batch[0].answer = answers.FAILED

    def _accept(self, batch: Sequence[Exchange]) -> None:
        reset_queries()
        with _database().deadline(intake.DEADLINE_SECONDS):
            connection.close_if_unusable_or_obsolete()
        if not intake.accept(batch, self._tokens, self._credit):
            connection.close()  # the next connection may reach another server
            self._outage.start()

    def _send(self, batch: Sequence[Exchange]) -> None:
        for exchange in batch:
            answer = exchange.answer or answers.FAILED
            headers = [
                *answer.headers.items(),
                ("X-Request-ID", exchange.request_id),
                *self._headers,
            ]
            body = answer.body_for(exchange.request_id)
            exchange.proto.response_bytes(answer.status, headers, body)
            _log(exchange)
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(_finish, [exchange.sent for exchange in batch])


class Follower:
    """Follows up answered exchanges in its own thread, so that no webhook waits for Redis."""

    def __init__(self, credit: Credit) -> None:
        self._credit = credit
        self._queue: SimpleQueue[Sequence[WebhookRequest] | None] = SimpleQueue()
        self._next_at = 0.0
        self._thread = threading.Thread(target=self._run, name="webhook-follower", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Follow up what waits, and end the thread."""
        self._queue.put(None)
        self._thread.join(STOP_SECONDS)

    def put(self, batch: Sequence[WebhookRequest]) -> None:
        self._queue.put(batch)

    def _run(self) -> None:
        while finished := self._take():
            try:
                intake.follow_up(finished, self._credit)
            except Exception:  # the sweeper finds the events
                log.exception("follow_up_failed")

    def _take(self) -> list[WebhookRequest]:
        """Wait for a batch, and return all that are finished; nothing at the end."""
        finished: list[WebhookRequest] = []
        batch = self._queue.get()
        if batch:
            time.sleep(max(0.0, self._next_at - time.monotonic()))
            self._next_at = time.monotonic() + FOLLOW_UP_SECONDS
        with contextlib.suppress(Empty):
            while batch is not None:
                finished.extend(batch)
                batch = self._queue.get_nowait()
            self._queue.put(None)  # to be found again
        return finished


class Outage:
    """While the database fails, one thread probes it once a second and no webhook waits for it."""

    def __init__(self) -> None:
        self.is_active = False

    def start(self) -> None:
        self.is_active = SAVED_VALUES.is_frozen = True
        threading.Thread(target=self._probe, name="webhook-probe", daemon=True).start()

    def _probe(self) -> None:
        _limit_statements()
        while self.is_active:
            time.sleep(PROBE_SECONDS)
            with contextlib.suppress(DatabaseError, InterfaceError):
                intake.check_database()
                self.is_active = SAVED_VALUES.is_frozen = False
            connection.close()


def _limit_statements() -> None:
    seconds = intake.DEADLINE_SECONDS
    _database().limit_statements(lock_timeout="2s", statement_timeout=f"{seconds}s")


def _database() -> DatabaseWrapper:
    return cast(DatabaseWrapper, connection)


def _finish(futures: Sequence["asyncio.Future[None]"]) -> None:
    for future in futures:
        if not future.done():
            future.set_result(None)


def _log(exchange: Exchange) -> None:
    """Log a refusal; `webhook_received` is the line of a stored webhook."""
    if exchange.answer and exchange.answer is not answers.ACKNOWLEDGED:
        log_request(
            exchange.method,
            exchange.path,
            exchange.answer.status,
            time.perf_counter() - exchange.started,
            request_id=exchange.request_id,
        )
