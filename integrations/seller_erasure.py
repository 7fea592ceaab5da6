"""Delete a seller's account with all data (LGPD): first the account is closed, then rows go.

Rows are deleted in batches, those that refer to others first, so that no transaction is long. An
erasure that was interrupted continues where it stopped. What stays: staff's audit log, which has
ids alone.
"""

import time
import uuid
from collections.abc import Iterator
from typing import Any, Final

import structlog
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from clients.models import Client, ClientMerge, MergeSuggestion
from flowzz.accounts.models import LoginSession, User
from flowzz.core.api.event_stream import stream
from flowzz.core.db.locks import lock_user
from flowzz.core.models import DataVersion
from integrations import connection
from integrations.models import (
    EventFailure,
    Integration,
    SyncFinding,
    SyncRun,
    WebhookEvent,
    WebhookPayload,
    WebhookToken,
)
from sales.exports import export_jobs
from sales.models import (
    AffiliationRequest,
    DailyClientStat,
    DailyStat,
    DailyTotal,
    DirtyDay,
    Sale,
    SaleMerge,
    SaleStatusChange,
    Subscription,
    SubscriptionCycle,
)

BATCH: Final = 2_000

log = structlog.stdlib.get_logger(__name__)


class NotASeller(Exception):
    """A member of staff: the audit log names who did what."""

    def __init__(self) -> None:
        super().__init__(
            "Esta pessoa é ou foi da equipe: o registro de ações diz o que ela fez. Desative a "
            "conta."
        )


def close_account(user: User) -> None:
    """Let nobody log in or send webhooks for the user any more. Raises NotASeller."""
    if user.is_staff or user.is_superuser or user.actions.exists():
        raise NotASeller
    with transaction.atomic():
        lock_user(user.id)
        user.is_active = False
        user.erasure_requested_at = user.erasure_requested_at or timezone.now()
        user.save(update_fields=["is_active", "erasure_requested_at"])
        LoginSession.objects.filter(user=user).delete()
        for integration in Integration.objects.filter(user=user):
            connection.disconnect(integration, drains=False)
        WebhookToken.objects.filter(integration__user=user).delete()


def erase(user_id: uuid.UUID, *, seconds: float | None = None) -> bool:
    """Delete the rows of a closed account, for `seconds` at most; return whether all are gone."""
    deadline = time.monotonic() + seconds if seconds is not None else None
    for rows in _rows_of(user_id):
        while _delete_batch(user_id, rows):
            if deadline is not None and time.monotonic() > deadline:
                return False
    export_jobs.discard_files()  # they may contain the seller's rows
    with transaction.atomic():
        lock_user(user_id)
        User.objects.filter(id=user_id, erasure_requested_at__isnull=False).delete()
    stream.delete(user_id)
    log.info("seller_erased", user_id=str(user_id))
    return True


def continue_erasures(seconds: float) -> None:
    """Go on with the erasures that were requested."""
    deadline = time.monotonic() + seconds
    requested = User.objects.filter(erasure_requested_at__isnull=False)
    for user_id in requested.order_by("erasure_requested_at").values_list("id", flat=True):
        if not erase(user_id, seconds=max(0.0, deadline - time.monotonic())):
            return


def _rows_of(user_id: uuid.UUID) -> Iterator["QuerySet[Any]"]:
    """Yield the tables that grow; the account's deletion cascades to the small ones."""
    events = WebhookEvent.objects.filter(integration__user_id=user_id)
    yield WebhookPayload.objects.filter(event__integration__user_id=user_id)
    yield EventFailure.objects.filter(event__integration__user_id=user_id)
    yield events
    yield SyncFinding.objects.filter(run__integration__user_id=user_id)
    yield SyncRun.objects.filter(integration__user_id=user_id)
    yield SubscriptionCycle.objects.filter(subscription__user_id=user_id)
    yield SaleStatusChange.objects.filter(sale__user_id=user_id)
    yield SaleMerge.objects.filter(sale__user_id=user_id)
    yield Sale.objects.filter(user_id=user_id)
    yield Subscription.objects.filter(user_id=user_id)
    yield AffiliationRequest.objects.filter(user_id=user_id)
    yield MergeSuggestion.objects.filter(first__user_id=user_id)
    yield ClientMerge.objects.filter(source__user_id=user_id)
    yield Client.objects.filter(user_id=user_id, merged_into__isnull=False)
    yield Client.objects.filter(user_id=user_id)
    # Last: a deleted sale marks its day, and raises the version of the data.
    for model in (DirtyDay, DailyTotal, DailyStat, DailyClientStat, DataVersion):
        yield model.objects.filter(user_id=user_id)


def _delete_batch(user_id: uuid.UUID, rows: "QuerySet[Any]") -> int:
    with transaction.atomic():
        lock_user(user_id)  # no sale is recorded meanwhile
        batch = list(rows.order_by().values_list("pk", flat=True)[:BATCH])
        if batch:
            chosen = rows.model._base_manager.filter(pk__in=batch)
            chosen._raw_delete(chosen.db)
    return len(batch)
