"""A time limit of an event loop's tasks."""

import asyncio
from types import TracebackType
from typing import Any


class TimeLimit:
    """Limits the time of any number of tasks: one that takes longer gets TimeoutError.

    A context manager that each task enters once at a time. All share one timer: with
    `asyncio.timeout`, each creating its own, a small webhook takes a tenth longer.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._ends: dict[asyncio.Task[Any] | None, float] = {}
        """When each task is cancelled, by the loop's time, soonest first; infinite once it was."""
        self._timer: asyncio.TimerHandle | None = None

    def __enter__(self) -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + self._seconds
        self._ends[asyncio.current_task()] = end
        if self._timer is None:
            self._timer = loop.call_at(end, self._check)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        task = asyncio.current_task()
        is_over = self._ends.pop(task) == float("inf")
        if is_over and task and not task.uncancel() and kind is asyncio.CancelledError:
            raise TimeoutError from error

    def _check(self) -> None:
        """Cancel the tasks whose time is over, and wait for the next end."""
        loop = asyncio.get_running_loop()
        self._timer = None
        for task, end in self._ends.items():
            if end <= loop.time() and task:
                self._ends[task] = float("inf")
                task.cancel()
            elif end < float("inf"):
                self._timer = loop.call_at(end, self._check)
                return
