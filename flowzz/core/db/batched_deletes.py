"""Delete many rows in short transactions."""

from typing import Any

from django.db.models import QuerySet

BATCH = 5_000


def delete_in_batches(rows: "QuerySet[Any]", *, size: int = BATCH) -> int:
    """Delete rows and those that refer to them, oldest ids first; return how many of `rows`.

    Each batch is committed by itself, so that no lock is held for long and autovacuum keeps up.
    """
    deleted, oldest = 0, rows.order_by("id").values_list("id", flat=True)
    while ids := list(oldest[:size]):
        rows.model._base_manager.filter(id__in=ids).delete()
        deleted += len(ids)
    return deleted
