"""What shows, exports, previews or searches the worst rows stays within bounds.

Of bytes, SQL statements and memory, which no machine's speed changes. `make bench-limits` measures
times, with more rows and calls.
"""

import gc
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import processes
from tests.security.limits import worst_calls, worst_cases
from tests.security.limits.worst_calls import Call
from tests.security.staff_actions import SampleRows

pytestmark = pytest.mark.django_db

MAX_RESPONSE, MAX_STATEMENTS, MAX_MEMORY = 6_000_000, 60, 50_000_000
"""A CSV of the rows below has 5.2 MB, an event's page needs 22 statements, an export of sales with
64 KB of metadata 21 MB, a page of them 33 MB: no call needs more."""
LEAST_CALLS = {"previews": 4, "exports": 10, "api": 160, "pages": 205, "bodies": 4}
"""So that a kind whose calls are no longer found is noticed."""


class Need(NamedTuple):
    response: int
    statements: int
    memory: int

    @property
    def is_bounded(self) -> bool:
        limits = MAX_RESPONSE, MAX_STATEMENTS, MAX_MEMORY
        return all(value <= limit for value, limit in zip(self, limits, strict=True))


@pytest.fixture
def rows(settings: Any) -> Iterator[SampleRows]:
    settings.RATE_LIMIT_API = "100000/hour"
    rows = worst_cases.fill(count=3, many=70, sales=300)
    gc.collect()
    gc.freeze()  # so that the collection before each call looks at what the last one left
    yield rows
    gc.unfreeze()


def need_of(call: Call) -> Need:
    """Measure memory as the process grows: `tracemalloc` takes four times as long as the call."""
    before = processes.restart_memory_peak()
    with CaptureQueriesContext(connection) as statements:
        response = worst_calls.size_of(call.run())
    return Need(response, len(statements), processes.memory_peak() - before)


def unbounded(needs: dict[str, Need]) -> dict[str, Need]:
    return {name: need for name, need in needs.items() if not need.is_bounded}


def needs_of(calls: Iterable[Call]) -> dict[str, Need]:
    return {call.name: need_of(call) for call in calls}


@pytest.mark.parametrize("kind", worst_calls.KINDS)
def test_every_page_export_and_preview_is_bounded(kind: str, rows: SampleRows) -> None:
    calls = worst_calls.calls_of(kind, rows)
    # The pages of one event for each of the worst bodies: see test_pages.py.
    needs = needs_of(call for call in calls if not call.name.startswith("webhookevent /"))
    assert len(needs) >= LEAST_CALLS[kind]
    assert unbounded(needs) == {}


@pytest.mark.usefixtures("rows")
def test_every_search_is_bounded() -> None:
    needs = needs_of(worst_calls.searches(worst_calls.SEARCHED[:1]))
    assert len(needs) >= 24
    assert unbounded(needs) == {}
