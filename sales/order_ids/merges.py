"""Merge two sales that are one order, and undo a merge.

A batch of reports merges sales by the ids that it reports together, staff by hand. The older sale
stays; `SaleMerge` stores all that undoing needs.
"""

import uuid
from collections.abc import Collection, Iterable
from typing import Any, Final

import orjson
from django.db import connection, transaction
from django.dispatch import Signal
from django.utils import timezone

from clients.identity import documents_differ
from clients.models import Client, MergeRefused
from flowzz.accounts.models import User
from flowzz.core.db.bulk_upsert import to_json, upsert
from flowzz.core.db.locks import lock_user
from sales.metadata import merge_metadata
from sales.models import Sale, SaleMerge
from sales.sale_changes import STATUS_COLUMNS, StatusColumns
from sales.statuses import SaleStatusField

orders_counted = Signal()
"""Sent when staff change how many sales count as orders: `user_id`, `source` and the `change`."""
sales_merged = Signal()
"""Sent when staff have merged or separated sales: `user_id`, `source` and the `sale_ids`.

What a sale's metadata report of commissions and fees is then another report.
"""

_FIRST_TIMES = ("paid_at", "shipped_at", "delivered_at", "cancelled_at")
_KEPT_FIELDS = {
    *("id", "user_id", "source", "report_fingerprint", "created_at", "updated_at"),
    *("client_id", "client_match", "is_associated", "external_id", "order_hash"),
    *("metadata", "observed_at", *_FIRST_TIMES),
}
"""Fields that `_combine_values` does not take from the sale that was seen last."""
_RELATED: Final = (
    {"quantity", "unit_price", "total_price"},
    {*STATUS_COLUMNS[SaleStatusField.STATUS].names, "is_refund_open"},
    {*STATUS_COLUMNS[SaleStatusField.SHIPPING].names},
)
"""Fields that mean nothing apart: one is restored only if none of them has changed since."""


def are_mergeable(first: Sale, second: Sale) -> bool:
    """Return whether one has only the hash and the other only the number of an order."""
    return any(a.has_only_hash and not b.order_hash for a, b in ((first, second), (second, first)))


def undone_pairs(sale_ids: Collection[uuid.UUID]) -> set[frozenset[uuid.UUID]]:
    """Return the pairs that staff have separated again: only staff merge them."""
    merges = SaleMerge.objects.filter(absorbed_id__any_of=sale_ids, undone_at__isnull=False)
    return {frozenset(pair) for pair in merges.values_list("sale_id", "absorbed_id")}


def is_erased(buyer: Client | None) -> bool:
    return buyer is not None and buyer.erased_at is not None


def combine(
    first: Sale, second: Sale, *, erased: Collection[uuid.UUID] = (), by: User | None = None
) -> tuple[Sale, SaleMerge]:
    """Give the older sale the newest values of both; return it and the merge to write.

    If the older one is among the `erased` sales, whose buyers were erased, it receives no personal
    data, and the merge can't be undone.
    """
    kept, absorbed = sorted((first, second), key=lambda sale: sale.id)
    row, before = _row(absorbed), _row(kept)
    impersonal = kept.metadata, kept.tracking_code
    _combine_values(kept, absorbed)
    merge = SaleMerge.new(sale_id=kept.id, absorbed_id=absorbed.id, created_by_id=by and by.id)
    if kept.id in erased:
        kept.metadata, kept.tracking_code = impersonal
        return kept, merge
    after = _row(kept)
    merge.absorbed = row
    changed = _with_related({name for name in after if after[name] != before[name]})
    merge.changes = {name: [before[name], after[name]] for name in after if name in changed}
    return kept, merge


def save(merges: Collection[SaleMerge]) -> None:
    """Write merges: move what belongs to the absorbed sales, then delete these.

    Call before the kept sales are written: an absorbed one may have their number or hash.
    """
    if not merges:
        return
    by_absorbed = {merge.absorbed_id: merge for merge in merges}
    moved = (
        ("sales_salestatuschange", "status_change_ids"),
        ("sales_subscriptioncycle", "cycle_ids"),
    )
    with connection.cursor() as cursor:
        kept_ids = [merge.sale_id for merge in merges]
        for table, name in moved:
            cursor.execute(_MOVE.format(table=table), [list(by_absorbed), kept_ids])
            for row_id, absorbed_id in cursor.fetchall():
                getattr(by_absorbed[absorbed_id], name).append(row_id)
        cursor.execute("DELETE FROM sales_sale WHERE id = ANY(%s)", [list(by_absorbed)])
    upsert(merges)


_MOVE = """
    UPDATE {table} AS row SET sale_id = pair.kept_id
    FROM unnest(%s::uuid[], %s::uuid[]) AS pair (absorbed_id, kept_id)
    WHERE row.sale_id = pair.absorbed_id
    RETURNING row.id, pair.absorbed_id
"""


def merge(first_id: uuid.UUID, second_id: uuid.UUID, *, by: User) -> SaleMerge:
    """Merge two sales by hand. Raises MergeRefused."""
    with transaction.atomic():
        first, second = _lock_sales((first_id, second_id))
        check(first, second)
        counted = first.is_associated + second.is_associated
        erased = [sale.id for sale in (first, second) if is_erased(sale.client)]
        kept, done = combine(first, second, erased=erased, by=by)
        save([done])
        kept.save()
        _send_count(kept, kept.is_associated - counted)
        _send_merged(kept, [kept.id])
    return done


def check(first: Sale, second: Sale) -> None:
    """Raise MergeRefused unless two sales may be merged."""
    if (first.user_id, first.source) != (second.user_id, second.source) or first == second:
        raise MergeRefused("Escolha duas vendas diferentes da mesma conta e da mesma origem.")
    if not are_mergeable(first, second):
        raise MergeRefused("Uma das vendas deve ter só o número do pedido, e a outra, só o hash.")
    if documents_differ(first.client, second.client):
        raise MergeRefused("Os compradores têm documentos diferentes: não são o mesmo pedido.")


def undo(merge_id: uuid.UUID, *, by: User) -> SaleMerge:
    """Restore both sales as they were; what was reported later stays with the one that is known.

    Raises MergeRefused.
    """
    with transaction.atomic():
        found = SaleMerge.objects.get(id=merge_id)
        (kept,) = _lock_sales([found.sale_id])
        done = SaleMerge.objects.select_for_update().get(id=merge_id)
        _check_can_undo(done)
        counted = kept.is_associated
        _restore(kept, done)
        both = Sale.objects.filter(id__in=(kept.id, done.absorbed_id), is_associated=True)
        _send_count(kept, both.count() - counted)
        _send_merged(kept, [kept.id, done.absorbed_id])
        done.undone_at, done.undone_by = timezone.now(), by
        done.save(update_fields=["undone_at", "undone_by"])
    return done


def associate(sale_ids: Collection[uuid.UUID]) -> int:
    """Count unassociated sales as orders of their own; return their number."""
    with transaction.atomic():
        waiting = Sale.objects.filter(id__any_of=sale_ids, is_associated=False)
        for user_id in sorted(set(waiting.values_list("user_id", flat=True))):
            lock_user(user_id)
        for sale in waiting.only("user_id", "source"):
            _send_count(sale, 1)
        return waiting.update(is_associated=True, updated_at=timezone.now())


def _send_count(sale: Sale, change: int) -> None:
    orders_counted.send(Sale, user_id=sale.user_id, source=sale.source, change=change)


def _send_merged(sale: Sale, sale_ids: Collection[uuid.UUID]) -> None:
    sales_merged.send(Sale, user_id=sale.user_id, source=sale.source, sale_ids=sale_ids)


def _combine_values(kept: Sale, absorbed: Sale) -> None:
    newer, older = sorted((kept, absorbed), key=lambda sale: sale.observed_at, reverse=True)
    names = {field.attname for field in Sale._meta.concrete_fields} - _KEPT_FIELDS
    values = {name: _first_filled(getattr(newer, name), getattr(older, name)) for name in names}
    for field, columns in STATUS_COLUMNS.items():
        source = older if _keeps_status(columns, older, newer) else newer
        values |= {name: getattr(source, name) for name in columns.names}
        if field == SaleStatusField.STATUS:
            values["is_refund_open"] = source.is_refund_open
    values["deleted_at"] = newer.deleted_at
    if newer.sale_date.microsecond:  # `ChangeSource.assumed_sale_date`
        values["sale_date"] = older.sale_date
    values["metadata"] = merge_metadata(older.metadata, newer.metadata)
    values["observed_at"] = newer.observed_at
    values["is_associated"] = kept.is_associated or absorbed.is_associated
    for name in _FIRST_TIMES:
        times = (getattr(kept, name), getattr(absorbed, name))
        values[name] = min(filter(None, times), default=None)
    if kept.client_id is None:
        values |= {"client_id": absorbed.client_id, "client_match": absorbed.client_match}
    numbered = absorbed if kept.has_only_hash else kept
    values["order_hash"] = kept.order_hash or absorbed.order_hash
    values["external_id"] = numbered.external_id
    for name, value in values.items():
        setattr(kept, name, value)


def _keeps_status(columns: StatusColumns, older: Sale, newer: Sale) -> bool:
    """Return whether the newer sale has no word, or the one over which a status was set by hand."""
    word, older_word = getattr(newer, columns.word), getattr(older, columns.word)
    is_by_hand = getattr(older, columns.overridden) and not getattr(newer, columns.overridden)
    return bool(older_word and not word) or bool(is_by_hand and word == older_word)


def _with_related(names: Collection[str]) -> set[str]:
    return {*names}.union(*(related for related in _RELATED if not related.isdisjoint(names)))


def _first_filled(*values: Any) -> Any:
    return next((value for value in values if value not in (None, "")), values[0])


def _row(sale: Sale) -> dict[str, Any]:
    """Return the columns as the JSON that `upsert` writes."""
    names = {field.attname for field in Sale._meta.concrete_fields} - {"report_fingerprint"}
    row: dict[str, Any] = orjson.loads(to_json([{n: getattr(sale, n) for n in names}]))[0]
    return row


def _lock_sales(sale_ids: Collection[uuid.UUID]) -> list[Sale]:
    """Lock the users of sales and read the sales. Raises MergeRefused if one does not exist."""
    found = Sale.objects.filter(id__in=sale_ids)
    for user_id in sorted(set(found.values_list("user_id", flat=True))):
        lock_user(user_id)
    rows = found.select_related("client").select_for_update(of=("self",))
    sales = {sale.id: sale for sale in rows}
    if not sales.keys() >= set(sale_ids):
        raise MergeRefused("Uma das vendas não existe mais.")
    return [sales[id_] for id_ in sale_ids]


def _check_can_undo(done: SaleMerge) -> None:
    if done.undone_at:
        raise MergeRefused("Já foi desfeita.")
    if not done.absorbed:
        raise MergeRefused("Os dados do comprador foram apagados: não dá mais para desfazer.")


def _restore(kept: Sale, done: SaleMerge) -> None:
    """Reverse `combine` and `save`, but for fields that changed since."""
    current = _row(kept)
    changed = _with_related({n for n, (_, new) in done.changes.items() if current[n] != new})
    unchanged = {n: old for n, (old, _) in done.changes.items() if n not in changed}
    upsert([_from_row(current | unchanged)], update=_columns(unchanged))
    upsert([_from_row(done.absorbed | {"client_id": _client_id(kept, done)})])
    with connection.cursor() as cursor:
        for table, ids in (
            ("sales_salestatuschange", done.status_change_ids),
            ("sales_subscriptioncycle", done.cycle_ids),
        ):
            cursor.execute(
                f"UPDATE {table} SET sale_id = %s WHERE id = ANY(%s) AND sale_id = %s",  # noqa: S608 - our tables
                [done.absorbed_id, ids, kept.id],
            )


def _client_id(kept: Sale, done: SaleMerge) -> uuid.UUID | None:
    """Return the absorbed sale's client, or the other's if that client no longer exists."""
    client = Client.objects.filter(id=done.absorbed["client_id"])
    found = client.values_list("merged_into", "id").first()
    return next(filter(None, found)) if found else kept.client_id


def _from_row(row: dict[str, Any]) -> Sale:
    return Sale.new(**row)


def _columns(values: Iterable[str]) -> tuple[str, ...]:
    names = {field.attname: field.name for field in Sale._meta.concrete_fields}
    return (*(names[value] for value in values), "updated_at")
