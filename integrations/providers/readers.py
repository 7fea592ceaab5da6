"""A provider's reader for one integration, with the words that staff have mapped."""

from integrations.models import Integration, StatusMapping
from integrations.providers.contracts import MappedWord, Reader, StatusField
from integrations.providers.registry import get_provider


def reader_for(integration: Integration) -> Reader:
    provider = integration.provider
    return get_provider(provider).reader(mapped_words(provider))


def mapped_words(provider: str) -> list[MappedWord]:
    mappings = StatusMapping.objects.filter(provider=provider).exclude(status="").order_by("id")
    return [
        MappedWord(
            id=row.id,
            field=StatusField(row.field),
            word=row.word,
            status=row.status,
            mapped_at=row.mapped_at,
        )
        for row in mappings
    ]
