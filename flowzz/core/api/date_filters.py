"""Days and times in query parameters: all accept the same forms.

`2026-03-02` and `02/03/2026` are days of the local calendar, of which a range includes the last.
Times are ISO 8601, of any offset; without one they are local.
"""

import re
from datetime import UTC, date, datetime, time
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django_filters import DateFilter, FilterSet, IsoDateTimeFilter
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

YEARS: Final = range(1900, 3000)
"""The years in filters of the API and the back-office; the day after 31/12/9999 has no date."""
INVALID: Final = "Informe um dia (2026-03-02) ou um momento ISO 8601 (2026-03-02T12:00:00-03:00)."
# fold: if the clock is set back at midnight, the day ends at the second 23:59:59.
_END_OF_DAY: Final = time.max.replace(fold=1)
_DAY_FORMATS: Final = {r"\d{4}-\d\d-\d\d": "%Y-%m-%d", r"\d\d/\d\d/\d{4}": "%d/%m/%Y"}
_UNQUOTED_PLUS: Final = re.compile(r"T([\d:.,]{1,30}) (\d\d:?\d\d)$")


def parse_time(text: str, *, is_end: bool = False) -> datetime:
    """Return the aware time that a text means: of a day its first moment, or the last (`is_end`).

    Raises Django's ValidationError, also for years that no sale has.
    """
    text = _UNQUOTED_PLUS.sub(r"T\1+\2", text.strip())
    try:
        day = _parse_day(text)
        value = datetime.combine(day, _END_OF_DAY if is_end else time.min) if day else None
        value = value or parse_datetime(text)
    except ValueError:
        value = None
    if value is None:
        raise ValidationError(INVALID)
    if value.year not in YEARS:  # it could overflow in another offset
        raise ValidationError(f"Use um ano de {YEARS[0]} a {YEARS[-1]}.")
    return value if timezone.is_aware(value) else timezone.make_aware(value)


def _parse_day(text: str) -> date | None:
    """Raises ValueError for a day that is in no calendar."""
    formats = (form for pattern, form in _DAY_FORMATS.items() if re.fullmatch(pattern, text))
    return next((datetime.strptime(text, form).date() for form in formats), None)  # noqa: DTZ007 - a day


class _TimeField(forms.CharField):
    def __init__(self, *, is_end: bool, **options: Any) -> None:
        self._is_end = is_end
        super().__init__(max_length=64, **options)

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        return parse_time(text, is_end=self._is_end) if text else None


class _TimeFilterMixin:
    """Filters from (`gte`) or until (`lte`) a day or a time."""

    field_class = _TimeField

    def __init__(self, field_name: str, lookup_expr: str, help_text: str) -> None:
        is_end = lookup_expr == "lte"
        super().__init__(field_name, lookup_expr, help_text=help_text, is_end=is_end)  # type: ignore[call-arg]  # a mixin

    def filter(self, qs: QuerySet[Any], value: datetime | None) -> Any:
        # PostgreSQL reads no offset of 16 hours and more.
        return super().filter(qs, value and value.astimezone(UTC))  # type: ignore[misc]  # a mixin


class DayFilter(_TimeFilterMixin, DateFilter):
    """A limit that the API's description calls a day."""


class InstantFilter(_TimeFilterMixin, IsoDateTimeFilter):
    """A limit that the API's description calls a time."""


@extend_schema_field(OpenApiTypes.DATE)
class DayField(serializers.Field[date, str, str, Any]):
    """A day in a query; of a time its local day."""

    def to_internal_value(self, data: str) -> date:
        return timezone.localtime(parse_time(data)).date()


class _RangeForm(forms.Form):
    """Refuses ranges that end before they begin."""

    def clean(self) -> dict[str, Any] | None:
        values = super().clean() or {}
        for name, first in [*values.items()]:
            end = f"{name.removesuffix('From')}To"
            last = values.get(end) if name.endswith("From") else None
            if first and last and first > last:
                self.add_error(name, ValidationError(f"Deve ser antes de {end}.", "range_reversed"))
        return values


class RangeFilterSet(FilterSet):
    class Meta:
        form = _RangeForm
