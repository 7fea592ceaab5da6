"""What shows, exports, previews or searches the worst rows stays within bounds.

Of bytes, SQL statements and memory, which no machine's speed changes. `make bench-limits` measures
times, with more rows and calls.
"""

import tracemalloc
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.security.limits import worst_calls, worst_cases
from tests.security.limits.worst_calls import Call

pytestmark = pytest.mark.django_db

MAX_RESPONSE, MAX_STATEMENTS, MAX_MEMORY = 4_000_000, 60, 40_000_000
"""A CSV of the rows below has 3.4 MB, an event's page needs 22 statements, an export of sales with
64 KB of metadata 30 MB, a page of them 26 MB: no call needs more."""


class Need(NamedTuple):
    response: int
    statements: int
    memory: int

    @property
    def is_bounded(self) -> bool:
        limits = MAX_RESPONSE, MAX_STATEMENTS, MAX_MEMORY
        return all(value <= limit for value, limit in zip(self, limits, strict=True))


def need_of(call: Call) -> Need:
    tracemalloc.start()
    try:
        with CaptureQueriesContext(connection) as statements:
            response = worst_calls.size_of(call.run())
        return Need(response, len(statements), tracemalloc.get_traced_memory()[1])
    finally:
        tracemalloc.stop()


def calls() -> Iterator[Call]:
    rows = worst_cases.fill(count=3, many=70, sales=200)
    for call in worst_calls.every_page(rows):
        if not call.name.startswith("webhookevent /"):  # one a body: see test_pages.py
            yield call
    yield from worst_calls.searches(worst_calls.SEARCHED[:1])


def test_every_page_export_preview_and_search_is_bounded(settings: Any) -> None:
    settings.RATE_LIMIT_API = "100000/hour"
    needs = {call.name: need_of(call) for call in calls()}
    assert len(needs) > 200
    assert {name: need for name, need in needs.items() if not need.is_bounded} == {}
