"""Tasks in threads are interrupted at their soft limit; at the hard limit the process ends."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from celery.exceptions import SoftTimeLimitExceeded

from flowzz.core.workers import time_limits
from flowzz.core.workers.time_limits import TimeLimits

PAST, FUTURE = -1.0, 1000.0


class Task(threading.Thread):
    """A task that works until it is told to end, or is interrupted."""

    def __init__(self, limits: TimeLimits, soft_seconds: float, hard_seconds: float) -> None:
        super().__init__()
        self.limits, self.seconds = limits, (soft_seconds, hard_seconds)
        self.has_started, self.must_end = threading.Event(), False
        self.error: Exception | None = None

    def run(self) -> None:
        soft_seconds, hard_seconds = self.seconds
        self.limits.task_started("a", soft_seconds=soft_seconds, hard_seconds=hard_seconds)
        self.has_started.set()
        try:
            while not self.must_end:
                time.sleep(0.001)
        except SoftTimeLimitExceeded as error:
            self.error = error
        finally:
            self.limits.task_ended()


@contextmanager
def running(limits: TimeLimits, *, soft: float, hard: float) -> Iterator[Task]:
    task = Task(limits, soft, hard)
    task.start()
    assert task.has_started.wait(60)
    yield task
    task.must_end = True
    task.join()


@pytest.fixture
def ended() -> list[bool]:
    """Whether the process was ended."""
    return []


@pytest.fixture
def limits(ended: list[bool]) -> TimeLimits:
    return TimeLimits(on_hard_limit=lambda: ended.append(True))


def test_task_over_its_soft_limit_is_interrupted(limits: TimeLimits, ended: list[bool]) -> None:
    with (
        running(limits, soft=FUTURE, hard=FUTURE) as other,
        running(limits, soft=PAST, hard=FUTURE) as task,
    ):
        limits.check()
        task.join()
    assert (type(task.error), other.error, ended) == (SoftTimeLimitExceeded, None, [])


def test_task_over_its_hard_limit_ends_the_process(limits: TimeLimits, ended: list[bool]) -> None:
    with running(limits, soft=PAST, hard=PAST):
        limits.check()
    assert ended == [True]


def test_ended_task_is_not_interrupted(limits: TimeLimits) -> None:
    limits.task_started("a", soft_seconds=PAST, hard_seconds=FUTURE)
    limits.task_ended()
    limits.check()


def test_interruption_at_the_end_of_a_task_does_no_harm(limits: TimeLimits) -> None:
    """The thread of the pool goes on, and the ended task has no limits any more."""
    with running(limits, soft=FUTURE, hard=PAST) as task, limits._lock:
        task.must_end = True
        time.sleep(0.1)  # usually the task waits for the lock now
        assert task.ident is not None
        time_limits._interrupt(task.ident)
    limits.check()
    assert limits._running == {}
