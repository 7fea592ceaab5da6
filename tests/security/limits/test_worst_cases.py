"""Reading, masking and showing the worst input takes bounded memory, and linear work."""

import sys
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.security.limits import worst_calls, worst_cases
from tests.security.limits.worst_calls import Call

pytestmark = pytest.mark.django_db

MAX_MEMORY = 100_000_000
SMALL, FILE_BYTES = 4_000, 300_000
FIXED_CALLS = 2_000
"""Calls of functions that do not depend on the input."""


@pytest.fixture
def _traced() -> Iterator[None]:
    tracemalloc.start()
    yield
    tracemalloc.stop()


def memory_of(run: Callable[[], Any]) -> int:
    """Return the most memory that a call took, in bytes."""
    tracemalloc.reset_peak()
    before, _ = tracemalloc.get_traced_memory()
    run()
    return tracemalloc.get_traced_memory()[1] - before


@pytest.mark.usefixtures("_traced")
def test_worst_bodies_and_files_are_read_in_bounded_memory() -> None:
    calls = (*worst_calls.readers(worst_cases.BODY_BYTES), *worst_calls.files(FILE_BYTES))
    costs = {call.name: memory_of(call.run) for call in calls}
    assert {name: memory for name, memory in costs.items() if memory > MAX_MEMORY} == {}


def count_calls(call: Call) -> int:
    """Return the number of functions that a call calls, those of C included."""
    count = 0

    def note(frame: Any, event: str, argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(note)
    try:
        call.run()
    finally:
        sys.setprofile(None)
    return count


def test_work_grows_no_faster_than_the_input() -> None:
    small, large = (
        {
            call.name: count_calls(call)
            for call in (*worst_calls.readers(size), *worst_calls.files(size))
        }
        for size in (SMALL, 2 * SMALL)
    )
    growing = {
        name: (small[name], count)
        for name, count in large.items()
        if count > 2.5 * small[name] + FIXED_CALLS
    }
    assert growing == {}
