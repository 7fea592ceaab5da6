"""Days of the local calendar as ranges of time, for the API's filters."""

from datetime import date, datetime, time
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django_filters import DateFilter

# fold: where the clock is put back at midnight, the day ends at the second 23:59:59.
_END_OF_DAY = time.max.replace(fold=1)


class DayFilter(DateFilter):
    """A day in the current time zone; the whole of it is inside."""

    def filter(self, qs: QuerySet[Any], value: date | None) -> QuerySet[Any]:
        if value is None:
            return qs
        at = time.min if self.lookup_expr == "gte" else _END_OF_DAY
        moment = datetime.combine(value, at, timezone.get_current_timezone())
        return qs.filter(**{f"{self.field_name}__{self.lookup_expr}": moment})
