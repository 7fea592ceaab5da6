"""Old runs are deleted with their findings; a run under way is not."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from flowzz.core.db.jobs import JobState
from integrations.models import FindingKind, Integration, SyncFinding, SyncRun
from integrations.sync import retention
from tests.factories import SyncRunFactory, id_at

pytestmark = pytest.mark.django_db


def run(integration: Integration, days: int, state: JobState) -> SyncRun:
    run: SyncRun = SyncRunFactory.create(
        id=id_at(timezone.now() - timedelta(days=days)), integration=integration, state=state
    )
    SyncFinding.objects.create(run=run, kind=FindingKind.ERROR, external_id=str(days))
    return run


def test_ended_runs_past_retention_are_deleted(
    integration: Integration, settings: Settings
) -> None:
    settings.RECORD_RETENTION = timedelta(days=50)
    run(integration, 52, JobState.SUCCEEDED)
    run(integration, 51, JobState.FAILED)
    kept = [run(integration, 60, JobState.QUEUED), run(integration, 49, JobState.SUCCEEDED)]

    assert (retention.delete_old_runs(), retention.delete_old_runs()) == (2, 0)

    assert set(SyncRun.objects.all()) == set(kept)
    assert set(SyncFinding.objects.values_list("external_id", flat=True)) == {"60", "49"}
