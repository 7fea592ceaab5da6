"""Record what sources report about sales, with the history of their statuses.

A report updates the sale, and its statuses as far as the transition tables of `sales.statuses`
allow; a refused status is listed on the sale. A late report, which is older than the newest one
applied, only fills empty fields and makes only the transitions that cannot be reversed.
"""

import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, Self

from django.db import transaction
from django.db.models import TextChoices
from django.utils import timezone

from clients.identity import Match
from clients.models import Client
from flowzz.core.api.event_stream import Event, publish
from flowzz.core.db.bulk_upsert import upsert
from sales.facts import SaleFacts
from sales.models import ChangeSource, Origin, Sale, SaleMerge, SaleStatusChange
from sales.order_ids import merges
from sales.order_ids.index import SaleIndex
from sales.order_ids.reading import read_reported
from sales.sale_changes import (
    EXPLANATORY_FIELDS,
    STATUS_COLUMNS,
    UPDATED_FIELDS,
    FieldChange,
    classify_statuses,
    fill_first_times,
    new_sale,
    set_fields,
    set_warnings,
)
from sales.statuses import FIRST_REACHED, HistoryField, SaleStatus, SaleStatusField, ShippingStatus

_HISTORY_FIELDS = frozenset(HistoryField.values) - frozenset(SaleStatusField.values)
MAX_LISTED_SALES = 50
"""The live update about a larger batch has numbers only."""


class Outcome(TextChoices):
    """What a report changed; an event with several outcomes takes the first in this order."""

    CREATED = "created"
    UPDATED = "updated"
    STALE = "stale"
    UNCHANGED = "unchanged"


@dataclass(slots=True)
class RecordResult:
    sale: Sale
    outcome: Outcome
    changes: list[FieldChange] = field(default_factory=list)


class SaleBatch:
    """The sales of a batch: read once, changed in memory, written once.

    The caller locks the user from `load` to `save`.
    """

    def __init__(
        self,
        user_id: uuid.UUID,
        provider: str,
        sales: Iterable[Sale],
        *,
        links_hashes: bool = False,
    ) -> None:
        self._user_id = user_id
        self._provider = provider
        self.index = SaleIndex(sales, links_hashes=links_hashes)
        self._changed: dict[uuid.UUID, Sale] = {}
        self._newly_fingerprinted: list[Sale] = []
        self._seen_again: list[Sale] = []
        self._history: list[SaleStatusChange] = []
        self._merges: list[SaleMerge] = []
        self.absorbed: dict[uuid.UUID, uuid.UUID] = {}
        """The sales that no longer exist, with those that they became part of."""
        self.counted_change = 0
        """How many more sales count as orders than before; negative if merges took some away."""

    @classmethod
    def load(cls, user_id: uuid.UUID, provider: str, order_ids: Collection[str]) -> Self:
        """Read the sales with these numbers or hashes."""
        if not order_ids:
            return cls(user_id, provider, ())
        sales = Sale.objects.owned_by(user_id).with_order_ids(provider, order_ids)
        return cls(user_id, provider, sales)

    @classmethod
    def load_reported(
        cls, user_id: uuid.UUID, provider: str, reports: Collection[SaleFacts]
    ) -> Self:
        """Read the sales of the reported orders, and those that may be the same order."""
        if not reports:
            return cls(user_id, provider, ())
        known = read_reported(user_id, provider, reports)
        return cls(user_id, provider, known, links_hashes=any(f.has_only_hash for f in reports))

    @property
    def client_ids(self) -> set[uuid.UUID]:
        return {sale.client_id for sale in self.index.all() if sale.client_id}

    def get(self, order_id: str) -> Sale | None:
        return self.index.get(order_id)

    def create(
        self,
        facts: SaleFacts,
        client: Client | None,
        match: Match | None,
        source: ChangeSource,
        *,
        is_associated: bool = True,
    ) -> RecordResult:
        sale = new_sale(
            facts,
            user_id=self._user_id,
            source=self._provider,
            client_id=client.id if client else None,
            client_match=match or "",
            is_associated=is_associated,
            report_fingerprint=source.fingerprint,
        )
        sale.sale_date = facts.sale_date or source.assumed_sale_date
        sale.observed_at = source.observed_since(sale.sale_date)
        self.index.add(sale)
        self._changed[sale.id] = sale
        self.counted_change += is_associated
        status = facts.status or SaleStatus.PENDING
        self._change_status(sale, FieldChange(SaleStatusField.STATUS, "", status), source)
        if (facts.shipping_status or ShippingStatus.PENDING) != ShippingStatus.PENDING:
            change = FieldChange(SaleStatusField.SHIPPING, "", facts.shipping_status)
            self._change_status(sale, change, source)
        return RecordResult(sale, Outcome.CREATED)

    def update(
        self,
        sale: Sale,
        facts: SaleFacts,
        source: ChangeSource,
        *,
        client_change: FieldChange | None = None,
    ) -> RecordResult:
        """Apply a report to a known sale; `client_change` is from `set_client`, if called."""
        is_late = source.is_late(sale)
        is_override = source.is_snapshot and not is_late
        moves = classify_statuses(sale, facts, is_late=is_late, is_override=is_override)
        for change in moves.allowed:
            self._change_status(sale, change, source)
        written = moves.allowed + set_fields(sale, facts, moves, only_empty=is_late)
        written += self._set_number(sale, facts, source) + fill_first_times(sale, facts, source)
        if not is_late and set_warnings(sale, facts):
            self._changed[sale.id] = sale
        if not is_late and source.fingerprint not in (None, sale.report_fingerprint):
            sale.report_fingerprint = source.fingerprint
            self._newly_fingerprinted.append(sale)
        changes = [change for change in written if change.field not in EXPLANATORY_FIELDS]
        self._add_replaced_values(sale, changes, source)
        if client_change:
            changes.append(client_change)
        if written:
            self._changed[sale.id] = sale
            self.index.add(sale)
        if not is_late and (written or client_change or not source.is_snapshot):
            self._observe(sale, source)
        unchanged = Outcome.STALE if is_late or moves.has_refused else Outcome.UNCHANGED
        return RecordResult(sale, Outcome.UPDATED if changes else unchanged, changes)

    def set_status(
        self, sale: Sale, field: SaleStatusField, status: str, source: ChangeSource
    ) -> None:
        """Set a status by hand: it stays until the source reports another word."""
        columns = STATUS_COLUMNS[field]
        reported = columns.reported_status(sale)
        if getattr(sale, field) != status:
            self._change_status(sale, FieldChange(field, getattr(sale, field), status), source)
        setattr(sale, columns.overridden, "" if status == reported else reported)
        setattr(sale, columns.unknown, "")
        setattr(sale, columns.refused, "")
        self._changed[sale.id] = sale

    def set_client(
        self, sale: Sale, client: Client, match: Match | None, source: ChangeSource
    ) -> FieldChange:
        change = FieldChange(HistoryField.CLIENT, sale.client_id, client.id)
        self._add_replaced_values(sale, [change], source)
        sale.client_id, sale.client_match = client.id, match or ""
        self._changed[sale.id] = sale
        return change

    def merge(self, first: Sale, second: Sale, *, erased: Collection[uuid.UUID]) -> Sale:
        """Merge two sales of one order, some of `erased` buyers; return the one that stays."""
        self.counted_change -= first.is_associated and second.is_associated
        self.index.remove(first)
        self.index.remove(second)
        kept, merge = merges.combine(first, second, erased=erased)
        for change in self._history:
            if change.sale_id == merge.absorbed_id:
                change.sale_id = kept.id
                merge.status_change_ids.append(change.id)
        self.index.add(kept)
        self._changed.pop(merge.absorbed_id, None)
        self._changed[kept.id] = kept
        self._merges.append(merge)
        self.absorbed[merge.absorbed_id] = kept.id
        return kept

    def is_separated(self, first: Sale, second: Sale) -> bool:
        """Return whether staff undid a merge of the two sales."""
        return frozenset((first.id, second.id)) in self._undone_merges

    @cached_property
    def _undone_merges(self) -> set[frozenset[uuid.UUID]]:
        return merges.undone_pairs([sale.id for sale in self.index.all()])

    def save(self) -> None:
        merges.save(self._merges)
        upsert(self._changed.values(), update=UPDATED_FIELDS)
        written = self._changed.keys() | self.absorbed.keys()
        Sale.objects.save_fingerprints(s for s in self._newly_fingerprinted if s.id not in written)
        Sale.objects.save_observed_times(s for s in self._seen_again if s.id not in written)
        upsert(self._history)
        if counted := [sale for sale in self._changed.values() if sale.is_associated]:
            _publish_on_commit(self._user_id, counted)

    def _observe(self, sale: Sale, source: ChangeSource) -> None:
        """Remember a report's time even if it changes nothing: an older one is late then."""
        if source.observed_at > sale.observed_at:
            sale.observed_at = source.observed_at
            self._seen_again.append(sale)

    def _set_number(self, sale: Sale, facts: SaleFacts, source: ChangeSource) -> list[FieldChange]:
        """Give a reported number to a sale known by its hash. It then counts, as by a webhook."""
        before, hashes = sale.external_id, (sale.order_hash, facts.order_hash)
        is_new = before in hashes and not facts.has_only_hash and facts.external_id != before
        if not sale.is_associated and (is_new or source.origin == Origin.EVENT):
            sale.is_associated, self._changed[sale.id] = True, sale
            self.counted_change += 1
        if not is_new:
            return []
        sale.external_id = facts.external_id
        return [FieldChange("external_id", before, sale.external_id)]

    def _add_replaced_values(
        self, sale: Sale, changes: Iterable[FieldChange], source: ChangeSource
    ) -> None:
        """Add replaced prices, products and clients to the history; it has the statuses already."""
        for change in changes:
            if change.field in _HISTORY_FIELDS and change.before not in (None, "", change.after):
                self._add_history(sale, change, source)

    def _add_history(self, sale: Sale, change: FieldChange, source: ChangeSource) -> None:
        self._history.append(
            SaleStatusChange.new(
                sale_id=sale.id,
                field=change.field,
                from_status=str(change.before),
                to_status=str(change.after),
                changed_at=source.made_at or source.observed_at,
                origin=source.origin,
                origin_id=source.origin_id,
            )
        )

    def _change_status(self, sale: Sale, change: FieldChange, source: ChangeSource) -> None:
        self._add_history(sale, change, source)
        setattr(sale, change.field, change.after)
        date_field = FIRST_REACHED.get((change.field, change.after))
        if date_field and getattr(sale, date_field) is None and not source.is_undated:
            setattr(sale, date_field, source.observed_at)


def _publish_on_commit(user_id: uuid.UUID, sales: Collection[Sale]) -> None:
    """Publish a batch of written sales as one event, without data of buyers, on commit."""
    created = sum(sale._state.adding for sale in sales)
    data = {
        "created": created,
        "updated": len(sales) - created,
        "sales": [_serialize(sale) for sale in sales] if len(sales) <= MAX_LISTED_SALES else [],
    }
    transaction.on_commit(partial(publish, user_id, Event("sales", data)), robust=True)


def _serialize(sale: Sale) -> dict[str, Any]:
    return {
        "change": "CREATED" if sale._state.adding else "UPDATED",
        "id": str(sale.id),
        "externalId": sale.external_id,
        "status": sale.status,
        "shippingStatus": sale.shipping_status,
        "updatedAt": timezone.localtime(sale.updated_at).isoformat(),
    }
