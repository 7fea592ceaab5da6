"""Incremental reading: lists in the order of their changes, of which a reader misses none."""

from datetime import datetime
from typing import Final

from django.db import connection
from rest_framework.request import Request

from flowzz.core.api.date_filters import InstantFilter, RangeFilterSet

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


class UpdatedFilterSet(RangeFilterSet):
    updatedFrom = InstantFilter(
        "updated_at",
        "gte",
        "Mudadas desde este momento (ISO 8601), na ordem updatedAt se outra não for "
        "pedida. Para ler só o que mudou: o updatedAt da última linha lida; ela pode vir de novo",
    )
    updatedTo = InstantFilter("updated_at", "lte", "Mudadas até este momento (ISO 8601)")


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
