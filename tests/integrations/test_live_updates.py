"""Live updates about an integration and its runs."""

import json
from datetime import timedelta
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # its types are not installed
import yaml
from django.utils import timezone
from pytest_django.fixtures import DjangoCaptureOnCommitCallbacks

from flowzz.core.api.event_stream import stream
from flowzz.core.api.schema.views import DOCUMENT
from integrations import connection
from integrations.live_updates import publish_run
from integrations.models import Integration, SyncRun, Trigger
from integrations.sync import runs
from integrations.webhooks import tokens


def published(user_id: Any, after: str) -> list[dict[str, Any]]:
    lines = stream.read(user_id, after)[0].decode().splitlines()
    return [json.loads(line.removeprefix("data: ")) for line in lines if line[:5] == "data:"]


def check_event(name: str, data: dict[str, Any]) -> None:
    """Compare an event's data with the API's document. Raises ValidationError."""
    document = yaml.load(DOCUMENT.read_bytes(), yaml.CSafeLoader)
    component = f"{name.capitalize()}StreamData"
    schema = {"$ref": f"#/components/schemas/{component}", "components": document["components"]}
    jsonschema.validate(data, schema)
    assert {*data} == {*document["components"]["schemas"][component]["properties"]}


def test_progress_of_a_run_and_status_of_the_integration_are_published(
    integration: Integration, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    _, start = stream.read(integration.user_id, "")
    with django_capture_on_commit_callbacks(execute=True):
        run = runs.request_run(integration, Trigger.USER)
    with django_capture_on_commit_callbacks(execute=True):
        runs.execute(run.id)
    with django_capture_on_commit_callbacks(execute=True):
        connection.pause(integration)

    text = stream.read(integration.user_id, start)[0].decode()
    for block in text.strip().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines())
        check_event(fields["event"], json.loads(fields["data"]))
    names = [line.removeprefix("event: ") for line in text.splitlines() if line[:6] == "event:"]
    data = [line.removeprefix("data: ") for line in text.splitlines() if line[:5] == "data:"]
    assert {*names} == {"sync", "sales", "integration"}
    assert data[0] == (
        f'{{"id":"{run.id}","status":"na fila","page":0,"processed":0,"total":null,"percent":null,'
        '"error":null,"retryAt":null}'
    )
    assert f'"id":"{run.id}","status":"concluída"' in text
    assert '"percent":100' in text
    assert data[-1] == (
        f'{{"id":"{integration.id}","source":"coinzz","status":"conectado","mode":"api",'
        '"paused":true,"webhookUrlChanged":false}'
    )


def test_new_webhook_url_is_published_without_the_url(
    integration: Integration, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    _, start = stream.read(integration.user_id, "")
    with django_capture_on_commit_callbacks(execute=True):
        tokens.rotate_token(integration)
    assert published(integration.user_id, start) == [
        {
            "id": str(integration.id),
            "source": "coinzz",
            "status": "conectado",
            "mode": "api",
            "paused": False,
            "webhookUrlChanged": True,
        }
    ]


def test_postponed_run_is_published_with_its_cause_and_the_next_attempt(
    integration: Integration, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    run = runs.request_run(integration, Trigger.USER)
    not_before = timezone.localtime() + timedelta(minutes=5)
    SyncRun.objects.filter(id=run.id).update(not_before=not_before, error="Fora do ar.")
    _, start = stream.read(integration.user_id, "")
    with django_capture_on_commit_callbacks(execute=True):
        publish_run(run.id)
    (event,) = published(integration.user_id, start)
    assert (event["error"], event["retryAt"]) == ("Fora do ar.", not_before.isoformat())
