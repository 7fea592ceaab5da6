"""A sale's timeline: what happened to it, whatever made it happen, newest first."""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Model
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from flowzz.backoffice import masking
from sales.models import Sale

SHOWN = 15
READ = SHOWN + 1
"""What a source reads: one more than are shown says that there are others."""

Cause = tuple[str, uuid.UUID | None]
"""What made something happen: a kind (of changes, their `Origin`), and which one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Something that happened, in words; `at` is aware."""

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
    """Told with its cause, where that is told, too."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """Some entries, and the moment before which there are older ones."""

    entries: Sequence[Entry]
    older: datetime | None = None


@dataclass(frozen=True, slots=True)
class View:
    """Whose timeline, up to which moment, and who looks at it."""

    sale: Sale
    before: datetime
    request: HttpRequest

    @property
    def is_masked(self) -> bool:
        return not masking.is_shown(self.request, self.sale)

    def page_of(self, model: type[Model], row_id: object) -> str:
        """The address of a row's page; empty where this person may not look at it."""
        app, name = model._meta.app_label, model._meta.model_name
        if row_id is None or not self.request.user.has_perm(f"{app}.view_{name}"):
            return ""
        try:
            return reverse(f"admin:{app}_{name}_change", args=[row_id])
        except NoReverseMatch:
            return ""


def timeline_of(sources: Iterable[Sequence[Entry]]) -> Timeline:
    """The newest entries of all sources, of which each gives its newest first, `READ` at most.

    Ends between two moments, so that the rest begins where it ends; and where a source that gave
    as many as it could has told the last it knows.
    """
    given = [list(some) for some in sources]
    entries = sorted((e for some in given for e in some), key=lambda entry: entry.at, reverse=True)
    known_since = max((some[-1].at for some in given if len(some) >= READ), default=None)
    shown = [entry for entry in entries if known_since is None or entry.at > known_since]
    if len(shown) > SHOWN:
        shown = [entry for entry in shown if entry.at >= shown[SHOWN - 1].at]
    shown = shown or [entry for entry in entries if entry.at == entries[0].at]
    is_whole = len(shown) == len(entries) and known_since is None
    return Timeline(list(_joined(shown)), None if is_whole else shown[-1].at)


def _joined(entries: Sequence[Entry]) -> Iterator[Entry]:
    """Effects as lines of their cause, or of the newest of them where it is not among these."""
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
