"""Incremental reading: lists in the order of their changes, of which a reader misses none."""

from datetime import UTC, datetime
from typing import Any, Final

from django.db import connection
from django.db.models import QuerySet
from django_filters import FilterSet, IsoDateTimeFilter
from rest_framework.request import Request

from flowzz.core.api.date_filters import check_year

ORDERING: Final = "ordering"
BY_CHANGE: Final = "updatedAt"
_UPDATED_FROM: Final = "updatedFrom"
# Transactions that only read end soon, or write nothing: exports take longer than a minute.
_FIRST_UNSETTLED_TIME = """
    SELECT least(clock_timestamp(), min(xact_start)) FROM pg_stat_activity
    WHERE datname = current_database() AND backend_type = 'client backend'
        AND pid <> pg_backend_pid()
        AND (backend_xid IS NOT NULL OR xact_start > clock_timestamp() - interval '1 minute')
"""


class InstantFilter(IsoDateTimeFilter):  # type: ignore[misc]  # untyped, and seen as Any here
    """A time of any offset; PostgreSQL reads none of 16 hours and more."""

    def __init__(self, lookup_expr: str, help_text: str) -> None:
        super().__init__("updated_at", lookup_expr, help_text=help_text, validators=[check_year])

    def filter(self, qs: QuerySet[Any], value: datetime | None) -> Any:
        return super().filter(qs, value and value.astimezone(UTC))


class UpdatedFilterSet(FilterSet):  # type: ignore[misc]  # untyped, and seen as Any here
    updatedFrom = InstantFilter(
        "gte",
        "Mudadas desde este momento (ISO 8601), na ordem updatedAt se outra não for "
        "pedida. Para ler só o que mudou: o updatedAt da última linha lida; ela pode vir de novo",
    )
    updatedTo = InstantFilter("lte", "Mudadas até este momento (ISO 8601)")


def requested_ordering(request: Request, default: str) -> str:
    return request.query_params.get(
        ORDERING, BY_CHANGE if _UPDATED_FROM in request.query_params else default
    )


def first_unsettled_time() -> datetime:
    """Return the time from which open transactions may still commit changes.

    Call it before reading. `updated_at` is set before its transaction commits, so that a row can
    appear behind a newer one that was already read.
    """
    with connection.cursor() as cursor:
        cursor.execute(_FIRST_UNSETTLED_TIME)
        time: datetime = cursor.fetchone()[0]
    return time
