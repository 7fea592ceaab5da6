"""Columns, cells and links of admin pages, and the template context of pages of our own."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime

from flowzz.backoffice.masking import follow
from flowzz.core.caching import cache_short
from flowzz.core.db.jobs import JobState
from flowzz.core.formatting import format_reais

JOB_STATE_COLOURS = {
    JobState.QUEUED: "info",
    JobState.RUNNING: "primary",
    "PREVIEWED": "warning",  # of an import
    JobState.SUCCEEDED: "success",
    JobState.FAILED: "danger",
    JobState.CANCELLED: "warning",
}


_WITH_HYPHEN = re.compile(
    r"("
    r"(?:CEP )?\b[0-9]{5}-[0-9]{3}\b"
    r"|\([0-9]{2}\) [0-9]{4,5}-[0-9]{4}\b"
    r"|\b[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}\b"
    r"|\b[0-9A-Z]{2}\.[0-9A-Z]{3}\.[0-9A-Z]{3}/[0-9A-Z]{4}-[0-9]{2}\b"
    r")"
)
"""A CEP, a phone, a CPF or a CNPJ, as people write them."""
NOTHING = "—"
"""Shown for a missing value, everywhere."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What to know first about a row, and where to go on."""

    text: str
    tone: str = "warning"
    href: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """A key figure, as `templates/backoffice/figure.html` shows it."""

    label: str
    value: str | int
    tone: str = "neutral"
    hint: str = ""
    href: str = ""
    """The list of what it counts."""


@dataclass(frozen=True, slots=True)
class NamedValue:
    """A named value at the top of a row's page; shown only if there is one."""

    label: str
    value: object
    href: str = ""
    is_copied: bool = False
    """Whether a button copies the value."""
    is_external: bool = False

    @property
    def shown(self) -> object:
        return breakable(self.value)


@dataclass(frozen=True, slots=True)
class ValueGroup:
    title: str
    icon: str
    values: Sequence[NamedValue]

    @property
    def known(self) -> list[NamedValue]:
        return [named for named in self.values if named.value not in (None, "")]


@dataclass(frozen=True, slots=True)
class RowSummary:
    """What is above a row's fields, as `templates/backoffice/row_summary.html` shows it."""

    notices: Sequence[Notice] = ()
    figures: Sequence[Figure] = ()
    value_groups: Sequence[ValueGroup] = ()


def section(title: str | None, *fields: object) -> tuple[str | None, Any]:
    """Return a fieldset of an admin page; a tuple of fields shares one line."""
    return title, {"fields": fields}


def badge_column(
    field: str, description: str, colours: Mapping[Any, str]
) -> Callable[[object, Model], str]:
    """Return a column that shows a choice as a badge, in its value's colour of unfold's labels."""

    def column(_page: object, row: Model) -> str:
        colour = colours.get(getattr(row, field), "")
        return badge(getattr(row, f"get_{field}_display")(), colour)

    return admin.display(column, description=description, ordering=field)


@cache_short(256)
def badge(text: str, colour: str) -> str:
    """Render unfold's label; cached, because a list shows the same few a hundred times."""
    context = {"text": text, "type": colour}
    return render_to_string("unfold/helpers/label.html", context) if text else NOTHING


def related_column(path: str, description: str) -> Callable[[object, Model], object]:
    """Return a column with a value of a related row, such as `integration__user`."""

    def column(_page: object, row: Model) -> object:
        return follow(row, path.split("__"))

    return admin.display(column, description=description, ordering=path)


def reais_column(name: str, description: str) -> Callable[[object, Model], str | None]:
    """Return a column with an amount, aligned to the right."""

    def column(_page: object, row: Model) -> str | None:
        amount: Decimal | None = getattr(row, name)
        if amount is None:
            return None
        return format_html('<span class="bo-money">{}</span>', format_reais(amount))

    return admin.display(column, description=description, ordering=name, empty_value=NOTHING)


def platform_column(name: str, description: str) -> Callable[[object, Model], str]:
    """Return a column with the name of a platform, with its capital."""

    def column(_page: object, row: Model) -> str:
        return str(getattr(row, name)).capitalize()

    return admin.display(column, description=description, ordering=name, empty_value=NOTHING)


def badge_tone(colour: str) -> str:
    """Translate a colour of unfold's labels to a tone of `backoffice.css`."""
    return _TONES.get(colour, colour)


_TONES = {"success": "good", "danger": "bad", "primary": "info"}


def change_url(row: Model) -> str:
    """Return the URL of a row's admin page."""
    name = f"admin:{row._meta.app_label}_{row._meta.model_name}_change"
    return reverse(name, args=[row.pk])


def list_url(model: type[Model], **filters: object) -> str:
    """Return the URL of a model's admin list, filtered by lookups such as `state__exact`.

    A tuple stands for several values, one of which a row has.
    """
    url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    return f"{url}?{urlencode(filters, doseq=True)}" if filters else url


def menu_count(rows: "QuerySet[Any]", most: int = 99) -> str:
    """Return the number beside a menu item; empty for none. Each page counts it."""
    count = rows.order_by()[: most + 1].count()
    return f"{most}+" if count > most else str(count or "")


def row_link(row: Model | None) -> SafeString | None:
    """Return a link to a row's admin page."""
    if row is None:
        return None
    return format_html('<a class="underline" href="{}">{}</a>', change_url(row), row)


def page_context(
    request: HttpRequest, title: str, about: Model | type[Model], *, back: str
) -> dict[str, Any]:
    """Return the context of a page about a row or a model: its title bar and the back link."""
    row = about if isinstance(about, Model) else None
    context = {"title": title, "opts": about._meta, "object": row, "back": back}
    return admin.site.each_context(request) | context


def two_line_cell(first: object, second: object = "") -> SafeString:
    """Return a list's cell with a main value, and a smaller one below it."""
    cell = '<span class="flex flex-col text-right lg:text-left"><span>{}</span>{}</span>'
    more = format_html('<span class="bo-hint">{}</span>', breakable(second)) if second else ""
    return format_html(cell, breakable(first or NOTHING), more)


def breakable(value: object) -> object:
    """Return a value that a narrow column breaks where people would, for HTML.

    An e-mail breaks before its domain; a CEP, a phone, a CPF and a CNPJ do not break. HTML stays.
    """
    if isinstance(value, SafeString):
        return value
    text = str(value)
    if "@" in text:
        return breakable_email(text)
    parts = _WITH_HYPHEN.split(text)
    if len(parts) == 1:
        return value
    form = ("{}", '<span class="bo-unbroken">{}</span>')
    html = ((format_html(form[n % 2], part),) for n, part in enumerate(parts))
    return format_html_join("", "{}", html)


def breakable_email(email: object) -> SafeString:
    """Return an e-mail that a narrow column breaks before its domain."""
    return format_html_join(SafeString("<wbr>@"), "{}", ((part,) for part in str(email).split("@")))


def short_datetime(time: datetime) -> str:
    """Format in local time, without seconds."""
    return date_format(localtime(time), "SHORT_DATETIME_FORMAT")


def exact_datetime(time: datetime) -> str:
    """Format in local time, with seconds: for rows that follow each other within a minute."""
    return f"{localtime(time):%d/%m/%Y %H:%M:%S}"


def preformatted(text: str) -> SafeString:
    """Return a text with its own line breaks and spaces."""
    return format_html('<pre class="overflow-x-auto text-xs">{}</pre>', text)


def bullet_list(items: Iterable[str]) -> SafeString:
    """Return texts as a list; empty without texts."""
    entries = format_html_join("", "<li>{}</li>", ((item,) for item in items))
    return format_html("<ul>{}</ul>", entries) if entries else entries
