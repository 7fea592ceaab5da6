"""Dead rows and free space in the tables of events and sales, after a day and after retention.

`python -m tests.benchmarks bloat`; BENCH_DAY is the number of events of the day.
"""

import os
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from django.db import connection
from django.utils import timezone

from integrations.inbox import retention
from integrations.models.events import EVENTS, PAYLOADS
from integrations.runtime_settings import PAYLOAD_RETENTION, RECORD_RETENTION
from sales.models import Sale
from tests.benchmarks.orders import encoded_order
from tests.integrations.sellers import Seller

DAY = int(os.environ.get("BENCH_DAY", "1000000"))
PORTION = 5_000
_TABLES = """
    SELECT relid::regclass::text FROM pg_partition_tree(%s::regclass) WHERE isleaf
    ORDER BY relid::regclass::text
"""
# With the part of the table that stores long values.
_BLOAT = """
    SELECT sum(table_len), 100 * sum(dead_tuple_len) / nullif(sum(table_len), 0),
        100 * sum(free_space) / nullif(sum(table_len), 0)
    FROM pg_class, unnest(ARRAY[oid, nullif(reltoastrelid, 0)]) AS part, pgstattuple(part)
    WHERE oid = %s::regclass
"""


def measure() -> list[tuple[str, str]]:
    """Receive and drain a day's events, half of them new orders and half their changes."""
    _read("CREATE EXTENSION IF NOT EXISTS pgstattuple")
    seller = Seller("dia@flowzz.test")
    for start in range(0, DAY // 2, PORTION):
        for changed in (False, True):
            numbers = range(start, min(start + PORTION, DAY // 2))
            seller.receive(*(encoded_order(number, changed=changed) for number in numbers))
            seller.drain()
    rows = [*_rows(f"after {DAY:,} events")]
    _read("VACUUM ANALYZE")  # as autovacuum does
    rows += _rows("after a vacuum")
    now = timezone.now()
    for name, age, delete in (
        ("bodies", PAYLOAD_RETENTION.value(), retention.delete_expired_payloads),
        ("events", RECORD_RETENTION.value(), retention.delete_old_events),
    ):
        # A month of events ends up to 31 days after the day.
        later = now + age + timedelta(days=32)
        with patch.object(retention, "read_clock", return_value=later):
            retention.create_partitions()
            delete()
        rows += _rows(f"after the retention of {name}")
    return rows


def _rows(when: str) -> Iterator[tuple[str, str]]:
    tables = [name for table in (EVENTS, PAYLOADS) for (name,) in _read(_TABLES, table.name)]
    for name in (*tables, Sale._meta.db_table):
        size, dead, free = _read(_BLOAT, name)[0]
        if size:
            yield (
                f"{name}, {when}",
                f"{size / 2**20:,.1f} MB, dead {dead:.1f} %, free {free:.1f} %",
            )


def _read(statement: str, *parameters: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall() if cursor.description else []
