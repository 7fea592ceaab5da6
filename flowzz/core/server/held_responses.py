"""Responses that stay open: the event loop sends them, and no thread waits for them.

A view passes an iterator of chunks to `environ[HELD_RESPONSE].hold()`. The chunks follow the
view's own body. Without this entry (another server) or over the limits, the response ends with
the view's body.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from threading import Lock
from typing import Any

HELD_RESPONSE = "flowzz.held_response"
MAX_HELD = 250
"""Open responses of one process; each uses a connection to Redis."""
MAX_HELD_PER_USER = 10


class ConnectionLimiter:
    """Limits the responses held open by one process, in total and per user."""

    def __init__(self, total: int = MAX_HELD, per_user: int = MAX_HELD_PER_USER) -> None:
        self._total = total
        self._per_user = per_user
        self._held: Counter[str] = Counter()
        self._lock = Lock()

    def acquire(self, user: str) -> bool:
        with self._lock:
            if self._held.total() >= self._total or self._held[user] >= self._per_user:
                return False
            self._held[user] += 1
            return True

    def release(self, user: str) -> None:
        with self._lock:
            self._held[user] -= 1
            self._held += Counter()  # removes users without open responses


class HeldResponse:
    """One response that a view may hold open."""

    def __init__(self, limiter: ConnectionLimiter) -> None:
        self._limiter = limiter
        self._user: str | None = None
        self._chunks: AsyncIterator[bytes] | None = None
        self._seconds = 0.0

    def hold(self, user: str, chunks: AsyncIterator[bytes], *, seconds: float) -> bool:
        """Hold the response open for at most `seconds`. Return False over the limits."""
        if not self._limiter.acquire(user):
            return False
        self._user, self._chunks, self._seconds = user, chunks, seconds
        return True

    @property
    def is_held(self) -> bool:
        return self._chunks is not None

    async def send(
        self, proto: Any, status: int, headers: list[tuple[str, str]], body: bytes
    ) -> None:
        """Send the body and the chunks until they end, the time is up, or the client is gone."""
        headers = [(name, value) for name, value in headers if name.lower() != "content-length"]
        await send_stream(proto, status, headers, self._all_chunks(body), seconds=self._seconds)

    async def _all_chunks(self, body: bytes) -> AsyncIterator[bytes]:
        assert self._chunks is not None
        yield body
        async for chunk in self._chunks:
            yield chunk

    def release(self) -> None:
        if self._user is not None:
            self._limiter.release(self._user)
            self._user = None


async def send_stream(
    proto: Any,
    status: int,
    headers: list[tuple[str, str]],
    chunks: AsyncIterator[bytes],
    *,
    seconds: float,
) -> None:
    """Send chunks until they end, the time is up, or the client is gone."""
    transport = proto.response_stream(status, headers)
    sending = asyncio.ensure_future(_send_chunks(transport, chunks))
    del transport
    disconnect = asyncio.ensure_future(proto.client_disconnect())
    await asyncio.wait({sending, disconnect}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    disconnect.cancel()  # not awaited: asyncio never sees Granian's cancelled future end
    while not sending.done():  # Python 3.11's wait_for, in Redis' client, may swallow a cancel
        sending.cancel()
        await asyncio.wait({sending}, timeout=1)
    await asyncio.gather(sending, return_exceptions=True)


async def _send_chunks(transport: Any, chunks: AsyncIterator[bytes]) -> None:
    try:
        async for chunk in chunks:
            await transport.send_bytes(chunk)
    finally:
        # Granian ends the response when the last reference to its transport is gone, and the
        # cancellation's traceback keeps this frame alive.
        del transport
