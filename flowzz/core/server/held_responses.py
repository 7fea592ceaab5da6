"""Answers that are held open: the event loop sends them, and no thread waits.

An application hands what is still to come to the callable in `environ[HOLD]`, which says whether
there is room; its own body goes before. Where there is no such callable, or no room, an answer
ends with its body.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from threading import Lock
from typing import Any

HELD_RESPONSE = "flowzz.hold"
PLACES = 250
"""Answers that a process holds open at the same time; each has a connection to Redis."""
PLACES_EACH = 10
"""Of them, for one user."""


class ConnectionLimiter:
    """How many answers are held, and for whom."""

    def __init__(self, places: int = PLACES, each: int = PLACES_EACH) -> None:
        self._places = places
        self._each = each
        self._taken: Counter[str] = Counter()
        self._lock = Lock()

    def take(self, who: str) -> bool:
        with self._lock:
            if self._taken.total() >= self._places or self._taken[who] >= self._each:
                return False
            self._taken[who] += 1
            return True

    def free(self, who: str) -> None:
        with self._lock:
            self._taken[who] -= 1
            self._taken += Counter()  # forget who has none


class HeldResponse:
    """What an application may ask for one answer."""

    def __init__(self, places: ConnectionLimiter) -> None:
        self._places = places
        self._who: str | None = None
        self._source: AsyncIterator[bytes] | None = None
        self._seconds = 0.0

    def __call__(self, who: str, source: AsyncIterator[bytes], *, seconds: float) -> bool:
        """Hold the answer for so long at most; say whether there is room for `who`."""
        if not self._places.take(who):
            return False
        self._who, self._source, self._seconds = who, source, seconds
        return True

    @property
    def is_asked(self) -> bool:
        return self._source is not None

    async def send(
        self, proto: Any, status: int, headers: list[tuple[str, str]], body: bytes
    ) -> None:
        """Send until there is no more, time is up, or the client has gone."""
        headers = [(name, value) for name, value in headers if name.lower() != "content-length"]
        transport = proto.response_stream(status, headers)
        sending = asyncio.ensure_future(self._send(transport, body))
        gone = asyncio.ensure_future(proto.client_disconnect())
        await asyncio.wait(
            {sending, gone}, timeout=self._seconds, return_when=asyncio.FIRST_COMPLETED
        )
        gone.cancel()  # not awaited: once cancelled, Granian's future has no end that asyncio knows
        while not sending.done():  # Python 3.11's wait_for, in Redis' client, may swallow one
            sending.cancel()
            await asyncio.wait({sending}, timeout=1)
        await asyncio.gather(sending, return_exceptions=True)

    async def _send(self, transport: Any, body: bytes) -> None:
        assert self._source is not None
        try:
            await transport.send_bytes(body)
            async for chunk in self._source:
                await transport.send_bytes(chunk)
        finally:
            # Granian ends the answer when nobody has its transport any more, and the cancellation
            # that ends this keeps the frame.
            del transport

    def release(self) -> None:
        if self._who is not None:
            self._places.free(self._who)
            self._who = None
