"""The changes that a report makes to one sale. Nothing here writes to the database."""

from dataclasses import dataclass, field, fields
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sales.facts import SaleFacts
from sales.models import Sale
from sales.statuses import (
    SHIPPING_TRANSITIONS,
    STATUS_TRANSITIONS,
    SaleStatusField,
    Transition,
    classify_transition,
)

CENT = Decimal("0.01")
OPTIONAL_FIELDS = (
    *("order_hash", "product_name", "product_sku", "payment_method", "payment_code"),
    *("tracking_code", "commission", "sale_date"),
)
"""A report without one of these leaves the stored value unchanged."""
STATUS_FIELDS = (
    (SaleStatusField.STATUS, STATUS_TRANSITIONS, "unknown_status"),
    (SaleStatusField.SHIPPING, SHIPPING_TRANSITIONS, "unknown_shipping_status"),
)
NESTED_METADATA = ("utms", "extra")


@dataclass(frozen=True, slots=True)
class FieldChange:
    field: str
    before: Any
    after: Any


@dataclass(slots=True)
class StatusMoves:
    """The status changes of a report that are allowed, and whether others were refused."""

    allowed: list[FieldChange] = field(default_factory=list)
    has_refused: bool = False


def unit_price(total: Decimal, quantity: int | None) -> Decimal:
    """Return the unit price in BRL, rounded half-up to the cent; without quantity, the total."""
    return (total / quantity).quantize(CENT, ROUND_HALF_UP) if quantity else total


def facts_from_sale(sale: Sale, **changes: Any) -> SaleFacts:
    """Return the stored sale as its source would report it, with `changes` applied."""
    names = (field.name for field in fields(SaleFacts) if hasattr(sale, field.name))
    return SaleFacts(**{name: getattr(sale, name) for name in names} | changes)


def classify_statuses(
    sale: Sale, facts: SaleFacts, *, is_late: bool, is_override: bool
) -> StatusMoves:
    """Sort the reported statuses into allowed and refused ones; an override allows all."""
    moves = StatusMoves()
    for name, table, unknown_name in STATUS_FIELDS:
        current, reported = getattr(sale, name), getattr(facts, name)
        if reported is None or getattr(facts, unknown_name):
            continue
        transition = classify_transition(table, current, reported, is_late=is_late)
        if transition is Transition.NONE:
            continue
        if transition is Transition.FORWARD or is_override:
            moves.allowed.append(FieldChange(name, current, reported))
        else:
            moves.has_refused = True
    return moves


def set_fields(sale: Sale, facts: SaleFacts, *, only_empty: bool) -> list[FieldChange]:
    """Set the fields other than statuses; return those that changed."""
    values = _values_for_empty_fields(sale, facts) if only_empty else _reported_values(sale, facts)
    changes = []
    for name, after in values.items():
        before = getattr(sale, name)
        if before != after:
            setattr(sale, name, after)
            changes.append(FieldChange(name, before, after))
    return changes


def set_warnings(sale: Sale, facts: SaleFacts) -> bool:
    """Replace the warnings about reported fields; return whether any changed.

    A readable value also ends the storage of the earlier, unreadable one.
    """
    if not (sale.value_warnings or facts.warnings):
        return False
    reported = {warning.field for warning in facts.warnings}
    warnings = [warning.cause for warning in facts.warnings]
    for cause in sale.value_warnings:
        name = cause.partition(":")[2]
        if name in facts.readable_fields:
            sale.metadata = _without_unreadable(sale.metadata, name)
        elif name not in reported:
            warnings.append(cause)
    has_changed = sorted(sale.value_warnings) != sorted(warnings)
    sale.value_warnings = warnings
    return has_changed


def _without_unreadable(metadata: dict[str, Any], name: str) -> dict[str, Any]:
    """Remove a field's unreadable value from the metadata; `name` is `order.order_quantity`."""
    section, _, key = name.partition(".")
    extra = dict(metadata.get("extra", {}))
    fields = extra.pop(section, None)
    if isinstance(fields, dict) and (rest := {k: v for k, v in fields.items() if k != key}):
        extra[section] = rest
    rest = {key: value for key, value in metadata.items() if key != "extra"}
    return rest | {"extra": extra} if extra else rest


def _reported_values(sale: Sale, facts: SaleFacts) -> dict[str, Any]:
    quantity = sale.quantity if facts.quantity is None else facts.quantity
    price = sale.total_price if facts.total_price is None else facts.total_price
    unknown_words = {
        unknown_name: getattr(facts, unknown_name)
        for name, _, unknown_name in STATUS_FIELDS
        if getattr(facts, name) is not None or getattr(facts, unknown_name)
    }
    return (
        _optional_values(facts)
        | unknown_words
        | {
            "quantity": quantity,
            "total_price": price,
            "unit_price": unit_price(price, quantity),
            "deleted_at": facts.deleted_at if facts.reports_deletion else sale.deleted_at,
            "metadata": merge_metadata(sale.metadata, facts.metadata),
        }
    )


def _values_for_empty_fields(sale: Sale, facts: SaleFacts) -> dict[str, Any]:
    values = _optional_values(facts)
    empty = {name: value for name, value in values.items() if getattr(sale, name) in (None, "")}
    return empty | {"metadata": merge_metadata(facts.metadata, sale.metadata)}


def _optional_values(facts: SaleFacts) -> dict[str, Any]:
    return {n: value for n in OPTIONAL_FIELDS if (value := getattr(facts, n)) not in (None, "")}


def merge_metadata(base: dict[str, Any], overrides: dict[str, Any]) -> dict[str, Any]:
    merged = base | overrides
    for name in NESTED_METADATA:
        if name in base and name in overrides:
            merged[name] = _merge_sections(base[name], overrides[name])
    return merged


def _merge_sections(base: dict[str, Any], overrides: dict[str, Any]) -> dict[str, Any]:
    """Merge unknown fields, which `extra` has by section."""
    both = {
        name: base[name] | section
        for name, section in overrides.items()
        if isinstance(section, dict) and isinstance(base.get(name), dict)
    }
    return base | overrides | both
