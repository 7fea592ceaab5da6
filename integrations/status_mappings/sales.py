"""Apply a mapping to the sales with its word, or restore their status before the word."""

import uuid
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import Any, Self

from flowzz.core.db.jobs import JobState
from flowzz.core.ids import uuid7_time
from integrations.models import BulkAction, Integration, StatusMapping
from integrations.models.events import NEWEST_FIRST
from integrations.providers.contracts import StatusField
from integrations.providers.registry import get_provider
from integrations.status_mappings.status_history import (
    ReportedStatus,
    applied_events,
    mapping_source,
    parse_orders,
    reported_statuses,
)
from integrations.status_mappings.usages import SALE_COLUMNS
from sales.facts import SaleFacts
from sales.models import ChangeSource, Origin, Sale, SaleStatusChange
from sales.recording import Outcome, SaleBatch
from sales.sale_changes import STATUS_COLUMNS, StatusColumns
from sales.statuses import FIRST_REACHED, SaleStatus, SaleStatusField

FIRST_STATUS = "PENDING"
"""The status of a sale, and of its shipping, before any is known."""


def apply(
    action: BulkAction,
    mapping: StatusMapping,
    integration: Integration,
    external_ids: Collection[str],
    statuses: Collection[str],
) -> "Counter[str]":
    """Give the mapping's status to the sales whose last reported word is the mapping's.

    The times of the other `statuses` that the word was mapped to are cleared.
    """
    columns = _columns(mapping)
    batch = SaleBatch.load(integration.user_id, mapping.provider, external_ids)
    reported = _reported_at(mapping, integration, external_ids)
    sales = _with_word(mapping, batch, external_ids)
    words = _WordChanges.load(mapping, integration, sales, set(statuses) - {mapping.status})
    outcomes: Counter[str] = Counter()
    for sale in sales:
        times = filter(None, map(reported.get, sale.order_ids))
        source = mapping_source(action, max(next(times, sale.observed_at), sale.observed_at))
        outcome = _update(batch, sale, columns, {columns.status: mapping.status}, source)
        if outcome == Outcome.UPDATED:
            words.clear_first_times(sale)
        outcomes[outcome] += 1
    batch.save()
    return outcomes


def revert(
    action: BulkAction,
    mapping: StatusMapping,
    integration: Integration,
    external_ids: Collection[str],
    statuses: Collection[str],
) -> "Counter[str]":
    """Undo every one of `statuses`, to which the word was mapped; its sales wait for another."""
    columns = _columns(mapping)
    batch = SaleBatch.load(integration.user_id, mapping.provider, external_ids)
    sales = [
        sale
        for sale in _with_word(mapping, batch, external_ids)
        if not getattr(sale, columns.unknown)
    ]
    words = _WordChanges.load(mapping, integration, sales, statuses)
    outcomes: Counter[str] = Counter()
    for sale in sales:
        source = mapping_source(action, sale.observed_at)
        if changes := words.of(sale):
            previous = changes[-1].from_status or FIRST_STATUS
            _update(batch, sale, columns, {columns.status: previous}, source)
            words.clear_first_times(sale)
        outcomes[_update(batch, sale, columns, {columns.unknown: mapping.word}, source)] += 1
        sale.is_refund_open |= words.follow_open_refund(sale)
    batch.save()
    return outcomes


@dataclass(frozen=True, slots=True)
class _WordChanges:
    """The stored changes of sales, and which of them were made because of a word."""

    column: str
    statuses: Collection[str]
    """What the word was mapped to."""
    mapped_since: datetime | None
    """When the word got the first of these statuses, if that is known."""
    history: Mapping[uuid.UUID, Sequence[SaleStatusChange]]
    """The changes of both statuses by sale, newest first."""
    reported: Mapping[str, ReportedStatus]

    @classmethod
    def load(
        cls,
        mapping: StatusMapping,
        integration: Integration,
        sales: Collection[Sale],
        statuses: Collection[str],
    ) -> Self:
        """Read the changes of sales, none if there are no `statuses`."""
        if not statuses:
            return cls("", (), None, {}, {})
        ids = {order_id: sale.external_id for sale in sales for order_id in sale.order_ids}
        return cls(
            _columns(mapping).status,
            {*statuses, mapping.status},
            _mapped_since(mapping),
            _status_changes(sales),
            reported_statuses(mapping, integration, ids),
        )

    def of(self, sale: Sale) -> list[SaleStatusChange]:
        """Return the sale's latest changes to the word's statuses, newest first.

        If no event says when the word was first reported, every latest change to one of the
        statuses counts as the word's, but for those from before it had a status, and those by an
        event with another word.
        """
        reported = self._reported(sale)

        def is_by_word(change: SaleStatusChange) -> bool:
            is_before = reported.since and change.changed_at < reported.since
            is_unmapped = self.mapped_since and uuid7_time(change.id) < self.mapped_since
            is_of_another = is_before or is_unmapped or change.origin_id in reported.other_events
            return change.to_status in self.statuses and not is_of_another

        changes = [c for c in self.history.get(sale.id, ()) if c.field == self.column]
        by_sources = (c for c in changes if c.origin != Origin.PERSON)
        return list(takewhile(is_by_word, by_sources))

    def clear_first_times(self, sale: Sale) -> None:
        """Clear the times of statuses that the sale reached by the word's changes alone."""
        undone, since = self.of(sale), self._reported(sale).since
        kept = [change for change in self.history.get(sale.id, ()) if change not in undone]
        reached = {(change.field, change.to_status) for change in kept}
        reached |= {(name, getattr(sale, name)) for name in STATUS_COLUMNS}
        names = {FIRST_REACHED.get((change.field, change.to_status)) for change in undone}
        for name in filter(None, names - set(map(FIRST_REACHED.get, reached))):
            time = getattr(sale, name)
            if time and not (since and time < since):
                setattr(sale, name, None)

    def follow_open_refund(self, sale: Sale) -> bool:
        """Return whether the sale's restored status is a refund that may still be reversed."""
        is_restored = sale.status == self._reported(sale).previous_status == SaleStatus.REFUNDED
        return is_restored and self._reported(sale).is_refund_open and not sale.overridden_status

    def _reported(self, sale: Sale) -> ReportedStatus:
        return self.reported.get(sale.external_id) or ReportedStatus()


def _mapped_since(mapping: StatusMapping) -> datetime | None:
    """Return when the word got a status; a removal that ended early left it to some sales."""
    since, last_state = None, str(JobState.SUCCEEDED)
    actions = BulkAction.objects.filter(mapping=mapping).order_by("id")
    rows = actions.values_list("created_at", "previous_status", "state")
    for created_at, previous_status, state in rows:
        if not previous_status and last_state == JobState.SUCCEEDED:
            since = created_at
        last_state = state
    return since


def _columns(mapping: StatusMapping) -> StatusColumns:
    status_column, _ = SALE_COLUMNS[StatusField(mapping.field)]
    return STATUS_COLUMNS[SaleStatusField(status_column)]


def _update(
    batch: SaleBatch,
    sale: Sale,
    columns: StatusColumns,
    values: Mapping[str, str],
    source: ChangeSource,
) -> Outcome:
    """Report `values` with the word as it was: a status set by hand stays.

    So does a refused status in its column, unless the sale has it now: the provider reported it
    after the word.
    """
    refused = getattr(sale, columns.refused)
    ids = {"external_id": sale.external_id, "order_hash": sale.order_hash}
    reported: Any = {**ids, **values, columns.word: getattr(sale, columns.word)}
    outcome = batch.update(sale, SaleFacts(reports_deletion=False, **reported), source).outcome
    if refused != getattr(sale, columns.status):
        setattr(sale, columns.refused, refused)
    return outcome


def _with_word(
    mapping: StatusMapping, batch: SaleBatch, external_ids: Collection[str]
) -> list[Sale]:
    """Return the sales whose last reported word is the mapping's."""
    provider, field = get_provider(mapping.provider), StatusField(mapping.field)
    word = provider.normalize_word(mapping.word)
    sales = dict.fromkeys(filter(None, map(batch.get, external_ids)))
    return [
        sale
        for sale in sales
        if provider.normalize_word(provider.status_word(sale.metadata, field)) == word
    ]


def _status_changes(sales: Collection[Sale]) -> dict[uuid.UUID, list[SaleStatusChange]]:
    """Return the changes of both statuses by sale, newest first."""
    history: dict[uuid.UUID, list[SaleStatusChange]] = defaultdict(list)
    rows = SaleStatusChange.objects.filter(sale__in=sales, field__in=list(STATUS_COLUMNS))
    for change in rows.order_by("-id"):
        history[change.sale_id].append(change)
    return history


def _reported_at(
    mapping: StatusMapping, integration: Integration, external_ids: Collection[str]
) -> dict[str, datetime]:
    """Return when each order's newest applied event with a body arrived, if it has the word."""
    events = applied_events(integration, external_ids)
    newest = events.order_by("external_id", *NEWEST_FIRST).distinct("external_id")
    return {
        event.external_id: event.received_at
        for event, order in parse_orders(integration, newest)
        if mapping.id in order.used_mappings
    }
