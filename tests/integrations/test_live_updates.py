"""Live updates about an integration and its runs."""

from pytest_django.fixtures import DjangoCaptureOnCommitCallbacks

from flowzz.core.api.event_stream import stream
from integrations import connection
from integrations.models import Integration, Trigger
from integrations.sync import runs


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
    names = [line.removeprefix("event: ") for line in text.splitlines() if line[:6] == "event:"]
    data = [line.removeprefix("data: ") for line in text.splitlines() if line[:5] == "data:"]
    assert {*names} == {"sync", "sales", "integration"}
    assert data[0] == (
        f'{{"id":"{run.id}","status":"na fila","page":0,"processed":0,"total":null,"percent":null}}'
    )
    assert f'"id":"{run.id}","status":"concluída"' in text
    assert '"percent":100' in text
    assert data[-1] == (
        f'{{"id":"{integration.id}","source":"coinzz","status":"conectado","mode":"api",'
        '"paused":true}'
    )
