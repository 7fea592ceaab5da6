"""Time limits of tasks that run in threads, which Celery enforces for processes only.

After the soft limit `SoftTimeLimitExceeded` is raised in the task's thread. A thread that a library
holds does not notice: after the hard limit the process ends, and its supervisor starts another one.
Its tasks are not lost: events, runs and jobs are rows of PostgreSQL.
"""

import ctypes
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog
from celery.exceptions import SoftTimeLimitExceeded

log = structlog.stdlib.get_logger(__name__)

POLL_SECONDS = 1.0
EXIT_CODE = 70  # EX_SOFTWARE


def _end_process() -> None:
    os._exit(EXIT_CODE)


@dataclass(slots=True)
class _RunningTask:
    name: str
    soft_deadline: float
    hard_deadline: float
    is_interrupted: bool = False


@dataclass
class TimeLimits:
    """The running tasks of this process, by thread, and a thread that checks their limits."""

    on_hard_limit: Callable[[], None] = _end_process
    _running: dict[int, _RunningTask] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self) -> None:
        threading.Thread(target=self._watch, name="time-limits", daemon=True).start()

    def task_started(self, name: str, *, soft_seconds: float, hard_seconds: float) -> None:
        """Limit the task that the current thread starts."""
        now = time.monotonic()
        task = _RunningTask(name, now + soft_seconds, now + hard_seconds)
        with self._lock:
            self._running[threading.get_ident()] = task

    def task_ended(self) -> None:
        """End the limits of the current thread."""
        try:
            self._remove_current()
        except SoftTimeLimitExceeded:  # it waited for the lock, and the task has ended already
            self._remove_current()

    def check(self) -> None:
        """Interrupt tasks over their soft limit; end the process for one over its hard limit."""
        now = time.monotonic()
        with self._lock:
            for thread_id, task in self._running.items():
                if now > task.hard_deadline:
                    log.critical("task_time_limit", task=task.name)
                    self.on_hard_limit()
                elif now > task.soft_deadline and not task.is_interrupted:
                    log.error("task_soft_time_limit", task=task.name)
                    task.is_interrupted = True
                    _interrupt(thread_id)

    def _remove_current(self) -> None:
        with self._lock:
            self._running.pop(threading.get_ident(), None)

    def _watch(self) -> None:
        while True:
            time.sleep(POLL_SECONDS)
            self.check()


def _interrupt(thread_id: int) -> None:
    """Raise SoftTimeLimitExceeded in a thread at its next bytecode."""
    error = ctypes.py_object(SoftTimeLimitExceeded)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread_id), error)
