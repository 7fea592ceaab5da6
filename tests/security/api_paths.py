"""All paths of the API, read from the URL patterns, so that a new one is tested as well."""

import re
from collections.abc import Iterator
from itertools import product
from uuid import UUID

from django.contrib.admindocs.views import simplify_regex
from django.urls import URLPattern, URLResolver, get_resolver

from flowzz.core.api.error_handlers import API_PATH, not_found
from integrations.providers.registry import all_providers

_PARAMETER = re.compile(r"<\w+>")


def api_paths() -> set[str]:
    """Return the paths of the API for every provider, ids as `<name>`, without trailing slash."""
    return {
        path.replace("<provider>", provider.name)
        for path in _paths(get_resolver().url_patterns)
        if path.startswith(API_PATH)
        for provider in all_providers()
    }


def takes_ids(path: str) -> bool:
    return bool(_PARAMETER.search(path))


def fill_ids(path: str, ids: set[UUID]) -> list[str]:
    """Return the path with every combination of `ids` in place of its parameters."""
    template = _PARAMETER.sub("{}", path)
    return [template.format(*values) for values in product(ids, repeat=template.count("{}"))]


def _paths(patterns: list[URLPattern | URLResolver], prefix: str = "") -> Iterator[str]:
    for entry in patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from _paths(entry.url_patterns, route)
        elif entry.callback is not not_found:
            yield simplify_regex(route).rstrip("/")
