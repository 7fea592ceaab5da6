"""Celery tasks do what they are named after."""

import pytest

from integrations import tasks
from integrations.models import Alert, AlertKind, Integration, Trigger
from integrations.sync import runs
from tests.sandbox.client import SandboxClient

pytestmark = pytest.mark.django_db


def test_sync_with_a_refused_key_opens_an_alert_at_once(
    integration: Integration, coinzz: SandboxClient
) -> None:
    coinzz.control("POST", "faults", fault="status:401")
    run = runs.request_run(integration, Trigger.USER)

    tasks.run_sync(str(run.id))

    alert = Alert.objects.get(resolved_at=None)
    assert (alert.kind, alert.integration) == (AlertKind.KEY_REFUSED, integration)
