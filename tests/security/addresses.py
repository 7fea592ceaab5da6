"""Every address of the API, found by looking, so that a new one can't be forgotten."""

import re
from collections.abc import Iterator
from itertools import product
from uuid import UUID

from django.contrib.admindocs.views import simplify_regex
from django.urls import URLPattern, URLResolver, get_resolver

from flowzz.core.api.error_handlers import API_PATH, not_found

_PARAMETER = re.compile(r"<\w+>")


def api_paths() -> list[str]:
    """All paths of the API, with their parameters as `<name>` and without a last slash."""
    return [path for path in _paths(get_resolver().url_patterns) if path.startswith(API_PATH)]


def _paths(patterns: list[URLPattern | URLResolver], prefix: str = "") -> Iterator[str]:
    for entry in patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from _paths(entry.url_patterns, route)
        elif entry.callback is not not_found:
            yield simplify_regex(route).rstrip("/")


def takes_ids(path: str) -> bool:
    return bool(_PARAMETER.search(path))


def filled(path: str, ids: set[UUID]) -> list[str]:
    """The path with every combination of `ids` in the place of its parameters."""
    template = _PARAMETER.sub("{}", path)
    return [template.format(*each) for each in product(ids, repeat=template.count("{}"))]
