"""Reading the bodies of requests, whole or in chunks, with bounded memory and time."""

from collections.abc import AsyncIterator, Awaitable, Callable
from io import BytesIO
from tempfile import TemporaryFile
from typing import IO, Any

SMALL_BYTES = 16 * 1024
"""A body of this size is not counted against the budget."""
FILE_BYTES = 1024 * 1024
"""A larger body is stored in a file."""
FREE_CHUNKS = 1_000
CHUNK_BYTES = 64
"""What later chunks must have on average: each costs Granian a tenth of a millisecond."""


class BodyTooLarge(Exception):
    """The body exceeds its limit. `size` is announced or, of a body in chunks, read so far."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size


class IncompleteBody(Exception):
    """The client ended the connection, or its sending half, before the end of the body."""


class ChunksTooSmall(Exception):
    """The body comes in so many small chunks that reading it would occupy the process."""


class LargeBodyRefused(Exception):
    """The sender may not send a large body."""


class MemoryExhausted(Exception):
    """Too many large bodies are being received at the same time."""


class BodyReader:
    """Reads bodies into at most `budget` bytes of memory, apart from small ones."""

    def __init__(self, budget: int) -> None:
        self._left = budget

    async def read(
        self,
        proto: Any,
        headers: Any,
        *,
        limit: int,
        may_be_large: Callable[[], Awaitable[bool]] | None = None,
    ) -> IO[bytes]:
        """Read the body of a request with these RSGI headers.

        `may_be_large` is asked before more than SMALL_BYTES are read.
        """
        length = headers.get("content-length")
        if length and int(length) <= min(SMALL_BYTES, limit):
            return await _whole(proto)
        reading = _Reading(proto, limit, may_be_large, self._reserve)
        try:
            if length:
                return await reading.whole(int(length))
            if "transfer-encoding" in headers:
                return await reading.chunks()
            return BytesIO()
        finally:
            self._left += reading.reserved

    def _reserve(self, size: int) -> None:
        if size > self._left:
            raise MemoryExhausted
        self._left -= size


class _Reading:
    """One body. `reserved` is the part of the budget that it occupies."""

    def __init__(
        self,
        proto: Any,
        limit: int,
        may_be_large: Callable[[], Awaitable[bool]] | None,
        reserve: Callable[[int], None],
    ) -> None:
        self._proto = proto
        self._limit = limit
        self._may_be_large = may_be_large
        self._reserve = reserve
        self.reserved = 0

    async def whole(self, length: int) -> IO[bytes]:
        """Read a body of an announced length."""
        await self._admit(length)
        if length > FILE_BYTES:
            return await self.chunks(length)
        return await _whole(self._proto)

    async def chunks(self, length: int = 0) -> IO[bytes]:
        """Read a body in chunks; it has at least `length` bytes. The caller closes the file."""
        file: IO[bytes] = BytesIO()
        try:
            async for chunk in self._chunks():
                if isinstance(file, BytesIO) and file.tell() + len(chunk) > FILE_BYTES:
                    memory, file = file, TemporaryFile()  # noqa: SIM115 - the caller closes it
                    file.write(memory.getbuffer())
                file.write(chunk)
            if file.tell() < length:
                raise IncompleteBody
        except BaseException:
            file.close()
            raise
        file.seek(0)
        return file

    async def _chunks(self) -> AsyncIterator[bytes]:
        """Yield the chunks within the limits.

        Granian yields an empty chunk at the end, and one more before it for a cut body. Trailers
        look the same as a cut, and are refused with it.
        """
        size = count = empty_chunks = 0
        async for chunk in self._proto:
            count += 1
            empty_chunks += not chunk
            size += len(chunk)
            if count > FREE_CHUNKS + size // CHUNK_BYTES:
                raise ChunksTooSmall
            await self._admit(size)
            yield chunk
        if empty_chunks > 1:
            raise IncompleteBody

    async def _admit(self, size: int) -> None:
        """Let the body grow to a size."""
        if size > self._limit:
            raise BodyTooLarge(size)
        if size <= SMALL_BYTES:
            return
        if self._may_be_large is not None:
            if not await self._may_be_large():
                raise LargeBodyRefused
            self._may_be_large = None
        in_memory = size if size <= FILE_BYTES else 0
        self._reserve(in_memory - self.reserved)
        self.reserved = in_memory


async def _whole(proto: Any) -> BytesIO:
    try:
        return BytesIO(await proto())
    except RuntimeError:  # the base class of Granian's errors
        raise IncompleteBody from None
