"""Celery tasks: each takes ids and calls one function. All may run twice."""

import time
from contextlib import suppress
from uuid import UUID

import structlog
from celery import shared_task

from flowzz.core import heartbeat
from flowzz.core.db import jobs
from integrations import dispatch
from integrations.bulk_actions import bulk_jobs
from integrations.imports import import_jobs
from integrations.inbox import drain, retention
from integrations.models import AlertKind, BulkAction, SalesImport, SyncRun
from integrations.monitoring import alert_mails, alert_rules, baseline, hourly_stats
from integrations.sync import runs, schedule
from integrations.webhooks import fallback_buffer

FAIR_SECONDS = 5.0
"""How long one integration may keep a worker while others wait."""


@shared_task
def drain_inbox(integration_id: str) -> None:
    """Apply an integration's events until none is left or its time is over.

    What the spool still holds came before what is in the inbox, so it is moved there first.
    """
    structlog.contextvars.bind_contextvars(integration_id=integration_id)
    id_ = UUID(integration_id)
    dispatch.clear_drain_flag(id_)
    deadline = time.monotonic() + FAIR_SECONDS
    try:
        while fallback_buffer.flush_to_inbox() or drain.drain(id_):
            if time.monotonic() > deadline:
                dispatch.enqueue_drain(id_)
                return
    except fallback_buffer.BufferBusy:
        dispatch.enqueue_drain(id_)


@shared_task
def run_sync(run_id: str) -> None:
    runs.execute(UUID(run_id))
    alert_rules.evaluate_alert_rule(AlertKind.KEY_REFUSED)  # report a refused key at once


@shared_task
def run_bulk(action_id: str) -> None:
    bulk_jobs.execute(UUID(action_id))


@shared_task
def run_import(import_id: str) -> None:
    import_jobs.execute(UUID(import_id))


@shared_task
def sweep() -> None:
    """Find the work whose wake-up was lost, and what has become due."""
    with suppress(fallback_buffer.BufferBusy):
        fallback_buffer.flush_to_inbox()
    for integration_id in drain.integrations_with_work():
        dispatch.enqueue_drain(integration_id)
    schedule.start_due()
    for run_id in jobs.claimable_ids(SyncRun):
        run_sync.delay(str(run_id))
    for action_id in jobs.claimable_ids(BulkAction):
        run_bulk.delay(str(action_id))
    for import_id in jobs.claimable_ids(SalesImport):
        run_import.delay(str(import_id))
    alert_mails.send_pending()


@shared_task
def schedule_syncs() -> None:
    schedule.schedule_all()


@shared_task
def watch() -> None:
    alert_rules.evaluate_alert_rules()


@shared_task
def measure() -> None:
    hourly_stats.update_hourly_stats()


@shared_task
def recount() -> None:
    hourly_stats.recount_hourly_stats()


@shared_task
def learn_rhythms() -> None:
    baseline.update_baselines()
    hourly_stats.delete_old_webhook_counts()


@shared_task
def pulse() -> None:
    """Show that beat sends, and a worker carries out, what was sent."""
    heartbeat.record("worker")


@shared_task
def purge_payloads() -> None:
    """Delete the payloads that are past retention; create the partitions of coming periods."""
    retention.create_partitions()
    retention.delete_expired_payloads()
    import_jobs.delete_expired_previews()
