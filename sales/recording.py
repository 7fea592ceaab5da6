"""Record what sources report about sales, with the history of their statuses.

A report updates the sale, and its statuses as far as the transition tables of `sales.statuses`
allow. A late report, which is older than the newest one applied, only fills empty fields and makes
only the transitions that cannot be reversed.
"""

import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
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
from sales.models import Origin, Sale, SaleMerge, SaleStatusChange
from sales.order_ids import merges
from sales.order_ids.index import SaleIndex
from sales.sale_changes import (
    OPTIONAL_FIELDS,
    FieldChange,
    classify_statuses,
    set_fields,
    set_warnings,
    unit_price,
)
from sales.statuses import SaleStatus, SaleStatusField, ShippingStatus

STATUS, SHIPPING = SaleStatusField.STATUS, SaleStatusField.SHIPPING
FIRST_REACHED: dict[tuple[str, str], str] = {
    (STATUS, SaleStatus.PAID): "paid_at",
    (STATUS, SaleStatus.SHIPPED): "shipped_at",
    (STATUS, SaleStatus.DELIVERED): "delivered_at",
    (STATUS, SaleStatus.CANCELLED): "cancelled_at",
    (SHIPPING, ShippingStatus.SHIPPED): "shipped_at",
    (SHIPPING, ShippingStatus.DELIVERED): "delivered_at",
}
"""The fields that are set when a sale reaches a status for the first time."""
UPDATED_FIELDS = (
    *OPTIONAL_FIELDS,
    *("external_id", "is_associated"),
    *("client", "client_match", "quantity", "unit_price", "total_price"),
    *("status", "shipping_status", "unknown_status", "unknown_shipping_status"),
    *("paid_at", "shipped_at", "delivered_at", "cancelled_at", "deleted_at"),
    *("metadata", "value_warnings", "observed_at", "updated_at"),
)
MAX_LISTED_SALES = 50
"""The live update about a larger batch has numbers only."""


class Outcome(TextChoices):
    """What a report changed; an event with several outcomes takes the first in this order."""

    CREATED = "created"
    UPDATED = "updated"
    STALE = "stale"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeSource:
    """The event, run, import or person behind a report, and the time of its information."""

    observed_at: datetime
    """Aware."""
    origin: Origin
    origin_id: uuid.UUID
    is_snapshot: bool = False
    """The source's current data, which overrides the transition tables unless it is late."""
    is_undated: bool = False
    """The time is unknown: the report counts as late, and no field takes its time from it."""


@dataclass(slots=True)
class RecordResult:
    sale: Sale
    outcome: Outcome
    changes: list[FieldChange] = field(default_factory=list)


class SaleBatch:
    """The sales of a batch: read with one statement, changed in memory, written with one statement.

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
        self._index = SaleIndex(sales, links_hashes=links_hashes)
        self._changed: dict[uuid.UUID, Sale] = {}
        self._history: list[SaleStatusChange] = []
        self._merges: list[SaleMerge] = []
        self.absorbed: dict[uuid.UUID, uuid.UUID] = {}
        """The sales that no longer exist, with those that they became part of."""
        self.created_count = 0

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
        sales = Sale.objects.owned_by(user_id).reported_by(provider, reports)
        links_hashes = any(facts.has_only_hash for facts in reports)
        return cls(user_id, provider, sales, links_hashes=links_hashes)

    @property
    def client_ids(self) -> set[uuid.UUID]:
        return {sale.client_id for sale in self._index.all() if sale.client_id}

    def get(self, order_id: str) -> Sale | None:
        return self._index.get(order_id)

    def find(self, facts: SaleFacts) -> tuple[Sale | None, Sale | None]:
        """Return the sale with the reported number, and the one with the reported hash."""
        return self._index.find(facts)

    def counterparts(self, facts: SaleFacts) -> list[Sale]:
        """Return the sales without the reported id that have its product, price and time."""
        return self._index.counterparts(facts)

    def create(
        self,
        facts: SaleFacts,
        client: Client | None,
        match: Match | None,
        source: ChangeSource,
        *,
        is_associated: bool = True,
    ) -> RecordResult:
        sale = self._build_sale(facts, source)
        sale.is_associated = is_associated
        if client:
            self.set_client(sale, client, match)
        self._index.add(sale)
        self._changed[sale.id] = sale
        self.created_count += is_associated
        status = facts.status or SaleStatus.PENDING
        self._change_status(sale, FieldChange(STATUS, "", status), source)
        if (facts.shipping_status or ShippingStatus.PENDING) != ShippingStatus.PENDING:
            self._change_status(sale, FieldChange(SHIPPING, "", facts.shipping_status), source)
        return RecordResult(sale, Outcome.CREATED)

    def update(self, sale: Sale, facts: SaleFacts, source: ChangeSource) -> RecordResult:
        """Apply a report to a known sale.

        A report that is late, or whose status is refused, only fills empty fields.
        """
        is_late = source.is_undated or source.observed_at < sale.observed_at
        is_override = source.is_snapshot and not is_late
        moves = classify_statuses(sale, facts, is_late=is_late, is_override=is_override)
        for change in moves.allowed:
            self._change_status(sale, change, source)
        only_empty = is_late or moves.has_refused
        changes = moves.allowed + set_fields(sale, facts, only_empty=only_empty)
        changes += self._set_number(sale, facts)
        if not only_empty and set_warnings(sale, facts):
            self._changed[sale.id] = sale
        if changes:
            self._changed[sale.id] = sale
            if not source.is_undated:
                sale.observed_at = max(sale.observed_at, source.observed_at)
        if only_empty and not moves.allowed:
            return RecordResult(sale, Outcome.STALE, changes)
        return RecordResult(sale, Outcome.UPDATED if changes else Outcome.UNCHANGED, changes)

    def set_client(self, sale: Sale, client: Client, match: Match | None) -> None:
        sale.client_id, sale.client_match = client.id, match or ""
        self._changed[sale.id] = sale

    def merge(self, first: Sale, second: Sale) -> Sale:
        """Merge two sales of one order; return the one that stays."""
        self.created_count -= first.is_associated and second.is_associated
        self._index.remove(first)
        self._index.remove(second)
        kept, merge = merges.combine(first, second)
        for change in self._history:
            if change.sale_id == merge.absorbed_id:
                change.sale_id = kept.id
                merge.status_change_ids.append(change.id)
        self._index.add(kept)
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
        return merges.undone_pairs([sale.id for sale in self._index.all()])

    def save(self) -> None:
        merges.save(self._merges)
        upsert(self._changed.values(), update=UPDATED_FIELDS)
        upsert(self._history)
        if self._changed:
            _publish_on_commit(self._user_id, self._changed.values())

    def _set_number(self, sale: Sale, facts: SaleFacts) -> list[FieldChange]:
        """Give the reported number to a sale that was known by its hash only."""
        before, number = sale.external_id, facts.external_id
        if number == before or before not in (sale.order_hash, facts.order_hash):
            return []
        if facts.has_only_hash:
            return []
        sale.external_id = number
        self.created_count += not sale.is_associated
        sale.is_associated = True
        self._index.add(sale)
        return [FieldChange("external_id", before, number)]

    def _build_sale(self, facts: SaleFacts, source: ChangeSource) -> Sale:
        assert facts.total_price is not None
        sale = Sale.new(
            user_id=self._user_id,
            source=self._provider,
            external_id=facts.external_id,
            quantity=1 if facts.quantity is None else facts.quantity,
            total_price=facts.total_price,
            unit_price=unit_price(facts.total_price, facts.quantity),
            unknown_status=facts.unknown_status,
            unknown_shipping_status=facts.unknown_shipping_status,
            deleted_at=facts.deleted_at,
            metadata=facts.metadata,
            value_warnings=[warning.cause for warning in facts.warnings],
            **{name: getattr(facts, name) for name in OPTIONAL_FIELDS},
        )
        sale.sale_date = facts.sale_date or source.observed_at
        sale.observed_at = sale.sale_date if source.is_undated else source.observed_at
        return sale

    def _change_status(self, sale: Sale, change: FieldChange, source: ChangeSource) -> None:
        self._history.append(
            SaleStatusChange.new(
                sale_id=sale.id,
                field=change.field,
                from_status=change.before,
                to_status=change.after,
                changed_at=source.observed_at,
                origin=source.origin,
                origin_id=source.origin_id,
            )
        )
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
    event = Event("sales", data)
    transaction.on_commit(partial(publish, user_id, event), robust=True)


def _serialize(sale: Sale) -> dict[str, Any]:
    return {
        "change": "created" if sale._state.adding else "updated",
        "id": str(sale.id),
        "externalId": sale.external_id,
        "status": sale.status,
        "shippingStatus": sale.shipping_status,
        "updatedAt": timezone.localtime(sale.updated_at).isoformat(),
    }
