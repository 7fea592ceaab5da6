"""Celery tasks: each takes ids and calls one function. A task that runs twice does no harm."""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from uuid import UUID

import structlog
from celery import shared_task
from django.db import OperationalError

from flowzz.core.db import jobs
from flowzz.core.workers import heartbeat
from integrations import api_availability, dispatch, seller_erasure
from integrations.bulk_actions import bulk_jobs
from integrations.imports import import_jobs
from integrations.inbox import drain
from integrations.inbox import retention as inbox_retention
from integrations.models import BulkAction, SalesImport, SyncRun
from integrations.monitoring import alert_mails, alert_rules, baseline, hourly_stats
from integrations.sync import retention as sync_retention
from integrations.sync import runs, schedule
from integrations.webhooks import fallback_buffer, known_tokens, refusals

log = structlog.stdlib.get_logger(__name__)

MAX_ERASURE_SECONDS = 30.0
RETENTION_RETRIES: dict[str, Any] = {"max_retries": 30, "default_retry_delay": 600}
"""A lock can be held for hours, by a dump of the database for one; in seconds."""
MAX_TURN_SECONDS = 0.1
"""How long a drain goes on with webhooks that arrive meanwhile, before others take a turn."""


@shared_task
def drain_inbox(integration_id: str) -> None:
    """Drain an integration's inbox: a batch, and what has arrived meanwhile.

    The rest takes its turn behind the others' batches.
    """
    structlog.contextvars.bind_contextvars(integration_id=integration_id)
    id_, turn_ends_at = UUID(integration_id), time.monotonic() + MAX_TURN_SECONDS
    while True:
        dispatch.begin_drain(id_)
        try:
            is_waiting = _drain_batch(id_)
        finally:
            has_arrived = dispatch.end_drain(id_)
        if is_waiting or (has_arrived and time.monotonic() > turn_ends_at):
            dispatch.enqueue_next_drain(id_)
            return
        if not has_arrived:
            return


def _drain_batch(integration_id: UUID) -> bool:
    """Drain a batch; return whether more events are waiting."""
    try:
        return fallback_buffer.drain_in_order(integration_id).is_more_due
    except fallback_buffer.BufferBusy:
        return True


@shared_task
def run_sync(run_id: str) -> None:
    runs.execute(UUID(run_id), turn_seconds=runs.TURN_SECONDS)
    api_availability.react_to_run(UUID(run_id))


@shared_task
def try_apis(after: str = "") -> None:
    """Try the API of the next integration in webhook mode, and enqueue the one after it.

    `after` is the id of the integration that was tried last; empty for the first one. One at a
    time: thousands of slow answers must not occupy all workers.
    """
    untried = api_availability.untried_integrations().order_by("id")
    rest = untried.filter(id__gt=UUID(after)) if after else untried
    if integration_id := rest.values_list("id", flat=True).first():
        api_availability.try_api(integration_id)
        try_apis.delay(str(integration_id))


@shared_task
def run_bulk_action(action_id: str) -> None:
    bulk_jobs.execute(UUID(action_id))


@shared_task
def run_import(import_id: str) -> None:
    import_jobs.execute(UUID(import_id))


@shared_task
def enqueue_due_work() -> None:
    """Enqueue due work, and work whose message was lost or whose worker died."""
    with suppress(fallback_buffer.BufferBusy):
        fallback_buffer.flush_to_inbox()
    known_tokens.restore()
    waiting = drain.integrations_with_work()
    if jobs.has_fewer_messages(drain_inbox, len(waiting)):
        for integration_id in waiting:
            dispatch.enqueue_drain(integration_id)
    schedule.start_due()
    jobs.enqueue_claimable(run_sync, SyncRun)
    jobs.enqueue_claimable(run_bulk_action, BulkAction)
    jobs.enqueue_claimable(run_import, SalesImport)
    alert_mails.send_pending()


@shared_task
def schedule_syncs() -> None:
    schedule.schedule_all()


@shared_task
def evaluate_alert_rules() -> None:
    alert_rules.evaluate_alert_rules()


@shared_task
def update_hourly_stats() -> None:
    refusals.store_counts()
    hourly_stats.update_hourly_stats()


@shared_task
def recount_hourly_stats() -> None:
    hourly_stats.recount_hourly_stats()


@shared_task
def update_baselines() -> None:
    baseline.update_baselines()
    hourly_stats.delete_old_webhook_counts()


@shared_task
def record_heartbeat() -> None:
    """Prove that beat sends tasks and that a worker runs them."""
    heartbeat.record("control")


@shared_task(autoretry_for=(OperationalError,), **RETENTION_RETRIES)
def delete_old_records() -> None:
    """Delete rows that only record work, past RECORD_RETENTION."""
    _run_all(inbox_retention.delete_old_events, sync_retention.delete_old_runs)


@shared_task(autoretry_for=(OperationalError,), **RETENTION_RETRIES)
def delete_expired_payloads() -> None:
    """Create the partitions of coming periods; delete payloads past retention."""
    _run_all(
        inbox_retention.create_partitions,
        inbox_retention.delete_expired_payloads,
        inbox_retention.delete_unrouted,
    )


@shared_task
def delete_expired_previews() -> None:
    import_jobs.delete_expired_previews()


def _run_all(*steps: Callable[[], object]) -> None:
    """Run each step, also if one before it can't have its lock; then raise its error."""
    errors = []
    for step in steps:
        try:
            step()
        except OperationalError as error:
            log.warning("retention_postponed", step=step.__name__, cause=type(error).__name__)
            errors.append(error)
    if errors:
        raise errors[0]


@shared_task
def continue_seller_erasures() -> None:
    seller_erasure.continue_erasures(MAX_ERASURE_SECONDS)
