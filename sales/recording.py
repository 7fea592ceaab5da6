"""Record what sources report about sales, with the history of their statuses.

A report updates the sale, and its statuses as far as the transition tables of `sales.statuses`
allow. A late report, which is older than the newest one applied, only fills empty fields and makes
only the transitions that cannot be reversed.
"""

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
    SHIPPING_TRANSITIONS,
    STATUS_TRANSITIONS,
    SaleStatus,
    SaleStatusField,
    ShippingStatus,
    Transition,
    classify_transition,
)

CENT = Decimal("0.01")

_STATUS, _SHIPPING = SaleStatusField.STATUS, SaleStatusField.SHIPPING
_STATUS_FIELDS = (
    (_STATUS, STATUS_TRANSITIONS, "unknown_status"),
    (_SHIPPING, SHIPPING_TRANSITIONS, "unknown_shipping_status"),
)
_FIRST_REACHED: dict[tuple[str, str], str] = {
    (_STATUS, SaleStatus.PAID): "paid_at",
    (_STATUS, SaleStatus.SHIPPED): "shipped_at",
    (_STATUS, SaleStatus.DELIVERED): "delivered_at",
    (_STATUS, SaleStatus.CANCELLED): "cancelled_at",
    (_SHIPPING, ShippingStatus.SHIPPED): "shipped_at",
    (_SHIPPING, ShippingStatus.DELIVERED): "delivered_at",
}
"""The fields set when a sale first reaches a status."""
_OPTIONAL_FIELDS = (
    "product_name",
    "product_sku",
    "payment_method",
    "tracking_code",
    "commission",
    "sale_date",
)
"""A report without one of these leaves the stored value unchanged."""
_NESTED_METADATA = ("utms", "extra")
_UPDATED_FIELDS = (
    *_OPTIONAL_FIELDS,
    *("client", "client_match", "quantity", "unit_price", "total_price"),
    *("status", "shipping_status", "unknown_status", "unknown_shipping_status"),
    *("paid_at", "shipped_at", "delivered_at", "cancelled_at", "deleted_at"),
    *("metadata", "observed_at", "updated_at"),
)


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


@dataclass(frozen=True, slots=True)
class FieldChange:
    field: str
    before: Any
    after: Any


@dataclass(slots=True)
class RecordResult:
    sale: Sale
    outcome: Outcome
    changes: list[FieldChange] = field(default_factory=list)


def unit_price(total: Decimal, quantity: int | None) -> Decimal:
    """Return the unit price in BRL, rounded half-up to the cent; without quantity, the total."""
    return (total / quantity).quantize(CENT, ROUND_HALF_UP) if quantity else total


def facts_from_sale(sale: Sale, **changes: Any) -> SaleFacts:
    """Return the stored sale as its source would report it, with `changes` applied."""
    names = (field.name for field in fields(SaleFacts) if hasattr(sale, field.name))
    return SaleFacts(**{name: getattr(sale, name) for name in names} | changes)


class SaleBatch:
    """The sales of a batch: read with one statement, changed in memory, written with one statement.

    The caller locks the user from `load` to `save`.
    """

    def __init__(self, user_id: uuid.UUID, platform: str, sales: Iterable[Sale]) -> None:
        self._user_id = user_id
        self._platform = platform
        self._sales = {sale.external_id: sale for sale in sales}
        self._changed: dict[uuid.UUID, Sale] = {}
        self._history: list[SaleStatusChange] = []
        self.created_count = 0

    @classmethod
    def load(cls, user_id: uuid.UUID, platform: str, external_ids: Collection[str]) -> Self:
        if not external_ids:
            return cls(user_id, platform, ())
        sales = Sale.objects.owned_by(user_id).with_external_ids(platform, external_ids)
        return cls(user_id, platform, sales)

    @property
    def client_ids(self) -> set[uuid.UUID]:
        return {sale.client_id for sale in self._sales.values() if sale.client_id}

    def get(self, external_id: str) -> Sale | None:
        return self._sales.get(external_id)

    def create(
        self, facts: SaleFacts, client: Client | None, match: Match | None, source: ChangeSource
    ) -> RecordResult:
        sale = Sale.new(
            user_id=self._user_id,
            client_id=client.id if client else None,
            client_match=match or "",
            source=self._platform,
            external_id=facts.external_id,
            quantity=1 if facts.quantity is None else facts.quantity,
            total_price=facts.total_price,
            unit_price=unit_price(facts.total_price, facts.quantity),
            unknown_status=facts.unknown_status,
            unknown_shipping_status=facts.unknown_shipping_status,
            deleted_at=facts.deleted_at,
            metadata=facts.metadata,
            **{name: getattr(facts, name) for name in _OPTIONAL_FIELDS},
        )
        sale.sale_date = facts.sale_date or source.observed_at
        sale.observed_at = sale.sale_date if source.is_undated else source.observed_at
        self._sales[sale.external_id] = sale
        self._changed[sale.id] = sale
        self.created_count += 1
        self._change_status(sale, FieldChange(_STATUS, "", facts.status), source)
        if facts.shipping_status != ShippingStatus.PENDING:
            self._change_status(sale, FieldChange(_SHIPPING, "", facts.shipping_status), source)
        return RecordResult(sale, Outcome.CREATED)

    def update(self, sale: Sale, facts: SaleFacts, source: ChangeSource) -> RecordResult:
        """Apply a report to a known sale.

        A report that is late, or whose status is refused, only fills empty fields.
        """
        is_late = source.is_undated or source.observed_at < sale.observed_at
        status_changes, is_refused = _status_changes(sale, facts, source, is_late=is_late)
        for change in status_changes:
            self._change_status(sale, change, source)
        only_empty = is_late or is_refused
        changes = status_changes + _set_fields(sale, facts, only_empty=only_empty)
        if changes:
            self._changed[sale.id] = sale
            if not source.is_undated:
                sale.observed_at = max(sale.observed_at, source.observed_at)
        if only_empty and not status_changes:
            return RecordResult(sale, Outcome.STALE, changes)
        return RecordResult(sale, Outcome.UPDATED if changes else Outcome.UNCHANGED, changes)

    def set_client(self, sale: Sale, client: Client, match: Match | None) -> None:
        sale.client_id, sale.client_match = client.id, match or ""
        self._changed[sale.id] = sale

    def save(self) -> None:
        upsert(self._changed.values(), update=_UPDATED_FIELDS)
        upsert(self._history)
        if self._changed:
            live_updates.publish_on_commit(self._user_id, self._changed.values())

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
        reached = _FIRST_REACHED.get((change.field, change.after))
        if reached and getattr(sale, reached) is None and not source.is_undated:
            setattr(sale, reached, source.observed_at)


def _status_changes(
    sale: Sale, facts: SaleFacts, source: ChangeSource, *, is_late: bool
) -> tuple[list[FieldChange], bool]:
    """Return the status changes to apply, and whether any was refused."""
    overrides = source.is_snapshot and not is_late
    changes, is_refused = [], False
    for name, table, unknown_name in _STATUS_FIELDS:
        if getattr(facts, unknown_name):
            continue
        current, reported = getattr(sale, name), getattr(facts, name)
        transition = classify_transition(table, current, reported, is_late=is_late)
        if transition is Transition.FORWARD or (transition is Transition.BACKWARD and overrides):
            changes.append(FieldChange(name, current, reported))
        elif transition is Transition.BACKWARD:
            is_refused = True
    return changes, is_refused


def _set_fields(sale: Sale, facts: SaleFacts, *, only_empty: bool) -> list[FieldChange]:
    """Set the fields other than statuses; return those that changed."""
    values = _values_for_empty_fields(sale, facts) if only_empty else _reported_values(sale, facts)
    changes = []
    for name, after in values.items():
        before = getattr(sale, name)
        if before != after:
            setattr(sale, name, after)
            changes.append(FieldChange(name, before, after))
    return changes


def _reported_values(sale: Sale, facts: SaleFacts) -> dict[str, Any]:
    quantity = sale.quantity if facts.quantity is None else facts.quantity
    return _optional_values(facts) | {
        "quantity": quantity,
        "total_price": facts.total_price,
        "unit_price": unit_price(facts.total_price, quantity),
        "unknown_status": facts.unknown_status,
        "unknown_shipping_status": facts.unknown_shipping_status,
        "deleted_at": facts.deleted_at if facts.reports_deletion else sale.deleted_at,
        "metadata": _merge_metadata(sale.metadata, facts.metadata),
    }


def _values_for_empty_fields(sale: Sale, facts: SaleFacts) -> dict[str, Any]:
    values = _optional_values(facts)
    empty = {name: value for name, value in values.items() if getattr(sale, name) in (None, "")}
    return empty | {"metadata": _merge_metadata(facts.metadata, sale.metadata)}


def _optional_values(facts: SaleFacts) -> dict[str, Any]:
    return {n: value for n in _OPTIONAL_FIELDS if (value := getattr(facts, n)) not in (None, "")}


def _merge_metadata(base: dict[str, Any], overrides: dict[str, Any]) -> dict[str, Any]:
    merged = base | overrides
    for name in _NESTED_METADATA:
        if name in base and name in overrides:
            merged[name] = base[name] | overrides[name]
    return merged
