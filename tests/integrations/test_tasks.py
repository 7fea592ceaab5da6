"""Celery tasks do what they are named after."""

import pytest

from integrations import api_availability, tasks
from integrations.models import Alert, AlertKind, Integration, Trigger
from integrations.sync import runs
from tests.factories import IntegrationFactory
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


def test_apis_are_tried_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    key = {"mode": "webhook", "api_key": "cifrada"}
    expected = [str(row.id) for row in IntegrationFactory.create_batch(3, **key)]
    IntegrationFactory.create(mode="webhook")  # without a key
    tried, enqueued = list[str](), list[str]()
    monkeypatch.setattr(api_availability, "try_api", lambda id_: tried.append(str(id_)))
    monkeypatch.setattr(tasks.try_apis, "delay", enqueued.append)

    tasks.try_apis()
    for integration_id in enqueued:  # grows
        tasks.try_apis(integration_id)

    assert tried == enqueued == expected
