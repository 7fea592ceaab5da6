"""Counts of waiting and quarantined events read an index, not the events."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.http import HttpRequest
from django.test.utils import CaptureQueriesContext

from integrations.admin.quarantine import quarantined_count
from integrations.inbox import queue_stats
from integrations.monitoring import alert_rules, health

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "count",
    [
        queue_stats.count_quarantined,
        queue_stats.count_waiting,
        lambda: quarantined_count(HttpRequest()),
        alert_rules.dead_letters,
        health.assess_all,
    ],
)
def test_events_are_counted_in_an_index(count: Callable[[], Any]) -> None:
    with CaptureQueriesContext(connection) as queries:
        count()

    statements = [query["sql"] for query in queries]
    (statement,) = (sql for sql in statements if "COUNT(*)" in sql and "webhookevent" in sql)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
        cursor.execute(f"EXPLAIN {statement}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "Index Only Scan" in plan
    assert "Index Scan" not in plan
