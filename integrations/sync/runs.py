"""Sync runs, from the request to the moved cursor.

Pages are applied and checkpointed in one transaction, while the next ones are fetched. A run that
another worker takes over resumes at the page after its last checkpoint; so does one whose turn is
over.
"""

import math
import time
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from threading import Event

import structlog
from django.conf import settings
from django.db import IntegrityError, reset_queries, transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from flowzz.core.db import jobs
from flowzz.core.db.jobs import UNDER_WAY, JobState
from flowzz.core.formatting import format_number
from flowzz.core.redis_metrics import Counter, record
from integrations import dispatch, live_updates, modes
from integrations.models import Integration, IntegrationStatus, SyncRun, Trigger
from integrations.providers.errors import (
    CircuitOpen,
    IntegrationError,
    KeyRefused,
    UnexpectedResponse,
)
from integrations.providers.registry import get_provider
from integrations.runtime_settings import SYNC_INITIAL_AGE, SYNC_INITIAL_SALES, SYNC_OVERLAP
from integrations.secrets import field_encryption, key_rotation
from integrations.sync.breaker import breaker_for
from integrations.sync.pages import COUNTERS, apply_pages, apply_received_webhooks
from integrations.sync.reading import ItemReader, PagesAhead, read_pages

log = structlog.stdlib.get_logger(__name__)

RUNS = Counter("flowzz_sync_runs", "Attempts of sync runs; `queued` was postponed.", "result")
MAX_ATTEMPTS = 3
BACKOFF = timedelta(seconds=60)
MIN_UNREADABLE = 5
"""So many sales of a run, if all are unreadable, are no sales but a changed API."""
TURN_SECONDS = 5.0
"""After this time a run leaves its worker to the others, and goes on when its turn comes again."""

Progress = Callable[[SyncRun], None]


class NotConnected(IntegrationError):
    """A sync was requested for an integration that is not connected."""

    code = "NOT_CONNECTED"


class Paused(NotConnected):
    """A sync was requested for an integration that staff paused."""


class SyncNotAvailable(IntegrationError):
    """A sync was requested for an integration in webhook mode."""

    code = "SYNC_NOT_AVAILABLE"


class RunUnderWay(IntegrationError):
    """A full sync was requested while another run is under way."""

    code = "SYNC_IN_PROGRESS"


class InternalSyncError(IntegrationError):
    """An unexpected error in our code or in the database. A retry may succeed."""

    code = "SYNC_FAULT"
    permanent = False

    def __init__(self, fault: str) -> None:
        super().__init__(f"Falha interna na sincronização ({fault}).")


class WorkerLost(IntegrationError):
    """The run's workers ended again and again at the same page."""

    code = "WORKER_LOST"


def request_run(integration: Integration, trigger: Trigger, *, is_full: bool = False) -> SyncRun:
    """Create and enqueue a run, or return the run that is already under way.

    Raises NotConnected, SyncNotAvailable, Paused, or RunUnderWay if `is_full` and another run is
    under way.
    """
    is_in_use = modes.effective_status(integration) == IntegrationStatus.CONNECTED
    if is_in_use and not modes.uses_api(integration):
        raise SyncNotAvailable(
            "Esta integração funciona só com webhooks e arquivos: não há o que sincronizar."
        )
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
        if other is None:  # the other run ended after the INSERT
            return request_run(integration, trigger, is_full=is_full)
        if is_full:
            raise RunUnderWay("Já há uma sincronização em andamento.") from None
        run = other
    live_updates.publish_run(run.id)
    transaction.on_commit(partial(dispatch.enqueue_run, run.id))
    return run


def _extent(integration: Integration, *, is_full: bool) -> tuple[datetime | None, int | None]:
    """Return the time from which sales are fetched and the maximum number of sales."""
    if is_full:
        return None, None
    if integration.sync_cursor is None:
        return timezone.now() - SYNC_INITIAL_AGE.value(), SYNC_INITIAL_SALES.value()
    # A cursor in the future is of a database whose clock was set back: it would skip sales.
    return min(integration.sync_cursor, timezone.now()) - SYNC_OVERLAP.value(), None


def is_under_way(integration: Integration) -> bool:
    return integration.runs.filter(state__in=UNDER_WAY).exists()


def cancel(runs: "QuerySet[SyncRun]") -> int:
    """Cancel the runs among `runs` that are under way and return their number."""
    ids = jobs.cancel(runs)
    for run_id in ids:
        live_updates.publish_run(run_id)
    return len(ids)


def execute(
    run_id: uuid.UUID, *, turn_seconds: float = math.inf, on_progress: Progress | None = None
) -> None:
    """Carry out a run, unless another worker does. Errors are stored in the run, not raised.

    The run is queued again after the page that ends later than its turn.
    """
    run = jobs.acquire(SyncRun.objects.select_related("integration__user"), run_id)
    if run is None:
        return
    if not modes.is_synced(run.integration):  # disconnected, paused or switched off meanwhile
        cancel(SyncRun.objects.filter(id=run_id))
        return
    live_updates.publish_run(run_id)

    def work(run: SyncRun) -> None:
        if _sync_pages(run, time.monotonic() + turn_seconds, on_progress):
            _require_readable(run)
            _succeed(run)
        else:
            _end_turn(run)

    with structlog.contextvars.bound_contextvars(
        integration_id=str(run.integration_id), run_id=str(run_id)
    ):
        jobs.run(run, work, _fail, expected=(IntegrationError,))
        if on_progress:
            on_progress(SyncRun.objects.get(id=run_id))


def _sync_pages(run: SyncRun, deadline: float, on_progress: Progress | None) -> bool:
    """Store the pages that follow the checkpoint; return False if the turn ended before the last.

    The turn also ends if received webhooks wait for longer than a page may wait for them.
    """
    integration = run.integration
    for secret in key_rotation.secrets_of(integration):
        key_rotation.rewrite(secret)
    api_key = field_encryption.decrypt(integration, "api_key")
    provider = get_provider(integration.provider)
    stop = Event()
    client = provider.client(
        api_key, breaker=breaker_for(provider.name), stop=stop, page_size=settings.SYNC_PAGE_SIZE
    )
    pages = read_pages(run, client, ItemReader(integration))
    is_complete = False
    with PagesAhead(pages, stop=stop, deadline=deadline) as ahead:
        for batch in ahead.batches(run.keep_alive):
            if not apply_received_webhooks(run):
                return False
            apply_pages(run, batch)
            if settings.DEBUG:
                reset_queries()  # Django keeps all statements until then
            if on_progress:
                on_progress(run)
            is_complete = batch[-1].is_last
    return is_complete


def _end_turn(run: SyncRun) -> None:
    if run.release(JobState.QUEUED):
        live_updates.publish_run(run.id)
        dispatch.enqueue_run(run.id)


def _require_readable(run: SyncRun) -> None:
    """Raise UnexpectedResponse if no sale of several could be read: the cursor must not move."""
    if run.errors == run.processed >= MIN_UNREADABLE:
        label = get_provider(run.integration.provider).label
        raise UnexpectedResponse(
            f"Nenhuma das {format_number(run.processed)} vendas que o {label} listou pôde ser "
            "lida. Fale com o suporte do Flowzz."
        )


def _succeed(run: SyncRun) -> None:
    """Finish the run and move the cursor to the run's start, in one commit."""
    with transaction.atomic():
        _lock_integration(run)
        changes = {"cursor_to": F("started_at"), "error_code": "", "error": ""}
        if not _release(run, JobState.SUCCEEDED, finished_at=Now(), **changes):
            return
        _record_outcome(run, "success", sync_cursor=run.started_at)
    counts = {name: getattr(run, name) for name in COUNTERS}
    log.info("sync_succeeded", cursor_from=run.cursor_from, cursor_to=run.started_at, **counts)


def _fail(run: SyncRun, cause: Exception) -> None:
    """Requeue the run if a retry can help, otherwise end the run."""
    if isinstance(cause, jobs.TooManyTakeovers):
        cause = WorkerLost(
            f"A sincronização parou {jobs.MAX_TAKEOVERS} vezes no mesmo ponto, porque o processo "
            "que a fazia terminou. Fale com o suporte do Flowzz."
        )
    error = (
        cause if isinstance(cause, IntegrationError) else InternalSyncError(type(cause).__name__)
    )
    log.warning("sync_failed", code=error.code, message=error.message, attempt=run.attempts + 1)
    details = {"error_code": error.code, "error": error.message}
    retry_after = timedelta(seconds=error.retry_after or 0)
    if isinstance(error, CircuitOpen):
        _requeue(run, retry_after or BACKOFF, **details)
    elif not error.permanent and run.attempts + 1 < MAX_ATTEMPTS:
        wait = max(retry_after, BACKOFF * 2**run.attempts)
        _requeue(run, wait, attempts=run.attempts + 1, **details)
    else:
        _give_up(run, error, details)


def _requeue(run: SyncRun, wait: timedelta, **changes: object) -> None:
    _release(run, JobState.QUEUED, not_before=Now() + wait, **changes)


def _give_up(run: SyncRun, error: IntegrationError, details: dict[str, str]) -> None:
    """Fail the run, or requeue it if its API key was replaced while it ran."""
    is_key_refused = isinstance(error, KeyRefused)
    with transaction.atomic():
        integration = _lock_integration(run)
        if is_key_refused and integration.api_key_set_at != run.integration.api_key_set_at:
            _requeue(run, timedelta())
            return
        changes = {"finished_at": Now(), "attempts": run.attempts + 1, **details}
        if not _release(run, JobState.FAILED, **changes):
            return
        _record_outcome(run, "error", error.message)
        if is_key_refused:
            integration.status, integration.next_sync_at = IntegrationStatus.ERROR, None
            integration.save(update_fields=["status", "next_sync_at", "updated_at"])


def _lock_integration(run: SyncRun) -> Integration:
    """Lock the integration before its run, as connecting and disconnecting do: no deadlock."""
    return Integration.objects.select_for_update(no_key=True).get(id=run.integration_id)


def _record_outcome(run: SyncRun, status: str, error: str = "", **changes: object) -> None:
    Integration.objects.filter(id=run.integration_id).update(
        last_sync_at=Now(), last_sync_status=status, last_sync_error=error, **changes
    )


def _release(run: SyncRun, state: JobState, **changes: object) -> bool:
    if not run.release(state, **changes):
        return False
    transaction.on_commit(partial(record, RUNS.increments({state.lower(): 1})), robust=True)
    live_updates.publish_run(run.id)
    return True
