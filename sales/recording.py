"""Writing sales and their history: what an observation changes, and what it may not."""

import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, fields
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Self

from django.db.models import TextChoices

from clients.identity import Match
from clients.models import Client
from flowzz.core.db.bulk_upsert import upsert
from sales import live_updates
from sales.facts import SaleFacts
from sales.models import Origin, Sale, SaleStatusChange
from sales.statuses import (
    SHIPPING_MOVES,
    STATUS_MOVES,
    Move,
    SaleStatus,
    SaleStatusField,
    ShippingStatus,
    decide,
)

CENT = Decimal("0.01")


class Outcome(TextChoices):
    """What an observation did; of several about one event, the first of these."""

    CREATED = "created"
    UPDATED = "updated"
    STALE = "stale"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeSource:
    """Who saw a thing, and when (aware)."""

    observed_at: datetime
    origin: Origin
    origin_id: uuid.UUID
    is_snapshot: bool = False
    """Read from the source as it is now, so it overrides the transition table."""
    is_undated: bool = False
    """Nobody knows when it was so: all else counts as newer, and no time is taken from it."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that an observation changed."""

    field: str
    before: Any
    after: Any


@dataclass(slots=True)
class RecordResult:
    sale: Sale
    outcome: Outcome
    differences: list[Difference] = field(default_factory=list)


_STATUS_FIELDS = (
    (SaleStatusField.STATUS, STATUS_MOVES, "unknown_status"),
    (SaleStatusField.SHIPPING, SHIPPING_MOVES, "unknown_shipping_status"),
)
_REACHED: dict[tuple[str, str], str] = {
    (SaleStatusField.STATUS, SaleStatus.PAID): "paid_at",
    (SaleStatusField.STATUS, SaleStatus.SHIPPED): "shipped_at",
    (SaleStatusField.STATUS, SaleStatus.DELIVERED): "delivered_at",
    (SaleStatusField.STATUS, SaleStatus.CANCELLED): "cancelled_at",
    (SaleStatusField.SHIPPING, ShippingStatus.SHIPPED): "shipped_at",
    (SaleStatusField.SHIPPING, ShippingStatus.DELIVERED): "delivered_at",
}
_OPTIONAL = (
    "product_name",
    "product_sku",
    "payment_method",
    "tracking_code",
    "commission",
    "sale_date",
)
"""An observation that lacks one of these leaves it as it is."""
_WRITTEN = (
    *_OPTIONAL,
    "client",
    "client_match",
    "quantity",
    "unit_price",
    "total_price",
    "status",
    "shipping_status",
    "unknown_status",
    "unknown_shipping_status",
    "paid_at",
    "shipped_at",
    "delivered_at",
    "cancelled_at",
    "deleted_at",
    "metadata",
    "observed_at",
    "updated_at",
)
_MERGED = ("utms", "extra")


def unit_price(total: Decimal, quantity: int | None) -> Decimal:
    """The price of one in BRL, rounded half-up to the cent; without a quantity the total."""
    return (total / quantity).quantize(CENT, ROUND_HALF_UP) if quantity else total


def facts_of(sale: Sale, **changes: Any) -> SaleFacts:
    """What is known of a sale, as its source would tell it, but for the changes."""
    names = (field.name for field in fields(SaleFacts) if hasattr(sale, field.name))
    return SaleFacts(**{name: getattr(sale, name) for name in names} | changes)


class SaleBatch:
    """The sales that a batch can touch: read once, decided in memory, written once.

    The caller holds the seller's lock from `load` to `save`.
    """

    def __init__(self, user_id: uuid.UUID, source: str, known: Iterable[Sale]) -> None:
        self._user_id = user_id
        self._source = source
        self._sales = {sale.external_id: sale for sale in known}
        self._changed: dict[uuid.UUID, Sale] = {}
        self._history: list[SaleStatusChange] = []
        self.opened = 0

    @classmethod
    def load(cls, user_id: uuid.UUID, source: str, external_ids: Collection[str]) -> Self:
        known = (
            Sale.objects.owned_by(user_id).with_external_ids(source, external_ids)
            if external_ids
            else ()
        )
        return cls(user_id, source, known)

    def get(self, external_id: str) -> Sale | None:
        return self._sales.get(external_id)

    @property
    def client_ids(self) -> set[uuid.UUID]:
        return {sale.client_id for sale in self._sales.values() if sale.client_id}

    def open(
        self, facts: SaleFacts, client: Client | None, match: Match | None, seen: ChangeSource
    ) -> RecordResult:
        """Record a sale that is not known yet."""
        sale = Sale.new(
            user_id=self._user_id,
            client_id=client.id if client else None,
            client_match=match or "",
            source=self._source,
            external_id=facts.external_id,
            quantity=1 if facts.quantity is None else facts.quantity,
            total_price=facts.total_price,
            unit_price=unit_price(facts.total_price, facts.quantity),
            unknown_status=facts.unknown_status,
            unknown_shipping_status=facts.unknown_shipping_status,
            deleted_at=facts.deleted_at,
            metadata=facts.metadata,
            **{name: getattr(facts, name) for name in _OPTIONAL},
        )
        sale.sale_date = facts.sale_date or seen.observed_at
        sale.observed_at = sale.sale_date if seen.is_undated else seen.observed_at
        self._sales[sale.external_id] = sale
        self._changed[sale.id] = sale
        self.opened += 1
        self._enter(sale, SaleStatusField.STATUS, facts.status, seen, first=True)
        if facts.shipping_status != ShippingStatus.PENDING:
            self._enter(sale, SaleStatusField.SHIPPING, facts.shipping_status, seen, first=True)
        return RecordResult(sale, Outcome.CREATED)

    def update(self, sale: Sale, facts: SaleFacts, seen: ChangeSource) -> RecordResult:
        """Record what is newly known of a sale; what comes late only fills what was empty."""
        late = seen.is_undated or seen.observed_at < sale.observed_at
        recorded = RecordResult(sale, Outcome.UNCHANGED)
        overrides = seen.is_snapshot and not late
        backward = False
        for axis, moves, unknown in _STATUS_FIELDS:
            if getattr(facts, unknown):
                continue
            current, observed = getattr(sale, axis), getattr(facts, axis)
            move = decide(moves, current, observed, late=late)
            if move is Move.FORWARD or (move is Move.BACKWARD and overrides):
                recorded.differences.append(Difference(axis, current, observed))
                self._enter(sale, axis, observed, seen)
            elif move is Move.BACKWARD:
                backward = True
        out_of_turn = late or backward
        recorded.differences += _revise(sale, _fields(sale, facts), only_empty=out_of_turn)
        self._conclude(recorded, seen, out_of_turn=out_of_turn)
        return recorded

    def attach(self, sale: Sale, client: Client, match: Match | None) -> None:
        """Give a client to a sale that has none."""
        sale.client_id, sale.client_match = client.id, match or ""
        self._changed[sale.id] = sale

    def save(self) -> None:
        upsert(self._changed.values(), update=_WRITTEN)
        upsert(self._history)
        if self._changed:
            live_updates.publish_on_commit(self._user_id, self._changed.values())

    def _enter(
        self,
        sale: Sale,
        axis: SaleStatusField,
        status: str,
        seen: ChangeSource,
        *,
        first: bool = False,
    ) -> None:
        self._history.append(
            SaleStatusChange.new(
                sale_id=sale.id,
                field=axis,
                from_status="" if first else getattr(sale, axis),
                to_status=status,
                changed_at=seen.observed_at,
                origin=seen.origin,
                origin_id=seen.origin_id,
            )
        )
        setattr(sale, axis, status)
        reached = _REACHED.get((axis, status))
        if reached and getattr(sale, reached) is None and not seen.is_undated:
            setattr(sale, reached, seen.observed_at)

    def _conclude(self, recorded: RecordResult, seen: ChangeSource, *, out_of_turn: bool) -> None:
        moved = any(
            d.field in (SaleStatusField.STATUS, SaleStatusField.SHIPPING)
            for d in recorded.differences
        )
        if out_of_turn and not moved:
            recorded.outcome = Outcome.STALE
        elif recorded.differences:
            recorded.outcome = Outcome.UPDATED
        if recorded.differences:
            if not seen.is_undated:
                recorded.sale.observed_at = max(recorded.sale.observed_at, seen.observed_at)
            self._changed[recorded.sale.id] = recorded.sale


def _fields(sale: Sale, facts: SaleFacts) -> dict[str, Any]:
    values = {n: v for n in _OPTIONAL if (v := getattr(facts, n)) not in (None, "")}
    quantity = sale.quantity if facts.quantity is None else facts.quantity
    return values | {
        "quantity": quantity,
        "total_price": facts.total_price,
        "unit_price": unit_price(facts.total_price, quantity),
        "unknown_status": facts.unknown_status,
        "unknown_shipping_status": facts.unknown_shipping_status,
        "deleted_at": facts.deleted_at if facts.tells_deletion else sale.deleted_at,
        "metadata": _merge(sale.metadata, facts.metadata),
    }


def _revise(sale: Sale, values: dict[str, Any], *, only_empty: bool) -> list[Difference]:
    differences = []
    for name, after in (_completing(sale, values) if only_empty else values).items():
        before = getattr(sale, name)
        if before != after:
            setattr(sale, name, after)
            differences.append(Difference(name, before, after))
    return differences


def _completing(sale: Sale, values: dict[str, Any]) -> dict[str, Any]:
    """Of these values, those that fill what is empty; the metadata with what it lacks."""
    completing = {
        name: values[name]
        for name in _OPTIONAL
        if name in values and getattr(sale, name) in (None, "")
    }
    return completing | {"metadata": _merge(values["metadata"], sale.metadata)}


def _merge(older: dict[str, Any], newer: dict[str, Any]) -> dict[str, Any]:
    merged = older | newer
    for name in _MERGED:
        if name in older and name in newer:
            merged[name] = older[name] | newer[name]
    return merged
