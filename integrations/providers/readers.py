"""A provider's reader for one integration: the words that staff have mapped, and their use."""

import uuid
from collections.abc import Iterable

from django.db import OperationalError, connection

from flowzz.core.db.backend.compiled_queries import CompiledQuery, Given
from integrations.models import Integration, StatusMapping, StatusMappingUsage
from integrations.providers.contracts import MappedWord, Order, Reader, StatusField
from integrations.providers.registry import get_provider


def reader_for(integration: Integration) -> Reader:
    provider = integration.provider
    return get_provider(provider).reader(mapped_words(provider))


_MAPPED = CompiledQuery(
    lambda: (
        StatusMapping.objects.filter(provider=Given("provider"))
        .exclude(status="")
        .order_by("id")
        .values_list("id", "field", "word", "status", "mapped_at")
    )
)


def mapped_words(provider: str) -> list[MappedWord]:
    return [
        MappedWord(id=id_, field=StatusField(field), word=word, status=status, mapped_at=mapped_at)
        for id_, field, word, status, mapped_at in _MAPPED.values(provider=provider)
    ]


class WordMapped(OperationalError):
    """Staff mapped a word after it was read as unknown: the orders must be read again."""


# Staff who map one of the words wait for the end of the transaction, and find its sales then.
_LOCK_WORDS = """
    SELECT mapping.status FROM integrations_statusmapping AS mapping
    JOIN unnest(%s::text[], %s::text[]) AS unknown (field, word) USING (field, word)
    WHERE mapping.provider = %s FOR SHARE OF mapping
"""


def record_unknown_words(provider: str, orders: Iterable[Order]) -> None:
    """Store the words of orders that no status is mapped to. Raises WordMapped."""
    words = set()
    for order in orders:
        if order.sale:
            words.add((StatusField.ORDER, order.sale.unknown_status))
            words.add((StatusField.SHIPPING, order.sale.unknown_shipping_status))
        if order.subscription:
            words.add((StatusField.SUBSCRIPTION, order.subscription.unknown_status))
    # Sorted: two writers of the same words lock them in the same order, without a deadlock.
    unknown = [(field, word) for field, word in sorted(words) if word]
    if not unknown:
        return
    StatusMapping.objects.bulk_create(
        (StatusMapping(provider=provider, field=field, word=word) for field, word in unknown),
        ignore_conflicts=True,
    )
    with connection.cursor() as cursor:
        cursor.execute(_LOCK_WORDS, [*map(list, zip(*unknown, strict=True)), provider])
        if any(status for (status,) in cursor):
            raise WordMapped


def record_usages(user_id: uuid.UUID, orders: Iterable[Order]) -> None:
    """Record which orders used a mapping: they are applied again when the mapping changes."""
    used = {(id_, order.external_id) for order in orders for id_ in order.used_mappings}
    StatusMappingUsage.objects.bulk_create(
        (
            StatusMappingUsage(mapping_id=mapping_id, user_id=user_id, external_id=external_id)
            for mapping_id, external_id in sorted(used)
        ),
        ignore_conflicts=True,
    )
