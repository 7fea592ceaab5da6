"""What those who look on are told of an integration and its runs, once it is committed."""

import uuid
from functools import partial

from django.db import transaction

from flowzz.core.api.event_stream import Event, publish
from flowzz.core.db.jobs import JobState
from integrations.models import Integration, IntegrationStatus, SyncRun


def run_moved(run_id: uuid.UUID) -> None:
    """Tell how far a run is, and of its integration where it has ended."""
    transaction.on_commit(partial(_tell_run, run_id), robust=True)


def integration_moved(integration_id: uuid.UUID) -> None:
    transaction.on_commit(partial(_tell_integration, integration_id), robust=True)


def _tell_run(run_id: uuid.UUID) -> None:
    run = SyncRun.objects.select_related("integration").get(id=run_id)
    events = [_of_run(run)]
    if not run.is_under_way:
        events.append(_of_integration(run.integration))
    publish(run.integration.user_id, *events)


def _tell_integration(integration_id: uuid.UUID) -> None:
    integration = Integration.objects.get(id=integration_id)
    publish(integration.user_id, _of_integration(integration))


def _of_run(run: SyncRun) -> Event:
    data = {
        "id": str(run.id),
        "status": JobState(run.state).label.lower(),
        "page": run.pages,
        "processed": run.processed,
        "total": run.expected,
        "percent": run.percent,
    }
    return Event("sync", data)


def _of_integration(integration: Integration) -> Event:
    data = {
        "id": str(integration.id),
        "source": integration.provider,
        "status": IntegrationStatus(integration.status).label,
        "paused": integration.is_paused,
    }
    return Event("integration", data)
