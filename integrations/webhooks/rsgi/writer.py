"""The writer of a web process: in its event loop it answers all waiting webhooks together.

Requests that arrive during a commit share the next one, which waits for the clients that were just
answered, for a few milliseconds at most. A single client after a single one waits for nobody.
What a response does not need happens in a thread.
"""

import asyncio
import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any

import structlog
from django.db import DatabaseError, InterfaceError, connection
from psycopg.errors import UndefinedTable

from flowzz.core import observability
from flowzz.core.logging import log_request
from flowzz.core.server.security_headers import headers_of_middleware
from integrations.webhooks import calls, known_tokens, responses
from integrations.webhooks.calls import LoopCalls
from integrations.webhooks.intake import Intake, check_database
from integrations.webhooks.requests import WebhookRequest

log = structlog.stdlib.get_logger(__name__)

MAX_REQUESTS = 200
MAX_BYTES = 8 * 1024 * 1024
GATHER_SECONDS = 0.005
"""How long a batch waits for the clients that were just answered: larger batches cost less."""
FOLLOW_UP_SECONDS = 0.025
"""The longest pause between two follow-ups: under load they are shared by more webhooks."""
FOLLOW_UP_SECONDS_EACH = 0.004
"""The part of the pause for each webhook of the last follow-up."""
PROBE_SECONDS = 1.0
STOP_SECONDS = 4.5
"""How long a stop may take: Granian kills after 5 s."""
THREADS_STOP_SECONDS = 0.5
"""The part of it that the threads have at least."""


@dataclass(slots=True, kw_only=True)
class Exchange(WebhookRequest):
    """A request of the RSGI server, and how its response is sent."""

    proto: Any
    sent: "asyncio.Future[None]"
    request_id: str
    method: str
    path: str
    started: float
    """When the request arrived, by `time.perf_counter`."""


class Writer:
    """Answers exchanges in the order of their arrival, many at a time. Belongs to an event loop."""

    def __init__(self) -> None:
        self._waiting: deque[Exchange] = deque()
        self._batch: asyncio.Task[None] | None = None
        self._expected = 1
        self._timer: asyncio.TimerHandle | None = None
        self._outage = Outage()
        self._headers: list[tuple[str, str]] = []

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._headers = headers_of_middleware()
        self._calls = LoopCalls()
        self._intake = Intake(self._calls)
        self._follower = Follower(self._intake)
        self._follower.start()
        self._restoring = _thread(self._restore_tokens, "webhook-tokens")
        self._restoring.start()

    def stop(self) -> None:
        """Close in a loop that has been stopped."""
        self._loop.run_until_complete(self.close())

    async def close(self) -> None:
        """Answer what waits, and end the threads and the connection."""
        until = time.monotonic() + STOP_SECONDS
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP_SECONDS - THREADS_STOP_SECONDS):
                while self._batch or self._waiting:
                    await (self._batch or self._begin())
        stopping = [self._follower.stop(), self._outage.stop(), self._restoring]
        for thread in filter(None, stopping):
            thread.join(max(0.0, until - time.monotonic()))
        await self._calls.close()

    def put(self, exchange: Exchange) -> None:
        self._waiting.append(exchange)
        self._schedule()

    def _schedule(self) -> None:
        """Begin a batch if none is being written: at once, or when as many as expected wait."""
        if self._batch or not self._waiting:
            return
        if len(self._waiting) >= self._expected:
            self._begin()
        elif self._timer is None:
            self._timer = self._loop.call_later(GATHER_SECONDS, self._begin)

    def _begin(self) -> "asyncio.Task[None]":
        if self._timer:
            self._timer.cancel()
            self._timer = None
        self._batch = self._loop.create_task(self._write(self._take()))
        return self._batch

    def _take(self) -> list[Exchange]:
        batch: list[Exchange] = []
        size = 0
        while self._waiting and len(batch) < MAX_REQUESTS and size <= MAX_BYTES:
            exchange = self._waiting.popleft()
            batch.append(exchange)
            size += exchange.size
        return batch

    async def _write(self, batch: Sequence[Exchange]) -> None:
        try:
            with observability.span("webhooks", webhooks=len(batch)):
                await self._answer(batch)
            self._send(batch)
            self._follower.put(batch)
        finally:
            self._batch = None
            # Without those just answered, two groups of clients would take turns for ever.
            self._expected = min(MAX_REQUESTS, len(batch) + len(self._waiting))
            self._schedule()

    async def _answer(self, batch: Sequence[Exchange]) -> None:
        """Answer all. After an unexpected error each is tried alone."""
        try:
            if self._outage.is_active:
                await self._intake.buffer(batch)
            elif not await self._intake.accept(batch):
                self._outage.start()
        except Exception:
            log.exception("request_failed")
            if len(batch) > 1:
                for exchange in batch:
                    await self._answer([exchange])
            elif batch[0].response is None:
                batch[0].response = responses.FAILED

    def _send(self, batch: Sequence[Exchange]) -> None:
        for exchange in batch:
            response = exchange.response or responses.FAILED
            headers = [
                *response.headers.items(),
                ("X-Request-ID", exchange.request_id),
                *self._headers,
            ]
            body = response.body_for(exchange.request_id)
            exchange.proto.response_bytes(response.status, headers, body)
            if not exchange.sent.done():
                exchange.sent.set_result(None)

    def _restore_tokens(self) -> None:
        calls.limit_statements()
        try:
            known_tokens.restore()
        except (DatabaseError, InterfaceError) as error:
            cause = type(error.__cause__ or error)
            if cause is UndefinedTable:  # the first start's migrations take longer than this one
                log.info("database_not_migrated")
            else:
                log.error("database_failed", cause=cause.__name__)
            self._outage.start()
        finally:
            connection.close()


class Follower:
    """Follows up answered exchanges in its own thread, so that no webhook waits for Redis."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self._queue: SimpleQueue[Sequence[Exchange] | None] = SimpleQueue()
        self._next_at = 0.0
        self._thread = _thread(self._run, "webhook-follower")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> threading.Thread:
        """Let the thread follow up what waits, and end; return it."""
        self._queue.put(None)
        return self._thread

    def put(self, batch: Sequence[Exchange]) -> None:
        self._queue.put(batch)

    def _run(self) -> None:
        while finished := self._take():
            for exchange in finished:
                _log(exchange)
            try:
                self._intake.follow_up(finished)
            except Exception:  # the sweeper finds the events
                log.exception("follow_up_failed")

    def _take(self) -> list[Exchange]:
        """Wait for a batch, and return all that are finished; nothing at the end."""
        finished: list[Exchange] = []
        batch = self._queue.get()
        if batch:
            time.sleep(max(0.0, self._next_at - time.monotonic()))
        with contextlib.suppress(Empty):
            while batch is not None:
                finished.extend(batch)
                batch = self._queue.get_nowait()
            self._queue.put(None)  # to be found again
        pause = min(FOLLOW_UP_SECONDS, FOLLOW_UP_SECONDS_EACH * len(finished))
        self._next_at = time.monotonic() + pause
        return finished


class Outage:
    """While the database fails, one thread probes it once a second and no webhook waits for it."""

    def __init__(self) -> None:
        self._ended = threading.Event()
        self._ended.set()
        self._thread: threading.Thread | None = None

    @property
    def is_active(self) -> bool:
        return not self._ended.is_set()

    def start(self) -> None:
        if self.is_active:
            return
        self._ended.clear()
        self._thread = _thread(self._probe, "webhook-probe")
        self._thread.start()

    def stop(self) -> threading.Thread | None:
        """Let the thread end, and return it."""
        self._ended.set()
        return self._thread

    def _probe(self) -> None:
        calls.limit_statements()
        while not self._ended.wait(PROBE_SECONDS):
            with contextlib.suppress(DatabaseError, InterfaceError):
                check_database()
                self._ended.set()
            connection.close()


def _thread(target: Callable[[], None], name: str) -> threading.Thread:
    """Return a thread that never keeps a process alive."""
    return threading.Thread(target=target, name=name, daemon=True)


def _log(exchange: Exchange) -> None:
    """Log a refusal; `webhook_received` is the line of a stored webhook."""
    if exchange.response and exchange.response is not responses.ACKNOWLEDGED:
        log_request(
            exchange.method,
            exchange.path,
            exchange.response.status,
            time.perf_counter() - exchange.started,
            request_id=exchange.request_id,
        )
