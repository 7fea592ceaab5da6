"""Find sales that older rules gave to the client of another person, by their stored payloads."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, islice
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from clients.models import Client, ClientMerge
from flowzz.core.db.locks import lock_user
from integrations.inbox.processing import parse_events
from integrations.ingest import MovedSale, SourcedOrder, recheck_clients
from integrations.models import Integration, WebhookEvent
from integrations.models.events import APPLIED, NEWEST_FIRST
from integrations.providers.contracts import Order

BATCH = 500


def recheck(integration: Integration, *, apply: bool) -> Iterator[MovedSale]:
    """Yield the sales to move to their own client, and move them with `apply`.

    The newest payload of each order counts. What staff merged or split stays.
    """
    orders = _newest_orders(integration)
    while batch := list(islice(orders, BATCH)):
        with transaction.atomic():
            lock_user(integration.user_id)
            kept = _decided_by_staff(integration.user_id)
            moved = recheck_clients(integration, batch, kept=kept)
            transaction.set_rollback(not apply)
        yield from moved


def _newest_orders(integration: Integration) -> Iterator[SourcedOrder]:
    events = WebhookEvent.objects.filter(APPLIED, integration=integration, payload__isnull=False)
    newest_first = events.select_related("payload").order_by(*NEWEST_FIRST)
    rows, seen = newest_first.iterator(chunk_size=BATCH), set()
    while batch := list(islice(rows, BATCH)):
        for parsed in parse_events(integration, batch)[0]:
            order = parsed.payload
            if isinstance(order, Order) and order.sale and order.external_id not in seen:
                seen.add(order.external_id)
                yield SourcedOrder(order, replace(parsed.source, observed_at=timezone.now()))


def _decided_by_staff(user_id: UUID) -> set[UUID]:
    """Return the ids of the sales and clients that staff merged or split."""
    merges = ClientMerge.objects.filter(source__user_id=user_id, undone_at=None)
    sale_ids = chain.from_iterable(merges.values_list("sale_ids", flat=True))
    merged = Client.objects.owned_by(user_id).filter(merged_into__isnull=False)
    return {*sale_ids, *merged.values_list("merged_into_id", flat=True)}
