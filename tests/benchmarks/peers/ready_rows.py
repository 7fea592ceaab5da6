"""A contender of draining: plain psycopg that upserts ready-made rows of sales, and nothing else.

It parses no body, matches no client, and writes neither clients nor history nor events.
"""

import os
import time
from collections.abc import Sequence
from typing import Any

import psycopg
from django.db import connection

from flowzz.core.ids import uuid7
from sales.models import Sale
from tests.integrations.sellers import Seller

ROWS_PER_TRANSACTION = 500
CHANGED = {"shipping_status": "DELIVERED", "tracking_code": "BR1"}


def measure(drained: Seller, other: Seller) -> tuple[float, float]:
    """Return the new and the changed sales per second: copies of a seller's sales for another."""
    columns = [field.attname for field in Sale._meta.concrete_fields]
    texts = ", ".join(f"{name}::text" if name == "metadata" else name for name in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {texts} FROM sales_sale WHERE user_id = %s", [drained.integration.user_id]
        )
        found = [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
    new = [row | {"id": uuid7(), "user_id": other.integration.user_id} for row in found]
    changed = [row | CHANGED for row in new]
    with psycopg.connect(os.environ["DATABASE_URL"]) as plain:
        return _rate(plain, columns, new), _rate(plain, columns, changed)


def _rate(
    plain: psycopg.Connection, columns: Sequence[str], sales: Sequence[dict[str, Any]]
) -> float:
    values = ", ".join(["%s"] * len(columns))
    sets = ", ".join(f"{name} = excluded.{name}" for name in columns if name != "id")
    statement = (
        f"INSERT INTO sales_sale ({', '.join(columns)}) VALUES ({values}) "
        f"ON CONFLICT (id) DO UPDATE SET {sets}"
    )
    rows = [tuple(sale.values()) for sale in sales]
    started = time.perf_counter()
    for first in range(0, len(rows), ROWS_PER_TRANSACTION):
        with plain.transaction(), plain.cursor() as cursor:
            cursor.executemany(statement, rows[first : first + ROWS_PER_TRANSACTION])
    return len(rows) / (time.perf_counter() - started)
