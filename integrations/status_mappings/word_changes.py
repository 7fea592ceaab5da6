"""Which of the stored status changes of sales were made because of one status word."""

import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import Self

from flowzz.core.db.jobs import JobState
from flowzz.core.ids import uuid7_time
from integrations.models import BulkAction, Integration, StatusMapping
from integrations.providers.contracts import StatusField
from integrations.status_mappings.status_history import ReportedStatus, reported_statuses
from integrations.status_mappings.usages import SALE_COLUMNS
from sales.models import Origin, Sale, SaleStatusChange
from sales.sale_changes import STATUS_COLUMNS
from sales.statuses import FIRST_REACHED, SaleStatus


@dataclass(frozen=True, slots=True)
class WordChanges:
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
        status_column, _ = SALE_COLUMNS[StatusField(mapping.field)]
        ids = {order_id: sale.external_id for sale in sales for order_id in sale.order_ids}
        return cls(
            status_column,
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

    def restores_open_refund(self, sale: Sale) -> bool:
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


def _status_changes(sales: Collection[Sale]) -> dict[uuid.UUID, list[SaleStatusChange]]:
    """Return the changes of both statuses by sale, newest first."""
    history: dict[uuid.UUID, list[SaleStatusChange]] = defaultdict(list)
    rows = SaleStatusChange.objects.filter(sale__in=sales, field__in=list(STATUS_COLUMNS))
    for change in rows.order_by("-id"):
        history[change.sale_id].append(change)
    return history
