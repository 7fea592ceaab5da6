"""Reading bodies: bounded memory, cut bodies, small chunks, large ones on disk."""

import asyncio
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import IO, Any

import pytest

from flowzz.core.server.bodies import (
    FILE_BYTES,
    FREE_CHUNKS,
    SMALL_BYTES,
    BodyReader,
    BodyTooLarge,
    ChunksTooSmall,
    IncompleteBody,
    LargeBodyRefused,
    MemoryExhausted,
)

CHUNKED = {"transfer-encoding": "chunked"}
LIMIT = 4 * FILE_BYTES


class Sender:
    """Granian's protocol object: an empty chunk ends a body, two of them a cut one."""

    def __init__(self, *chunks: bytes, is_cut: bool = False, waits: bool = False) -> None:
        self._chunks = (*chunks, *[b""] * (2 if is_cut else 1))
        self._waits = waits
        self.chunks_read = 0

    async def __call__(self) -> bytes:
        return b"".join([chunk async for chunk in self])

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._waits:
            await asyncio.sleep(60)
        for chunk in self._chunks:
            self.chunks_read += 1
            yield chunk


def read(
    sender: Sender,
    headers: dict[str, str],
    may_be_large: Callable[[], Awaitable[bool]] | None = None,
) -> IO[bytes]:
    reader = BodyReader(budget=FILE_BYTES)
    return asyncio.run(reader.read(sender, headers, limit=LIMIT, may_be_large=may_be_large))


def of_length(length: int) -> dict[str, str]:
    return {"content-length": str(length)}


def test_body_in_chunks_is_joined() -> None:
    assert read(Sender(b"hel", b"lo"), CHUNKED).read() == b"hello"


def test_cut_body_in_chunks_is_refused() -> None:
    with pytest.raises(IncompleteBody):
        read(Sender(b"hello", is_cut=True), CHUNKED)


def test_many_small_chunks_are_refused_early() -> None:
    sender = Sender(*[b"x"] * 250_000)
    with pytest.raises(ChunksTooSmall):
        read(sender, CHUNKED)
    assert sender.chunks_read < 1.1 * FREE_CHUNKS


def test_limit_holds_for_chunks_and_for_an_announced_length() -> None:
    for sender, headers in (
        (Sender(*[b"." * SMALL_BYTES] * 300), CHUNKED),
        (Sender(), of_length(LIMIT + 1)),
    ):
        with pytest.raises(BodyTooLarge):
            read(sender, headers)


@pytest.mark.parametrize("headers", [CHUNKED, of_length(2 * FILE_BYTES)])
def test_large_body_is_stored_on_disk(headers: dict[str, str]) -> None:
    sender = Sender(*[b"." * SMALL_BYTES] * (2 * FILE_BYTES // SMALL_BYTES))
    tracemalloc.start()
    body = read(sender, headers)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1.5 * FILE_BYTES
    assert len(body.read()) == 2 * FILE_BYTES
    body.close()


def test_large_file_that_is_cut_is_refused() -> None:
    with pytest.raises(IncompleteBody):
        read(Sender(b"." * FILE_BYTES), of_length(2 * FILE_BYTES))


@pytest.mark.parametrize("headers", [CHUNKED, of_length(SMALL_BYTES + 1)])
def test_sender_is_asked_for_before_a_large_body_is_read(headers: dict[str, str]) -> None:
    async def refuse() -> bool:
        return False

    sender = Sender(b"." * (SMALL_BYTES + 1), b"." * SMALL_BYTES)
    with pytest.raises(LargeBodyRefused):
        read(sender, headers, refuse)
    assert sender.chunks_read <= 1
    assert read(Sender(b"ok"), of_length(2), refuse).read() == b"ok"


def test_half_sent_bodies_share_a_budget_and_small_ones_pass() -> None:
    async def send() -> list[Any]:
        reader = BodyReader(budget=10 * SMALL_BYTES)

        async def one(sender: Sender, length: int) -> bytes:
            body = await reader.read(sender, of_length(length), limit=LIMIT)
            return body.read()

        waiting = [asyncio.create_task(one(Sender(waits=True), 5 * SMALL_BYTES)) for _ in range(2)]
        await asyncio.sleep(0)
        results = await asyncio.gather(
            one(Sender(b"large"), 2 * SMALL_BYTES), one(Sender(b"small"), 5), return_exceptions=True
        )
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        return [*results, await one(Sender(b"later"), 10 * SMALL_BYTES)]

    refused, small, later = asyncio.run(send())
    assert isinstance(refused, MemoryExhausted)
    assert (small, later) == (b"small", b"later")
