"""Filters by days of the local calendar."""

from datetime import date, datetime, time
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django_filters import DateFilter

# fold: if the clock is set back at midnight, the day ends at the second 23:59:59.
_END_OF_DAY = time.max.replace(fold=1)


class DayFilter(DateFilter):
    """Filters from (`gte`) or until (`lte`) a day in the current time zone, the day included."""

    def filter(self, qs: QuerySet[Any], value: date | None) -> QuerySet[Any]:
        if value is None:
            return qs
        time_of_day = time.min if self.lookup_expr == "gte" else _END_OF_DAY
        limit = datetime.combine(value, time_of_day, timezone.get_current_timezone())
        return qs.filter(**{f"{self.field_name}__{self.lookup_expr}": limit})
