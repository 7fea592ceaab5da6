"""Publish changes of integrations and sync runs to their users' event streams."""

import uuid
from functools import partial

from django.db import transaction
from django.utils.timezone import localtime

from flowzz.core.api.event_stream import Event, publish
from flowzz.core.db.jobs import JobState
from integrations import modes
from integrations.models import Integration, SyncRun


def publish_run(run_id: uuid.UUID) -> None:
    """Publish a run's progress after the commit; once it has ended, its integration too."""
    transaction.on_commit(partial(_publish_run, run_id), robust=True)


def publish_progress(run: SyncRun) -> None:
    """Publish the progress of a run under way, as this instance has it, after the commit."""
    update = partial(publish, run.integration.user_id, _run_event(run))
    transaction.on_commit(update, robust=True)


def publish_integration(integration_id: uuid.UUID, *, has_new_url: bool = False) -> None:
    """Publish an integration's status after the commit, and whether its webhook URL is another."""
    publish_now = partial(_publish_integration, integration_id, has_new_url=has_new_url)
    transaction.on_commit(publish_now, robust=True)


def _publish_run(run_id: uuid.UUID) -> None:
    run = SyncRun.objects.select_related("integration").get(id=run_id)
    events = [_run_event(run)]
    if not run.is_under_way:
        events.append(_integration_event(run.integration))
    publish(run.integration.user_id, *events)


def _publish_integration(integration_id: uuid.UUID, *, has_new_url: bool) -> None:
    integration = Integration.objects.get(id=integration_id)
    publish(integration.user_id, _integration_event(integration, has_new_url=has_new_url))


def _run_event(run: SyncRun) -> Event:
    data = {
        "id": str(run.id),
        "status": JobState(run.state).label.lower(),
        "page": run.pages,
        "processed": run.processed,
        "total": run.expected,
        "percent": run.percent,
        "error": run.error if run.is_postponed else None,
        "retryAt": localtime(run.not_before) if run.is_postponed else None,
    }
    return Event("sync", data)


def _integration_event(integration: Integration, *, has_new_url: bool = False) -> Event:
    data = {
        "id": str(integration.id),
        "source": integration.provider,
        "status": modes.effective_status(integration).label,
        "mode": modes.effective_mode(integration).value,
        "paused": integration.is_paused,
        "webhookUrlChanged": has_new_url,
    }
    return Event("integration", data)
