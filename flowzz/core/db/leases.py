"""Work that one process at a time carries out: whoever has the row's lease, while its heart beats.

By the database's clock, which also writes heartbeats: a worker's may be ahead of it.
"""

import uuid
from datetime import timedelta
from typing import Any, Final, TypeVar

from django.db import models
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

EXPIRES: Final = timedelta(minutes=2)
"""Without a heartbeat for this long, whoever holds a lease counts as dead."""

LeasedT = TypeVar("LeasedT", bound="Leased")


class LeaseLost(Exception):
    """Somebody else has taken the work over, or it was ended: nothing of the step at hand stays."""


class Leased(models.Model):
    """A row of such work. Its state is its room's to move; the functions below keep the lease."""

    lease = models.UUIDField("posse", null=True, editable=False)
    heartbeat_at = models.DateTimeField("sinal de vida", null=True, blank=True)

    class Meta:
        abstract = True


def is_abandoned() -> Q:
    return Q(heartbeat_at__lt=Now() - EXPIRES)


def acquire(free: "QuerySet[Any]", **changes: object) -> bool:
    """Get the lease of a row, unless it is free no more; say whether that went well."""
    return bool(free.update(lease=uuid.uuid4(), heartbeat_at=Now(), **changes))


def owned(row: LeasedT) -> "QuerySet[LeasedT]":
    """The row, as long as its lease is the one that it was read with."""
    rows: QuerySet[LeasedT] = type(row)._default_manager.filter(pk=row.pk, lease=row.lease)
    return rows


def heartbeat(row: Leased, **changes: object) -> None:
    """Show that the work goes on, and how far it is; raises LeaseLost where it isn't ours now."""
    if not owned(row).update(heartbeat_at=Now(), **changes):
        raise LeaseLost


def release(row: Leased, **changes: object) -> bool:
    """End the work or put it off; False, and nothing done, where it isn't ours now."""
    return bool(owned(row).update(lease=None, **changes))
