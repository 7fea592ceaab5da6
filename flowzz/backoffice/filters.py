"""Filters that lists have in common; none of them reads a table to offer its choices."""

from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.utils.timezone import get_current_timezone

from flowzz.accounts.models import User

if TYPE_CHECKING:  # unfold has no types
    from django.contrib.admin import DateFieldListFilter as RangeDateFilter
    from django.contrib.admin import SimpleListFilter as TextFilter
else:
    from unfold.contrib.filters.admin import RangeDateFilter, TextFilter

__all__ = ["PeriodFilter", "SellerFilter", "TextFilter", "numbered_or"]

_Row = TypeVar("_Row", bound=Model)


class PeriodFilter(RangeDateFilter):
    """From one day to another, both whole, in the local time zone."""

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Any]") -> "QuerySet[Any]":
        first = _day(self.used_parameters.get(f"{self.field_path}_from"))
        last = _day(self.used_parameters.get(f"{self.field_path}_to"))
        if first:
            queryset = queryset.filter(**{f"{self.field_path}__gte": first})
        if last:
            queryset = queryset.filter(**{f"{self.field_path}__lt": last + timedelta(days=1)})
        return queryset


class SellerFilter(TextFilter):
    title = "usuário (e-mail)"
    parameter_name = "usuario"

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Any]") -> "QuerySet[Any]":
        """By id, found before: the list's index begins with it."""
        if not self.value():
            return queryset
        email = str(self.value()).strip().lower()
        user_id = User.objects.filter(email=email).values_list("id", flat=True).first()
        return queryset.filter(user_id=user_id) if user_id else queryset.none()


def numbered_or(rows: "QuerySet[_Row]", numbered: Q, others: Q) -> "QuerySet[_Row]":
    """Those with the number; where there are none, the others.

    No index answers `numbered | others`: with that, PostgreSQL reads the whole table.
    """
    found = rows.filter(numbered)
    return found if found.exists() else rows.filter(others)


def _day(text: Any) -> datetime | None:
    """The beginning of a day, from `31/12/2026` or `2026-12-31`; None for anything else."""
    for form in ("%d/%m/%Y", "%Y-%m-%d"):
        with suppress(ValueError):
            return datetime.strptime(str(text), form).replace(tzinfo=get_current_timezone())
    return None
