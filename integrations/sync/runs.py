"""The pull: runs of an integration, from the request to the moved cursor.

Page by page: fetch, apply, commit, checkpoint. A run belongs to whoever holds its lease, and
a lease without a heartbeat for two minutes can be taken over; it goes on at the run's page.
"""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import structlog
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce, Now
from django.utils import timezone

from flowzz.core.db import leases
from integrations import dispatch, live_updates
from integrations.models import (
    AlertKind,
    Integration,
    IntegrationStatus,
    RunState,
    SyncRun,
    Trigger,
)
from integrations.models.runs import UNDER_WAY
from integrations.monitoring import alerts, event_metrics
from integrations.providers.errors import CircuitOpen, IntegrationError, KeyRefused
from integrations.providers.registry import get_provider
from integrations.runtime_settings import SYNC_INITIAL_AGE, SYNC_INITIAL_SALES, SYNC_OVERLAP
from integrations.secrets import field_encryption, key_rotation
from integrations.sync.breaker import breaker_for
from integrations.sync.pages import apply_page, pages_of

log = structlog.stdlib.get_logger(__name__)

MAX_ATTEMPTS = 3
BACKOFF = timedelta(seconds=60)

Progress = Callable[[SyncRun], None]


class NotConnected(IntegrationError):
    """A sync was asked for while the integration is not connected."""

    code = "NOT_CONNECTED"


class Paused(NotConnected):
    """A sync was asked for while staff have paused the integration."""


class RunUnderWay(IntegrationError):
    """A full sync was asked for while another run is under way."""

    code = "SYNC_IN_PROGRESS"


class InternalSyncError(IntegrationError):
    """A fault of our own, or of the database's; it may pass."""

    code = "SYNC_FAULT"
    permanent = False

    def __init__(self, fault: str) -> None:
        super().__init__(f"Falha interna na sincronização ({fault}).")


def request_run(integration: Integration, trigger: Trigger, *, is_full: bool = False) -> SyncRun:
    """Ask for a run; a normal one joins the one under way.

    Raises NotConnected or Paused, and RunUnderWay where a full one would have to join another.
    """
    if not integration.is_connected:
        raise NotConnected("A integração não está conectada.")
    if integration.is_paused:
        raise Paused("A integração está pausada pela equipe. Retome antes de sincronizar.")
    since, limit = _extent(integration, is_full=is_full)
    run = SyncRun(
        integration=integration,
        trigger=trigger,
        is_full=is_full,
        cursor_from=since,
        sales_limit=limit,
    )
    try:
        with transaction.atomic():
            run.save(force_insert=True)
    except IntegrityError:
        other = SyncRun.objects.filter(integration=integration, state__in=UNDER_WAY).first()
        if other is None:  # it has ended since
            return request_run(integration, trigger, is_full=is_full)
        if is_full:
            raise RunUnderWay("Já há uma sincronização em andamento.") from None
        run = other
    live_updates.run_moved(run.id)
    transaction.on_commit(partial(dispatch.enqueue_run, run.id))
    return run


def _extent(integration: Integration, *, is_full: bool) -> tuple[datetime | None, int | None]:
    if is_full:
        return None, None
    if integration.sync_cursor is None:
        return timezone.now() - SYNC_INITIAL_AGE.value(), SYNC_INITIAL_SALES.value()
    return integration.sync_cursor - SYNC_OVERLAP.value(), None


def schedule_all() -> int:
    """Give every connected integration its moment within the coming hour; return how many."""
    count = 0
    spread = settings.SYNC_SPREAD.total_seconds()
    connected = Integration.objects.filter(
        status=IntegrationStatus.CONNECTED, paused_at=None, next_sync_at__isnull=True
    )
    for integration in connected.only("id").iterator(chunk_size=1000):
        offset = timedelta(seconds=integration.id.int % 10_000 / 10_000 * spread)
        count += Integration.objects.filter(id=integration.id).update(next_sync_at=Now() + offset)
    return count


def start_due() -> int:
    """Ask for the scheduled runs whose moment has come; return how many."""
    due = Integration.objects.filter(next_sync_at__lte=Now())
    started = 0
    for integration in due:
        claimed = Integration.objects.filter(
            id=integration.id, next_sync_at=integration.next_sync_at
        ).update(next_sync_at=None)
        if claimed and integration.is_connected and not integration.is_paused:
            request_run(integration, Trigger.SCHEDULE)
            started += 1
    return started


def claimable_ids() -> list[uuid.UUID]:
    """Runs that nobody carries out: waiting for their moment, or abandoned by a dead worker."""
    return list(SyncRun.objects.filter(_claimable()).values_list("id", flat=True))


def is_under_way(integration: Integration) -> bool:
    return SyncRun.objects.filter(integration=integration, state__in=UNDER_WAY).exists()


def cancel_runs(integration: Integration) -> int:
    """Cancel what an integration has under way; return how many runs that were."""
    return _cancel(SyncRun.objects.filter(integration=integration))


def cancel_run(run: SyncRun) -> bool:
    """Cancel a run, if it is still under way; say whether it was."""
    return bool(_cancel(SyncRun.objects.filter(id=run.id)))


def _cancel(runs: "QuerySet[SyncRun]") -> int:
    """A page being applied is rolled back, earlier ones stay, and the cursor doesn't move."""
    runs = runs.filter(state__in=UNDER_WAY)
    ids = list(runs.values_list("id", flat=True))
    count = runs.update(state=RunState.CANCELLED, lease=None, finished_at=timezone.now())
    for run_id in ids:
        live_updates.run_moved(run_id)
    return count


def execute(run_id: uuid.UUID, *, on_progress: Progress | None = None) -> None:
    """Carry out a run, unless somebody else does. Failures end up in the run, not here."""
    run = _acquire(run_id)
    if run is None:
        return
    with structlog.contextvars.bound_contextvars(
        integration_id=str(run.integration_id), run_id=str(run_id)
    ):
        try:
            _pull(run, on_progress)
        except leases.LeaseLost:
            log.warning("sync_lease_lost")
        except IntegrationError as error:
            _fail(run, error)
        except Exception as error:
            log.exception("sync_fault")
            _fail(run, InternalSyncError(type(error).__name__))
        else:
            _succeed(run)
        if on_progress:
            on_progress(SyncRun.objects.get(id=run_id))


def _claimable() -> Q:
    waiting = Q(state=RunState.QUEUED) & (Q(not_before=None) | Q(not_before__lte=Now()))
    return waiting | Q(state=RunState.RUNNING) & leases.is_abandoned()


def _acquire(run_id: uuid.UUID) -> SyncRun | None:
    """Get the lease of a run that is free, or nothing."""
    free = SyncRun.objects.filter(_claimable(), id=run_id)
    begun = {"started_at": Coalesce(F("started_at"), Now()), "not_before": None}
    if not leases.acquire(free, state=RunState.RUNNING, **begun):
        return None
    live_updates.run_moved(run_id)
    return SyncRun.objects.select_related("integration__user").get(id=run_id)


def _pull(run: SyncRun, on_progress: Progress | None) -> None:
    integration = run.integration
    for secret in key_rotation.secrets_of(integration):
        key_rotation.rewrite(secret)
    api_key = field_encryption.decrypt(integration, "api_key")
    provider = get_provider(integration.provider)
    with provider.client(
        api_key,
        breaker=breaker_for(provider.name),
        on_attempt=partial(leases.heartbeat, run),
        page_size=settings.SYNC_PAGE_SIZE,
    ) as client:
        for page in pages_of(run, client):
            apply_page(run, page)
            if on_progress:
                on_progress(run)


def _succeed(run: SyncRun) -> None:
    """End the run and move the cursor to its start, in one commit."""
    with transaction.atomic():
        lock_integration(run)
        done = {"finished_at": Now(), "cursor_to": F("started_at"), "error_code": "", "error": ""}
        if not _end(run, state=RunState.SUCCEEDED, **done):
            return
        record_outcome(run, "success", sync_cursor=run.started_at)
    log.info("sync_succeeded", processed=run.processed, created=run.created, errors=run.errors)


def _fail(run: SyncRun, error: IntegrationError) -> None:
    """Postpone the run where trying again can help, else end it."""
    log.warning("sync_failed", code=error.code, attempt=run.attempts + 1)
    told = {"error_code": error.code, "error": error.message}
    asked, backoff = timedelta(seconds=error.retry_after or 0), BACKOFF * 2**run.attempts
    if isinstance(error, CircuitOpen):
        _postpone(run, asked or BACKOFF, **told)
    elif not error.permanent and run.attempts + 1 < MAX_ATTEMPTS:
        _postpone(run, max(asked, backoff), attempts=run.attempts + 1, **told)
    else:
        _give_up(run, error, told)


def _postpone(run: SyncRun, wait: timedelta, **changes: object) -> None:
    _end(run, state=RunState.QUEUED, not_before=Now() + wait, **changes)


def _give_up(run: SyncRun, error: IntegrationError, told: dict[str, str]) -> None:
    """End the run; where its key was refused but has been renewed meanwhile, let it go on."""
    is_refused = isinstance(error, KeyRefused)
    with transaction.atomic():
        integration = lock_integration(run)
        if is_refused and integration.api_key_set_at != run.integration.api_key_set_at:
            _postpone(run, timedelta())
            return
        attempts = run.attempts + 1
        if not _end(run, state=RunState.FAILED, finished_at=Now(), attempts=attempts, **told):
            return
        record_outcome(run, "error", error.message)
        if is_refused:
            integration.status, integration.next_sync_at = IntegrationStatus.ERROR, None
            integration.save(update_fields=["status", "next_sync_at", "updated_at"])
            alerts.open_alert(
                integration,
                AlertKind.KEY_REFUSED,
                f"{error.message} Conecte a integração de novo com uma chave válida; "
                "até lá nenhuma sincronização é feita.",
            )


def lock_integration(run: SyncRun) -> Integration:
    """Lock the integration before its run, as connecting and disconnecting do: no deadlock."""
    return Integration.objects.select_for_update(no_key=True).get(id=run.integration_id)


def record_outcome(run: SyncRun, status: str, error: str = "", **changes: object) -> None:
    Integration.objects.filter(id=run.integration_id).update(
        last_sync_at=Now(), last_sync_status=status, last_sync_error=error, **changes
    )


def _end(run: SyncRun, *, state: RunState, **changes: object) -> bool:
    """Let go of the run, unless it has been taken from us."""
    if not leases.release(run, state=state, **changes):
        return False
    transaction.on_commit(partial(event_metrics.count_run, state), robust=True)
    live_updates.run_moved(run.id)
    return True
