"""Filters by days of the local calendar, and the years that any filter accepts."""

from datetime import date, datetime, time
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone
from django_filters import DateFilter

YEARS: Final = range(1900, 3000)
# fold: if the clock is set back at midnight, the day ends at the second 23:59:59.
_END_OF_DAY = time.max.replace(fold=1)


def check_year(value: date) -> None:
    """Raises ValidationError for a year that no sale has, and that overflows in another offset."""
    if value.year not in YEARS:
        raise ValidationError(f"Use um ano de {YEARS[0]} a {YEARS[-1]}.")


class DayFilter(DateFilter):
    """Filters from (`gte`) or until (`lte`) a day in the current time zone, the day included."""

    def filter(self, qs: QuerySet[Any], value: date | None) -> QuerySet[Any]:
        if value is None:
            return qs
        time_of_day = time.min if self.lookup_expr == "gte" else _END_OF_DAY
        limit = datetime.combine(value, time_of_day, timezone.get_current_timezone())
        return qs.filter(**{f"{self.field_name}__{self.lookup_expr}": limit})
