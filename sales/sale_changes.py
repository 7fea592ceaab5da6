"""The changes that a report makes to one sale. Nothing here writes to the database."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sales.facts import SaleFacts
from sales.metadata import limit_metadata, merge_metadata, without_fields, without_unreadable
from sales.models import ChangeSource, Sale
from sales.money import EARNINGS_FIELDS, unit_price
from sales.statuses import (
    FIRST_REACHED,
    OPEN_REFUND,
    SHIPPING_TRANSITIONS,
    STATUS_TRANSITIONS,
    SaleStatus,
    SaleStatusField,
    Transition,
    TransitionTable,
    classify_transition,
)

OPTIONAL_FIELDS: Final = (
    *("order_hash", "product_name", "product_sku", "payment_method", "payment_code"),
    *("tracking_code", "commission", "sale_date"),
)
"""A report without one of these leaves the stored value unchanged."""
ORDER_ID_FIELDS: Final = ("external_id", "order_hash")


class StatusColumns:
    """A status of a sale: its transitions, and the names of its columns."""

    def __init__(self, status: SaleStatusField, transitions: TransitionTable) -> None:
        self.status: Final = str(status)
        self.transitions: Final = transitions
        self.first_times: Final = {s: t for (name, s), t in FIRST_REACHED.items() if name == status}
        self.unknown: Final = f"unknown_{status}"
        self.word: Final = f"{status}_word"
        self.refused: Final = f"refused_{status}"
        self.overridden: Final = f"overridden_{status}"
        self.names: Final = (self.status, self.unknown, self.word, self.refused, self.overridden)

    def reported_status(self, sale: Sale) -> str:
        """Return the status as last reported; a status set by hand may replace it."""
        status: str = getattr(sale, self.overridden) or getattr(sale, self.status)
        return status

    def is_held(self, sale: Sale, facts: SaleFacts, *, is_late: bool) -> bool:
        """Return whether a status set by hand stays: the source still reports the same word."""
        if not getattr(sale, self.overridden):
            return False
        if word := getattr(facts, self.word):
            return is_late or word == getattr(sale, self.word)
        return is_late or getattr(facts, self.status) == getattr(sale, self.overridden)


STATUS_COLUMNS: Final = {
    SaleStatusField.STATUS: StatusColumns(SaleStatusField.STATUS, STATUS_TRANSITIONS),
    SaleStatusField.SHIPPING: StatusColumns(SaleStatusField.SHIPPING, SHIPPING_TRANSITIONS),
}
EXPLANATORY_FIELDS: Final = {"is_refund_open"}.union(
    *((c.word, c.refused, c.overridden) for c in STATUS_COLUMNS.values())
)
"""Columns that only explain a status; a change of them alone is no change of the sale."""
UPDATED_FIELDS: Final = (
    *(*OPTIONAL_FIELDS, *EARNINGS_FIELDS, *EXPLANATORY_FIELDS, "external_id", "is_associated"),
    *("client", "client_match", "quantity", "unit_price", "total_price"),
    *("status", "shipping_status", "unknown_status", "unknown_shipping_status"),
    *("paid_at", "shipped_at", "delivered_at", "cancelled_at", "deleted_at"),
    *("metadata", "value_warnings", "report_fingerprint", "observed_at", "updated_at"),
)
"""The columns that a report may change."""


@dataclass(slots=True)
class FieldChange:
    field: str
    before: Any
    after: Any


@dataclass(slots=True)
class StatusMoves:
    """What a report changes in a sale's statuses."""

    allowed: list[FieldChange] = field(default_factory=list)
    has_refused: bool = False
    columns: dict[str, Any] = field(default_factory=dict)
    """The values of the columns beside the statuses."""
    kept_words: list[str] = field(default_factory=list)
    """The fields of `metadata` whose reported word does not replace the stored one."""
    late_words: list[str] = field(default_factory=list)
    """The fields of `metadata` whose reported word replaces the stored one though it is older."""


def classify_statuses(
    sale: Sale, facts: SaleFacts, *, is_late: bool, is_override: bool
) -> StatusMoves:
    """Sort the reported statuses into allowed and refused ones; an override allows all.

    A missing status changes nothing. Nor does one that a status set by hand holds off, but what is
    beneath follows another meaning of the word.
    """
    moves = StatusMoves()
    for columns in STATUS_COLUMNS.values():
        is_unknown = bool(getattr(facts, columns.unknown))
        is_missing = not is_unknown and getattr(facts, columns.status) is None
        is_held = columns.is_held(sale, facts, is_late=is_late)
        reported = getattr(facts, columns.status)
        if is_held and not is_unknown and not is_late and reported != columns.reported_status(sale):
            moves.columns[columns.overridden] = reported  # the held word means something else now
        if is_missing or is_held or (is_unknown and is_late):
            _keep_stored_word(columns, facts, moves)
        elif is_unknown:
            _adopt_reported_word(columns, sale, facts, moves, is_late=False)
        else:
            _classify(columns, sale, facts, moves, is_late=is_late, is_override=is_override)
    return moves


def _classify(
    columns: StatusColumns,
    sale: Sale,
    facts: SaleFacts,
    moves: StatusMoves,
    *,
    is_late: bool,
    is_override: bool,
) -> None:
    reported = getattr(facts, columns.status)
    transition = classify_transition(
        columns.transitions,
        _as_in_table(columns.reported_status(sale), is_refund_open=sale.is_refund_open),
        _as_in_table(reported, is_refund_open=facts.is_refund_open),
        is_late=is_late,
    )
    if transition is Transition.BACKWARD and not is_override:
        _keep_stored_word(columns, facts, moves)
        if not is_late:
            moves.has_refused = True
            moves.columns[columns.refused] = reported
        return
    if transition is Transition.NONE and is_late and getattr(sale, columns.word):
        _keep_stored_word(columns, facts, moves)
        return
    if is_late and getattr(sale, columns.unknown):
        _keep_stored_word(columns, facts, moves)
    else:
        _adopt_reported_word(columns, sale, facts, moves, is_late=is_late)
    if columns.status == SaleStatusField.STATUS:
        moves.columns["is_refund_open"] = facts.is_refund_open and reported == SaleStatus.REFUNDED
    if reported != (before := getattr(sale, columns.status)):
        moves.allowed.append(FieldChange(columns.status, before, reported))


def _as_in_table(status: str, *, is_refund_open: bool) -> str:
    """Return the status by the name that the transition table has for it."""
    return OPEN_REFUND if is_refund_open and status == SaleStatus.REFUNDED else status


def _keep_stored_word(columns: StatusColumns, facts: SaleFacts, moves: StatusMoves) -> None:
    """Leave the stored word: it explains the sale's status, and the reported one does not."""
    moves.kept_words.append(facts.word_fields.get(columns.status, ""))


def _adopt_reported_word(
    columns: StatusColumns, sale: Sale, facts: SaleFacts, moves: StatusMoves, *, is_late: bool
) -> None:
    """Let the reported word replace the stored one.

    A late one does so only if the stored one, which is newer, would have been refused after it.
    """
    word, stored_word = getattr(facts, columns.word), getattr(sale, columns.word)
    if word and word == stored_word:
        _keep_stored_word(columns, facts, moves)  # sent in another way, as in another language
    elif is_late:
        moves.late_words.append(facts.word_fields.get(columns.status, ""))
    refused = getattr(sale, columns.refused) or columns.reported_status(sale)
    moves.columns |= {
        columns.unknown: getattr(facts, columns.unknown),
        columns.word: word or stored_word,
        columns.refused: refused if is_late and stored_word else "",
        columns.overridden: "",
    }


def set_fields(
    sale: Sale, facts: SaleFacts, moves: StatusMoves, *, only_empty: bool
) -> list[FieldChange]:
    """Set the fields other than the two statuses; return those that changed."""
    reported = without_fields(facts.metadata, moves.kept_words)
    if only_empty:
        values = _values_for_empty_fields(sale, facts)
        late_words = {name: reported[name] for name in moves.late_words if name in reported}
        metadata = merge_metadata(reported, sale.metadata) | late_words
    else:
        values = _reported_values(sale, facts)
        metadata = merge_metadata(sale.metadata, reported)
    return set_values(sale, values | moves.columns | {"metadata": metadata})


def fill_first_times(sale: Sale, facts: SaleFacts, source: ChangeSource) -> list[FieldChange]:
    """Set when a late report's status was reached, if that is empty and was possible then."""
    time, times = source.observed_at, {}
    dated = STATUS_COLUMNS if source.is_late(sale) and not source.is_undated else {}
    for columns in dated.values():
        reported = str(getattr(facts, columns.status))
        name = columns.first_times.get(reported, "")
        earlier = [s for s, at in columns.first_times.items() if (getattr(sale, at) or time) < time]
        was_possible = all(reported in columns.transitions[status] for status in earlier)
        if name and getattr(sale, name) is None and was_possible:
            times[name] = time
    return set_values(sale, times)


def set_values(sale: Sale, values: Mapping[str, Any]) -> list[FieldChange]:
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
            sale.metadata = without_unreadable(sale.metadata, name)
        elif name not in reported:
            warnings.append(cause)
    has_changed = sorted(sale.value_warnings) != sorted(warnings)
    sale.value_warnings = warnings
    return has_changed


def new_sale(facts: SaleFacts, **values: Any) -> Sale:
    """Return a sale with the reported values, but without statuses and times of the report."""
    assert facts.total_price is not None
    return Sale.new(
        external_id=facts.external_id,
        quantity=1 if facts.quantity is None else facts.quantity,
        total_price=facts.total_price,
        unit_price=unit_price(facts.total_price, facts.quantity),
        unknown_status=facts.unknown_status,
        unknown_shipping_status=facts.unknown_shipping_status,
        status_word=facts.status_word,
        shipping_status_word=facts.shipping_status_word,
        is_refund_open=facts.is_refund_open,
        deleted_at=facts.deleted_at,
        metadata=_first_metadata(facts),
        value_warnings=[warning.cause for warning in facts.warnings],
        **{name: getattr(facts, name) for name in OPTIONAL_FIELDS},
        **values,
    )


def _first_metadata(facts: SaleFacts) -> dict[str, Any]:
    """Return the metadata of a new sale: without what was sent in place of a status word."""
    words = facts.word_fields.items()
    missing = [name for status, name in words if not getattr(facts, f"{status}_word")]
    return limit_metadata(without_fields(facts.metadata, missing))


def _reported_values(sale: Sale, facts: SaleFacts) -> dict[str, Any]:
    quantity = sale.quantity if facts.quantity is None else facts.quantity
    is_left = not facts.total_price and facts.status == SaleStatus.REFUNDED  # it is no price
    price = sale.total_price if is_left or facts.total_price is None else facts.total_price
    return _optional_values(facts) | {
        "quantity": quantity,
        "total_price": price,
        "unit_price": unit_price(price, quantity),
        "deleted_at": facts.deleted_at if facts.reports_deletion else sale.deleted_at,
    }


def _values_for_empty_fields(sale: Sale, facts: SaleFacts) -> dict[str, Any]:
    empty = {name for name in OPTIONAL_FIELDS if getattr(sale, name) in (None, "")}
    if facts.sale_date and sale.sale_date.microsecond:  # `ChangeSource.assumed_sale_date`
        empty.add("sale_date")
    return {name: value for name, value in _optional_values(facts).items() if name in empty}


def _optional_values(facts: SaleFacts) -> dict[str, Any]:
    return {n: value for n in OPTIONAL_FIELDS if (value := getattr(facts, n)) not in (None, "")}
