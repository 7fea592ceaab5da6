"""Pools of threads: requests that are slow by nature do not occupy the threads of the others."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.http import HttpRequest, HttpResponse

from flowzz.core.api.error_handlers import unavailable

POOL_FULL = "flowzz.pool_full"
"""The key in `request.META` of a request for whose pool too many wait already."""

T = TypeVar("T")


class PoolFull(Exception):
    """As many requests as may wait for the pool's threads wait already."""


class ThreadPool:
    """Threads of one process; requests beyond `max_waiting` are refused. For one event loop."""

    def __init__(self, name: str, threads: int, *, max_waiting: int) -> None:
        self.name = name
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._free = threads + max_waiting

    async def run(self, call: Callable[[], T]) -> T:
        """Call in a thread, when one is free. Raises PoolFull."""
        if not self._free:
            raise PoolFull
        self._free -= 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._executor, call)
        finally:
            self._free += 1


def refuse_if_pool_is_full(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Answer 503 to requests that are marked with POOL_FULL."""

    def middleware(request: HttpRequest) -> HttpResponse:
        return unavailable(request) if request.META.get(POOL_FULL) else get_response(request)

    return middleware
