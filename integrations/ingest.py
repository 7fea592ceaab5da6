"""Apply a batch of orders: clients, sales, status history and subscriptions, all or nothing.

The number of SQL statements does not grow with the batch. Only this module calls
`clients.identity` and `sales.recording` with what a provider sent.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import time
from functools import cache, partial
from typing import Any, Self, TypeVar
from uuid import UUID

from django.db import DataError, transaction
from django.utils.timezone import localtime
from psycopg.errors import ProgramLimitExceeded

from clients.identity import ClientBatch, build_client, read_by_document
from clients.models import Client
from flowzz.core.db import failures
from flowzz.core.db.backend.compiled_queries import CompiledQuery, Given, execute
from integrations.models import Integration
from integrations.providers.contracts import Order, Provider
from integrations.providers.readers import record_unknown_words, record_usages
from integrations.providers.registry import get_provider
from sales.facts import SaleFacts, ValueWarning
from sales.models import ChangeSource, Origin, Sale
from sales.order_ids.matching import Matched, SaleMatcher
from sales.privacy import remove_buyer_data
from sales.recording import Outcome, RecordResult, SaleBatch
from sales.sale_changes import FieldChange, set_values
from sales.subscriptions import SubscriptionBatch

T = TypeVar("T")

_PRECEDENCE = [*Outcome]
_NO_PRICE = ValueWarning("", "missing_money", "O pedido é novo e veio sem valor.")


@dataclass(slots=True)
class SourcedOrder:
    """An order with the source that reported it, and when."""

    order: Order
    source: ChangeSource


@dataclass(slots=True)
class IngestResult:
    outcome: Outcome | None
    """None if the order was rejected."""
    sale: Sale | None = None
    changes: list[FieldChange] = field(default_factory=list)
    warnings: tuple[ValueWarning, ...] = ()
    """Those of the order, and one about its ids."""
    rejection: ValueWarning | None = None
    """Why the order was rejected: the rest of the batch was applied, and a retry can't help."""


def ingest(integration: Integration, batch: Sequence[SourcedOrder]) -> list[IngestResult]:
    """Apply orders in sequence. The caller has opened a transaction and locked the user."""
    if not batch:
        return []
    user_id, provider = integration.user_id, integration.provider
    orders = [sourced.order for sourced in batch]
    incoming = [build_client(user_id, order.customer) for order in orders]
    rows = _Rows.load(integration, orders, incoming)
    results = [_apply(*pair, rows) for pair in zip(batch, incoming, strict=True)]
    rows.save()
    record_unknown_words(provider, orders)
    record_usages(user_id, orders)
    if change := rows.sales.counted_change:
        count_sales(user_id=user_id, source=provider, change=change)
    return results


_COUNT_SALES = """
    UPDATE integrations_integration SET sales_synced = sales_synced + %s
    WHERE user_id = %s AND provider = %s
"""


def count_sales(*, user_id: UUID, source: str, change: int, **_: Any) -> None:
    """Add to the number of an integration's sales. Also receives `merges.orders_counted`."""
    execute(_COUNT_SALES, [change, user_id, source])


def apply_bisecting(
    items: Sequence[T], apply: Callable[[Sequence[T]], None], reject: Callable[[T, Exception], None]
) -> None:
    """Apply items together; if that fails, halve them until the failing items stand alone.

    Each attempt is a savepoint of the caller's transaction. Raises the error of a database that
    is down, locked or read-only, which no item caused.
    """
    if not items:
        return
    try:
        with transaction.atomic():
            apply(items)
    except Exception as error:
        if failures.is_unavailable(error):
            raise
        if len(items) == 1:
            reject(items[0], error)
            return
        middle = len(items) // 2
        apply_bisecting(items[:middle], apply, reject)
        apply_bisecting(items[middle:], apply, reject)


def is_refusal(error: Exception) -> bool:
    """Return whether the database can't store the values, so that a retry can't help."""
    return isinstance(error, DataError) or isinstance(error.__cause__, ProgramLimitExceeded)


@dataclass(frozen=True, slots=True)
class MovedSale:
    sale: Sale
    before: Client
    after: Client


def recheck_clients(
    integration: Integration, batch: Sequence[SourcedOrder], *, kept: Collection[UUID]
) -> list[MovedSale]:
    """Move known sales whose client is not their buyer by today's rules, but for those in `kept`.

    The caller has opened a transaction and locked the user.
    """
    orders = [sourced.order for sourced in batch]
    incoming = [build_client(integration.user_id, order.customer) for order in orders]
    rows = _Rows.load(integration, orders, incoming)
    rows.clients.recheck_documents()
    moved = []
    for sourced, buyer in zip(batch, incoming, strict=True):
        sales = rows.sales.index.find(sourced.order.sale) if sourced.order.sale else ()
        sale = next(filter(None, sales), None)
        before = rows.clients.get(sale.client_id) if sale else None
        if not sale or not before or {sale.id, before.id} & set(kept):
            continue
        if rows.clients.is_mistaken_match(before, buyer):
            after, match = rows.clients.match_or_create(buyer)
            if after and after is not before:
                rows.sales.set_client(sale, after, match, sourced.source)
                moved.append(MovedSale(sale, before, after))
    rows.save()
    return moved


@dataclass(frozen=True, slots=True)
class _Rows:
    """The existing rows that a batch may change."""

    sales: SaleBatch
    clients: ClientBatch
    subscriptions: SubscriptionBatch
    matcher: SaleMatcher
    provider: Provider
    owner_email: Callable[[], str]

    @classmethod
    def load(
        cls, integration: Integration, orders: Sequence[Order], incoming: Sequence[Client]
    ) -> Self:
        user_id, provider = integration.user_id, integration.provider
        hashes = {order.subscription.subscription_hash for order in orders if order.subscription}
        reports = [order.sale for order in orders if order.sale]
        with_documents = read_by_document(user_id, incoming)
        emails = _OWNER_EMAILS.values(id=integration.id)
        sales = SaleBatch.load_reported(user_id, provider, reports)
        clients = ClientBatch.load(
            user_id, incoming, sales.client_ids, with_documents=with_documents
        )
        subscriptions = SubscriptionBatch.load(user_id, provider, hashes)
        matcher = SaleMatcher(sales, clients, cache(partial(_receives_webhooks, integration)))
        owner_email = cache(partial(_effective_owner_email, emails))
        return cls(sales, clients, subscriptions, matcher, get_provider(provider), owner_email)

    def changes_earnings(self, change: FieldChange) -> bool:
        names = self.provider.earnings_fields
        metadata = (change.before, change.after) if change.field == "metadata" else ({}, {})
        before, after = ({name: m[name] for name in names & m.keys()} for m in metadata)
        return before != after

    def save(self) -> None:
        self.clients.save()  # sales and subscriptions refer to clients
        self.sales.save()
        self.subscriptions.replace_sales(self.sales.absorbed)
        self.subscriptions.save()


# Read anew: it may have changed since the caller read the integration.
_OWNER_EMAILS = CompiledQuery(
    lambda: Integration.objects.filter(id=Given("id", "uuid")).values_list(
        "owner_email", "user__email"
    )
)


def _effective_owner_email(emails: Iterator[tuple[str, str]]) -> str:
    owner_email, login_email = next(emails)
    return (owner_email or login_email).lower()


def _receives_webhooks(integration: Integration) -> bool:
    """Return whether a webhook has arrived, also since the integration was read."""
    return Integration.objects.filter(id=integration.id, last_webhook_at__isnull=False).exists()


def _apply(sourced: SourcedOrder, incoming: Client, rows: _Rows) -> IngestResult:
    order, source = sourced.order, sourced.source
    matched = rows.matcher.match(order.sale, incoming) if order.sale else None
    if matched and matched.warning:
        source = replace(source, fingerprint=None)  # the result depends on other sales as well
    rejection = _rejection(matched) if matched else None
    if rejection and order.subscription is None:
        return IngestResult(None, rejection=rejection)
    recorded: RecordResult | None = None
    if matched and matched.sale:
        facts = _without_erased_buyer(matched.sale, matched.facts, incoming, rows)
        facts = _with_known_time(matched.sale, facts)
        client, change = _update_client(matched.sale, incoming, rows, source)
        recorded = rows.sales.update(matched.sale, facts, source, client_change=change)
    else:
        client, match = rows.clients.match_or_create(incoming)
        if matched and not rejection:
            # A webhook without a number comes from an account whose webhooks have none.
            counts = matched.is_associated or source.origin == Origin.EVENT
            recorded = rows.sales.create(matched.facts, client, match, source, is_associated=counts)
    if recorded:
        _set_earnings(recorded, rows)
    outcomes = [recorded.outcome] if recorded else []
    if order.subscription:
        sale = recorded.sale if recorded else None
        by_document = rows.clients.owns_document(client, incoming)
        record = rows.subscriptions.record
        outcomes.append(record(order.subscription, client, sale, source, by_document=by_document))
    return IngestResult(
        outcome=None if rejection else min(outcomes, key=_PRECEDENCE.index),
        sale=recorded.sale if recorded else None,
        changes=recorded.changes if recorded else [],
        warnings=(*order.warnings, matched.warning)
        if matched and matched.warning
        else order.warnings,
        rejection=rejection,
    )


def _set_earnings(recorded: RecordResult, rows: _Rows) -> None:
    """Derive commission and fees from the metadata of all reports, if these may have changed."""
    sale, is_new = recorded.sale, recorded.outcome == Outcome.CREATED
    is_merged = sale.id in rows.sales.absorbed.values()
    if is_new or is_merged or any(map(rows.changes_earnings, recorded.changes)):
        earnings = rows.provider.earnings(sale.metadata, rows.owner_email())
        changes = set_values(sale, earnings.values)
        recorded.changes += [] if is_new else changes


def _rejection(matched: Matched) -> ValueWarning | None:
    """Return why a sale can't be recorded: a new one needs a price."""
    if matched.sale or matched.facts.total_price is not None:
        return None
    return matched.facts.missing_price or _NO_PRICE


def _without_erased_buyer(sale: Sale, facts: SaleFacts, incoming: Client, rows: _Rows) -> SaleFacts:
    """Remove the buyer from an order of an erased client: only the sale's facts are updated."""
    buyer = rows.clients.get(sale.client_id)
    is_erased = buyer is not None and buyer.erased_at is not None
    return remove_buyer_data(facts, rows.provider.metadata_rules, incoming) if is_erased else facts


def _with_known_time(sale: Sale, facts: SaleFacts) -> SaleFacts:
    """Keep the time of a sale from a report that has only its day or second, as many files do."""
    reported, known = map(localtime, (facts.sale_date or sale.sale_date, sale.sale_date))
    has_only_day = reported.time() == time.min and reported.date() == known.date()
    is_known = has_only_day or reported == known.replace(microsecond=0)
    return replace(facts, sale_date=None) if is_known else facts


def _update_client(
    sale: Sale, incoming: Client, rows: _Rows, source: ChangeSource
) -> tuple[Client | None, FieldChange | None]:
    """Return the sale's client, completed from the order, and the change if it is another one.

    If the sale has none, or the order has the document of another person, match again. A late
    order does not replace a person who is known by a document.
    """
    client = rows.clients.get(sale.client_id)
    if client and not rows.clients.is_other_person(client, incoming):
        rows.clients.fill_empty_fields(client, incoming)
        return client, None
    if client and client.document_identifies and source.is_late(sale):
        return client, None
    client, match = rows.clients.match_or_create(incoming)
    return client, rows.sales.set_client(sale, client, match, source) if client else None
