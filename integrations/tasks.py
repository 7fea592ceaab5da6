"""Celery tasks: each takes ids and calls one function. All may run twice."""

import time
from contextlib import suppress
from uuid import UUID

import structlog
from celery import shared_task

from flowzz import heartbeat
from integrations import (
    activity,
    alerts,
    bulk,
    imports,
    inbox,
    retention,
    rhythm,
    spool,
    sync,
    volume,
    wake,
)
from integrations import watch as rules

FAIR_SECONDS = 5.0
"""How long one integration may keep a worker while others wait."""


@shared_task
def drain_inbox(integration_id: str) -> None:
    """Apply an integration's events until none is left or its time is over.

    What the spool still holds came before what is in the inbox, so it is moved there first.
    """
    structlog.contextvars.bind_contextvars(integration_id=integration_id)
    id_ = UUID(integration_id)
    wake.awake(id_)
    deadline = time.monotonic() + FAIR_SECONDS
    try:
        while spool.empty() or inbox.drain(id_):
            if time.monotonic() > deadline:
                wake.inbox(id_)
                return
    except spool.SpoolBusy:
        wake.inbox(id_)


@shared_task
def run_sync(run_id: str) -> None:
    sync.execute(UUID(run_id))


@shared_task
def run_bulk(action_id: str) -> None:
    """Carry a bulk action on until it is done or its time is over."""
    id_ = UUID(action_id)
    deadline = time.monotonic() + FAIR_SECONDS
    while bulk.step(id_):
        if time.monotonic() > deadline:
            wake.bulk(id_)
            return


@shared_task
def run_import(import_id: str) -> None:
    imports.execute(UUID(import_id))


@shared_task
def sweep() -> None:
    """Find the work whose wake-up was lost, and what has become due."""
    with suppress(spool.SpoolBusy):
        spool.empty()
    for integration_id in inbox.integrations_with_work():
        wake.inbox(integration_id)
    sync.start_due()
    for run_id in sync.runs_with_work():
        run_sync.delay(str(run_id))
    for action_id in bulk.abandoned():
        run_bulk.delay(str(action_id))
    for import_id in imports.waiting():
        run_import.delay(str(import_id))
    alerts.mail_pending()


@shared_task
def schedule_syncs() -> None:
    sync.schedule_all()


@shared_task
def watch() -> None:
    rules.watch()


@shared_task
def measure() -> None:
    activity.measure()


@shared_task
def recount() -> None:
    activity.recount()


@shared_task
def learn_rhythms() -> None:
    rhythm.learn()
    volume.forget()


@shared_task
def pulse() -> None:
    """Show that beat sends, and a worker carries out, what was sent."""
    heartbeat.beat("worker")


@shared_task
def purge_payloads() -> None:
    """Remove the bodies that are past retention, a small transaction at a time."""
    while retention.purge():
        pass
    imports.purge()
