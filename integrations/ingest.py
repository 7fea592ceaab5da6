"""A batch of orders becomes clients, sales, history and subscriptions, all or nothing.

The number of SQL statements does not grow with the batch. The only caller of
`clients.identity` and `sales.recording`.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar
from uuid import UUID

from django.db import DataError, InterfaceError, OperationalError, transaction
from django.db.models import F
from psycopg.errors import ProgramLimitExceeded

from clients.identity import ClientBatch, build_client
from clients.models import Client
from integrations.models import Integration, StatusMapping, StatusMappingUsage
from integrations.providers.contracts import Order, StatusField
from integrations.providers.registry import get_provider
from sales.models import Sale
from sales.privacy import remove_buyer_data
from sales.recording import ChangeSource, FieldChange, Outcome, RecordResult, SaleBatch
from sales.subscriptions import SubscriptionBatch

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SourcedOrder:
    """An order, and who saw it when."""

    order: Order
    seen: ChangeSource


@dataclass(frozen=True, slots=True)
class IngestResult:
    outcome: Outcome
    sale: Sale | None = None
    changes: list[FieldChange] = field(default_factory=list)


def ingest(integration: Integration, batch: Sequence[SourcedOrder]) -> list[IngestResult]:
    """Apply a batch in its order. The caller has a transaction open and holds the seller."""
    if not batch:
        return []
    user_id, source = integration.user_id, integration.provider
    orders = [observed.order for observed in batch]
    ledger = SaleBatch.load(user_id, source, {o.sale.external_id for o in orders if o.sale})
    described = [build_client(user_id, order.customer) for order in orders]
    directory = ClientBatch.load(user_id, described, ledger.client_ids)
    register = SubscriptionBatch.load(
        user_id,
        source,
        {order.subscription.subscription_hash for order in orders if order.subscription},
    )
    batch = [_without_the_erased(o, ledger, directory, source) for o in batch]
    ingested = [
        _apply(observed, client, ledger, directory, register)
        for observed, client in zip(batch, described, strict=True)
    ]
    directory.save()
    ledger.save()
    register.save()
    _record_unknown_words(source, orders)
    _record_mapping_usages(user_id, orders)
    if opened := ledger.created_count:
        Integration.objects.filter(id=integration.id).update(
            sales_synced=F("sales_synced") + opened
        )
    return ingested


def apply_bisecting(
    items: Sequence[T],
    apply: Callable[[Sequence[T]], None],
    reject: Callable[[T, Exception], None],
) -> None:
    """Apply items together; where they are refused, find those to blame by halving.

    Each try is a savepoint of the caller's transaction. A database that fails is nobody's
    fault: its error is raised.
    """
    if not items:
        return
    try:
        with transaction.atomic():
            apply(items)
    except Exception as error:
        if isinstance(error, OperationalError | InterfaceError) and not is_refusal(error):
            raise
        if len(items) == 1:
            reject(items[0], error)
            return
        middle = len(items) // 2
        apply_bisecting(items[:middle], apply, reject)
        apply_bisecting(items[middle:], apply, reject)


def is_refusal(error: Exception) -> bool:
    """Whether the database can't hold the values, and never will."""
    return isinstance(error, DataError) or isinstance(error.__cause__, ProgramLimitExceeded)


def _without_the_erased(
    observed: SourcedOrder, ledger: SaleBatch, directory: ClientBatch, source: str
) -> SourcedOrder:
    """A sale whose buyer was erased lives on, and tells nothing of them again."""
    facts = observed.order.sale
    sale = ledger.get(facts.external_id) if facts else None
    buyer = directory.get(sale.client_id) if sale else None
    if facts is None or buyer is None or buyer.erased_at is None:
        return observed
    facts = remove_buyer_data(facts, get_provider(source).metadata_rules)
    return replace(observed, order=replace(observed.order, sale=facts))


def _apply(
    observed: SourcedOrder,
    described: Client,
    ledger: SaleBatch,
    directory: ClientBatch,
    register: SubscriptionBatch,
) -> IngestResult:
    order, seen = observed.order, observed.seen
    recorded: RecordResult | None = None
    if order.sale and (sale := ledger.get(order.sale.external_id)):
        client = _client_of(sale, described, ledger, directory)
        recorded = ledger.update(sale, order.sale, seen)
    else:
        client, match = directory.match_or_create(described)
        if order.sale:
            recorded = ledger.create(order.sale, client, match, seen)
    outcomes = [recorded.outcome] if recorded else []
    if order.subscription:
        sale = recorded.sale if recorded else None
        outcomes.append(register.record(order.subscription, client, sale, seen))
    return IngestResult(
        outcome=next(outcome for outcome in Outcome if outcome in outcomes),
        sale=recorded.sale if recorded else None,
        changes=recorded.changes if recorded else [],
    )


def _client_of(
    sale: Sale, described: Client, ledger: SaleBatch, directory: ClientBatch
) -> Client | None:
    """A sale keeps the client it has; what the order tells of them completes it."""
    if client := directory.get(sale.client_id):
        directory.fill_empty_fields(client, described)
        return client
    client, match = directory.match_or_create(described)
    if client:
        ledger.set_client(sale, client, match)
    return client


def _record_unknown_words(provider: str, orders: Iterable[Order]) -> None:
    words = set()
    for order in orders:
        if order.sale:
            words.add((StatusField.ORDER, order.sale.unknown_status))
            words.add((StatusField.SHIPPING, order.sale.unknown_shipping_status))
        if order.subscription:
            words.add((StatusField.SUBSCRIPTION, order.subscription.unknown_status))
    # Sorted: two writers of the same words lock them in the same order, without a deadlock.
    rows = [
        StatusMapping(provider=provider, field=field, word=word)
        for field, word in sorted(words)
        if word
    ]
    StatusMapping.objects.bulk_create(rows, ignore_conflicts=True)


def _record_mapping_usages(user_id: UUID, orders: Iterable[Order]) -> None:
    """Record which orders used a mapping: they are applied again when the mapping changes."""
    usages = {(id_, order.external_id) for order in orders for id_ in order.used_mappings}
    StatusMappingUsage.objects.bulk_create(
        (
            StatusMappingUsage(mapping_id=mapping_id, user_id=user_id, external_id=external_id)
            for mapping_id, external_id in sorted(usages)
        ),
        ignore_conflicts=True,
    )
