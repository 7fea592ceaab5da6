"""Apply a mapping to the sales with its word, or restore their status before the word."""

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from integrations.models import BulkAction, Integration, StatusMapping
from integrations.models.events import NEWEST_FIRST
from integrations.providers.contracts import StatusField
from integrations.providers.registry import get_provider
from integrations.status_mappings.status_history import applied_events, mapping_source, parse_orders
from integrations.status_mappings.usages import SALE_COLUMNS
from integrations.status_mappings.word_changes import WordChanges
from sales.facts import SaleFacts
from sales.models import ChangeSource, Sale
from sales.recording import Outcome, SaleBatch
from sales.sale_changes import STATUS_COLUMNS, StatusColumns
from sales.statuses import SaleStatusField

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
    words = WordChanges.load(mapping, integration, sales, set(statuses) - {mapping.status})
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
    words = WordChanges.load(mapping, integration, sales, statuses)
    outcomes: Counter[str] = Counter()
    for sale in sales:
        source = mapping_source(action, sale.observed_at)
        if changes := words.of(sale):
            previous = changes[-1].from_status or FIRST_STATUS
            _update(batch, sale, columns, {columns.status: previous}, source)
            words.clear_first_times(sale)
        outcomes[_update(batch, sale, columns, {columns.unknown: mapping.word}, source)] += 1
        sale.is_refund_open |= words.restores_open_refund(sale)
    batch.save()
    return outcomes


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

    So does a refused status in its column, unless it is what the word means now: the provider
    reported it after the word.
    """
    refused = getattr(sale, columns.refused)
    ids = {"external_id": sale.external_id, "order_hash": sale.order_hash}
    reported: Any = {**ids, **values, columns.word: getattr(sale, columns.word)}
    outcome = batch.update(sale, SaleFacts(reports_deletion=False, **reported), source).outcome
    is_refused = refused != columns.reported_status(sale)
    setattr(sale, columns.refused, refused if is_refused else "")
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
