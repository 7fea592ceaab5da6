"""A sale's timeline: everything that happened to the sale, from several sources, newest first."""

import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db.models import Model
from django.db.models.expressions import Combinable
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from flowzz.backoffice import masking
from flowzz.backoffice.extensions import PageExtension
from sales.models import Sale
from sales.statuses import SaleStatusField

PAGE_SIZE = 15
SOURCE_LIMIT = PAGE_SIZE + 1
"""The most entries that a source returns: one more than a page shows that older ones exist."""

Cause = tuple[str, uuid.UUID | None]
"""What caused an entry: an `Origin`, and the id of the event, run, import or logged action."""
Origins = Mapping[str, tuple[type[Model], str | Combinable]]
"""Maps an `Origin` to the model that causes changes, and the field or expression that names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that happened to a sale; `at` is aware."""

    at: datetime
    title: str
    icon: str
    tone: str = "neutral"
    href: str = ""
    badge: str = ""
    lines: Sequence[str] = ()
    by: str = ""
    cause: Cause | None = None
    is_effect: bool = False
    """Shown as lines of the entry with the same cause, where the timeline has one."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """One page of entries; there are older ones before `older`, unless that is None."""

    entries: Sequence[Entry]
    older: datetime | None = None


@dataclass(frozen=True, slots=True)
class TimelineQuery:
    """The sale, the time before which entries are shown, and the request of the reader."""

    sale: Sale
    before: datetime
    request: HttpRequest

    @property
    def is_masked(self) -> bool:
        return not masking.is_visible(self.request, self.sale)

    def url_of(self, model: type[Model], row_id: object) -> str:
        """Return the URL of a row's page; empty if the reader may not view the model."""
        app, name = model._meta.app_label, model._meta.model_name
        if row_id is None or not self.request.user.has_perm(f"{app}.view_{name}"):
            return ""
        try:
            return reverse(f"admin:{app}_{name}_change", args=[row_id])
        except NoReverseMatch:
            return ""


Source = Callable[[TimelineQuery], Sequence[Entry]]
"""Returns entries before `query.before`, newest first, at most `SOURCE_LIMIT`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SaleExtension(PageExtension):
    """The parts that another app adds to a sale's page."""

    timeline_sources: Sequence[Source] = ()
    origins: Origins = field(default_factory=dict)
    mask_metadata: Callable[[Sale], Any | None] | None = None
    """Returns the metadata without personal data, or None if the sale's source is unknown."""
    metadata_fields: Callable[[Sale], Sequence[tuple[str, str, object]]] = lambda _: ()
    """Returns the fields of the sale's metadata to show: group, label and value, by group."""
    word_url: Callable[[Sale, SaleStatusField], str] | None = None
    """Returns the URL of the page that gives a sale's unknown status word a meaning."""
    order_page: Callable[[Sale], tuple[str, str] | None] | None = None
    """Returns the URL of the order at its source and the text of the link; None without one."""
    describe_warning: Callable[[str], str] = str
    """Returns the Portuguese text of a cause in `Sale.value_warnings`."""


def build_timeline(sources: Iterable[Sequence[Entry]]) -> Timeline:
    """Merge the entries of all sources into the newest page.

    A page ends between two different times, so that the next one starts where it ends, and
    never goes beyond the oldest entry of a source that returned `SOURCE_LIMIT` entries.
    """
    returned = [list(entries) for entries in sources]
    entries = sorted(
        (entry for source in returned for entry in source), key=lambda e: e.at, reverse=True
    )
    full = [source for source in returned if len(source) >= SOURCE_LIMIT]
    complete_since = max((source[-1].at for source in full), default=None)
    shown = [entry for entry in entries if complete_since is None or entry.at > complete_since]
    if len(shown) > PAGE_SIZE:
        shown = [entry for entry in shown if entry.at >= shown[PAGE_SIZE - 1].at]
    shown = shown or [entry for entry in entries if entry.at == entries[0].at]
    is_last_page = len(shown) == len(entries) and complete_since is None
    return Timeline(list(_join_effects(shown)), None if is_last_page else shown[-1].at)


def _join_effects(entries: Sequence[Entry]) -> Iterator[Entry]:
    """Add effects as lines to the entry of their cause, or else to the newest of the effects."""
    heads: dict[Cause | None, Entry] = {}
    for entry in sorted(entries, key=lambda entry: entry.is_effect):
        heads.setdefault(entry.cause, entry)
    effects: defaultdict[Cause | None, list[str]] = defaultdict(list)
    for entry in reversed(entries):
        effects[entry.cause] += entry.lines if entry.is_effect else ()
    for entry in entries:
        if entry.cause and heads[entry.cause] is entry:
            own = () if entry.is_effect else entry.lines
            yield replace(entry, lines=[*effects[entry.cause], *own])
        elif not entry.is_effect:
            yield entry
