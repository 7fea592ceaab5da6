"""A provider's reader for one integration, with the words that staff have mapped."""

from integrations.models import Integration, StatusMapping
from integrations.providers.contracts import MappedWord, Reader, StatusField
from integrations.providers.registry import get_provider


def reader_for(integration: Integration) -> Reader:
    mappings = StatusMapping.objects.filter(provider=integration.provider).exclude(status="")
    words = [
        MappedWord(id=row.id, field=StatusField(row.field), word=row.word, status=row.status)
        for row in mappings
    ]
    return get_provider(integration.provider).reader(words)
