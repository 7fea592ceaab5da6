"""A load generator with a few keep-alive connections, each of which sends POSTs in turn."""

import asyncio
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

CONNECTIONS = 8


@dataclass(frozen=True)
class LoadResult:
    """The duration and the latencies, in seconds."""

    seconds: float
    latencies: list[float]

    @property
    def rate(self) -> float:
        return len(self.latencies) / self.seconds

    @property
    def p99(self) -> float:
        return sorted(self.latencies)[len(self.latencies) * 99 // 100]


def send(port: int, path: str, bodies: Sequence[bytes], *, rate: float = math.inf) -> LoadResult:
    """POST all bodies, `rate` a second at most. Raises RuntimeError if a response is not 200."""
    return asyncio.run(_send(port, path, bodies, rate))


async def _send(port: int, path: str, bodies: Sequence[bytes], rate: float) -> LoadResult:
    started, latencies = time.perf_counter(), list[float]()
    waiting = ((body, started + number / rate) for number, body in enumerate(bodies))
    async with asyncio.TaskGroup() as group:
        for _ in range(CONNECTIONS):
            group.create_task(_connection(port, path, waiting, latencies))
    return LoadResult(time.perf_counter() - started, latencies)


async def _connection(
    port: int, path: str, waiting: Iterator[tuple[bytes, float]], latencies: list[float]
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for body, planned in waiting:
        await asyncio.sleep(max(0.0, planned - time.perf_counter()))
        started = time.perf_counter()
        writer.write(
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(head.decode())
        length = next(
            line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")
        )
        await reader.readexactly(int(length.partition(b":")[2]))
        latencies.append(time.perf_counter() - started)
    writer.close()
