"""The orders and subscriptions that a change of a status mapping concerns.

These are the rows whose word has no status yet, and the recorded usages of the mapping.
"""

import uuid
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_

from django.db import connection
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from flowzz.core.db.keyset import behind
from integrations.models import StatusMapping, StatusMappingUsage
from integrations.providers.contracts import StatusField
from integrations.providers.registry import get_provider
from sales.models import Sale, Subscription

BATCH_SIZE = 200
SALE_COLUMNS = {
    StatusField.ORDER: ("status", "unknown_status"),
    StatusField.SHIPPING: ("shipping_status", "unknown_shipping_status"),
}
"""The columns of a status and of its unknown word. `Subscription` has those of `ORDER`."""

Cursor = tuple[uuid.UUID | None, str]
"""The user and the external id of the last row read."""
START: Cursor = (None, "")


@dataclass(frozen=True, slots=True)
class Batch:
    """Orders or subscriptions of one user."""

    user_id: uuid.UUID
    external_ids: Sequence[str]


def spellings(mapping: StatusMapping) -> list[StatusMapping]:
    """Return the rows of one word as it was written; changes and usages are those of the first."""
    normalize = get_provider(mapping.provider).normalize_word
    rows = StatusMapping.objects.filter(provider=mapping.provider, field=mapping.field)
    word = normalize(mapping.word)
    return [row for row in rows.order_by("id") if normalize(row.word) == word]


def count_affected(mapping: StatusMapping) -> int:
    """Count the orders or subscriptions that a change of the mapping concerns."""
    recorded = mapping.usages.filter(
        reduce(or_, (Q(external_id=OuterRef(name)) for name in _id_columns(mapping))),
        user_id=OuterRef("user_id"),
    )
    return mapping.usages.count() + _unmapped(mapping).exclude(Exists(recorded)).count()


def can_be_reverted(mapping: StatusMapping) -> bool:
    """Return whether the mapping has a status, or rows with a status that it once had."""
    return bool(mapping.status) or mapping.usages.exists()


def count_unmapped(mappings: Collection[StatusMapping]) -> "Counter[uuid.UUID]":
    """Count the orders or subscriptions that wait for each mapping; one query for each field."""
    counts: Counter[uuid.UUID] = Counter()
    for field in StatusField:
        ids = {(row.provider, row.word): row.id for row in mappings if row.field == field}
        if not ids:
            continue
        model = Subscription if field == StatusField.SUBSCRIPTION else Sale
        column = _unknown_column(field)
        rows = model._default_manager.filter(
            ~Q(**{column: ""}), **{f"{column}__in": [word for _, word in ids]}
        )
        grouped = rows.order_by().values_list("source", column).annotate(Count("id"))
        for source, word, count in grouped:
            if mapping_id := ids.get((source, word)):
                counts[mapping_id] = count
    return counts


def unmapped_examples(
    mapping: StatusMapping, limit: int
) -> "QuerySet[Sale] | QuerySet[Subscription]":
    """Return some of the rows that wait for the mapping, newest first."""
    return _unmapped(mapping).select_related("user").order_by("-id")[:limit]


def next_batch(mapping: StatusMapping, cursor: Cursor) -> Batch | None:
    """Return the rows behind the cursor that a changed mapping concerns; None at the end."""
    if cursor == START and mapping.status:
        _record_unmapped(mapping)
    rows = list(_after(mapping, cursor)[:BATCH_SIZE])
    if not rows:
        if cursor == START:
            return None
        # A worker that read the mapping before its change may have stored more rows meanwhile.
        is_more = _record_unmapped(mapping) if mapping.status else True
        return next_batch(mapping, START) if is_more else None
    user_id = rows[0].user_id
    return Batch(user_id, [row.external_id for row in rows if row.user_id == user_id])


def delete_usages(mapping: StatusMapping, batch: Batch) -> None:
    mapping.usages.filter(user_id=batch.user_id, external_id__any_of=batch.external_ids).delete()


def _id_columns(mapping: StatusMapping) -> list[str]:
    """Return the columns whose values usages may have: an order has two ids."""
    second = [] if mapping.field == StatusField.SUBSCRIPTION else ["order_hash"]
    return [_id_column(mapping), *second]


def _id_column(mapping: StatusMapping) -> str:
    return "subscription_hash" if mapping.field == StatusField.SUBSCRIPTION else "external_id"


def _unknown_column(field: StatusField) -> str:
    return SALE_COLUMNS.get(field, SALE_COLUMNS[StatusField.ORDER])[1]


def _unmapped(mapping: StatusMapping) -> "QuerySet[Sale] | QuerySet[Subscription]":
    """Return the rows whose word has no status yet."""
    column = _unknown_column(StatusField(mapping.field))
    words = [row.word for row in spellings(mapping)]
    with_word = {"source": mapping.provider, f"{column}__in": words}
    if mapping.field == StatusField.SUBSCRIPTION:
        return Subscription.objects.filter(**with_word)
    # The second condition is that of the partial index.
    sales: QuerySet[Sale] = Sale.objects.filter(~Q(**{column: ""}), **with_word)
    return sales


def _record_unmapped(mapping: StatusMapping) -> int:
    """Record a usage for each row that waits for the mapping. Returns the number of new usages."""
    unmapped = _unmapped(mapping).order_by().values("user_id", _id_column(mapping))
    select, parameters = unmapped.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO integrations_statusmappingusage (mapping_id, user_id, external_id) "  # noqa: S608 - the ORM's own SQL
            f"SELECT %s, unmapped.* FROM ({select}) AS unmapped ON CONFLICT DO NOTHING",
            [mapping.id, *parameters],
        )
        return int(cursor.rowcount)


def _after(mapping: StatusMapping, cursor: Cursor) -> "QuerySet[StatusMappingUsage]":
    order = ("user_id", "external_id")
    rows = StatusMappingUsage.objects.filter(mapping=mapping).order_by(*order)
    return rows if cursor == START else rows.filter(behind(order, cursor))
