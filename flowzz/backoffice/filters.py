"""List filters and searches that several pages share; none reads a table for its choices."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.utils.timezone import get_current_timezone

from flowzz.accounts.models import User
from flowzz.core.api.date_filters import YEARS

if TYPE_CHECKING:  # unfold has no types
    from django.contrib.admin import DateFieldListFilter as RangeDateFilter
    from django.contrib.admin import SimpleListFilter as TextFilter
else:
    from unfold.contrib.filters.admin import RangeDateFilter, TextFilter

__all__ = [
    "ExactFilter",
    "PeriodFilter",
    "SellerFilter",
    "TextFilter",
    "WarningFilter",
    "exact_match_first",
    "parameters_of",
]

_Row = TypeVar("_Row", bound=Model)
_ENDINGS = ("__exact", "__in", "__gte", "__lt", "__isnull", "__isempty", "_from", "_to")
"""What the filters of Django and unfold append to the name of their field."""


class PeriodFilter(RangeDateFilter):
    """Filters by a first and a last day, both inclusive, in the local time zone.

    A day that can't be read matches nothing: all rows would seem to be those of the period.
    """

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Any]") -> "QuerySet[Any]":
        for ending, lookup, days in (("from", "gte", 0), ("to", "lt", 1)):
            text = self.used_parameters.get(f"{self.field_path}_{ending}")
            if not text:
                continue
            day = _start_of_day(text)
            if day is None:
                return queryset.none()
            queryset = queryset.filter(
                **{f"{self.field_path}__{lookup}": day + timedelta(days=days)}
            )
        return queryset

    def describe(self, value: str) -> str:
        """Return the day as it was written, or say that it is none."""
        return value if _start_of_day(value) else f"“{value}”, que não é uma data (dd/mm/aaaa)"


class ExactFilter(TextFilter):
    """Filters by the exact value of `field`."""

    field: str

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Any]") -> "QuerySet[Any]":
        return queryset.filter(**{self.field: self.value()}) if self.value() else queryset


class SellerFilter(TextFilter):
    title = "vendedor(a) (e-mail)"
    parameter_name = "usuario"

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Any]") -> "QuerySet[Any]":
        """Filter by the user's id, which the list's index starts with."""
        if not self.value():
            return queryset
        email = str(self.value()).strip().lower()
        user_id = User.objects.filter(email=email).values_list("id", flat=True).first()
        return queryset.filter(user_id=user_id) if user_id else queryset.none()


class WarningFilter(TextFilter):
    """Filters by the cause of a warning about an unreadable value; `*` means any."""

    title = "aviso (causa, ou *)"
    parameter_name = "aviso"

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Any]") -> "QuerySet[Any]":
        cause = str(self.value() or "").strip()
        if not cause:
            return queryset
        warned = queryset.exclude(value_warnings=[])  # the condition of the table's index
        return warned if cause == "*" else warned.filter(value_warnings__contains=cause)


def parameters_of(list_filter: Any) -> set[str]:
    """Return the parameters that an entry of `ModelAdmin.list_filter` reads from a URL."""
    if isinstance(list_filter, type):
        return {str(getattr(list_filter, "parameter_name", ""))}
    field = list_filter if isinstance(list_filter, str) else list_filter[0]
    return {f"{field}{ending}" for ending in _ENDINGS}


def exact_match_first(
    rows: "QuerySet[_Row]", exact: Q, related: Callable[[], Q]
) -> "QuerySet[_Row]":
    """Return the rows that match `exact`, or if there are none, those that match `related`.

    No index serves both conditions together: PostgreSQL would read the whole table.
    """
    found = rows.filter(exact)
    return found if found.exists() else rows.filter(related())


def _start_of_day(text: Any) -> datetime | None:
    """Parse `31/12/2026` or `2026-12-31`, in `YEARS`; None for anything else."""
    for form in ("%d/%m/%Y", "%Y-%m-%d"):
        with suppress(ValueError):
            zone = get_current_timezone()
            day = datetime.strptime(str(text).strip(), form).replace(tzinfo=zone)
            return day if day.year in YEARS else None
    return None
