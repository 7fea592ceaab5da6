"""Syncing through the API: waiting for a run, joining it, and its result."""

import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.utils import timezone
from pytest_django.fixtures import Settings

from flowzz.accounts.models import User
from flowzz.core.db.jobs import JobState, claimable_ids
from integrations import connection
from integrations.api import syncs
from integrations.models import (
    FindingKind,
    Integration,
    IntegrationStatus,
    SyncFinding,
    SyncRun,
    Trigger,
)
from integrations.providers.errors import KeyRefused, UnexpectedResponse
from integrations.secrets import field_encryption
from integrations.sync import runs
from tests.api_client import Frontend, error
from tests.factories import NOON, IntegrationFactory, SyncRunFactory, UserFactory
from tests.sandbox.client import SandboxClient

PATH = "integrations/coinzz/sync"


@pytest.fixture
def frontend(integration: Integration) -> Frontend:
    return Frontend(integration.user)


@pytest.fixture
def _no_waiting(settings: Settings) -> None:
    settings.SYNC_WAIT_SECONDS = 0


@contextmanager
def worker() -> Iterator[None]:
    """Execute the next run in another thread, as a worker does."""
    thread = threading.Thread(target=_work)
    thread.start()
    yield
    thread.join()


def _work() -> None:
    deadline = time.monotonic() + 60
    try:
        while time.monotonic() < deadline:
            if run_ids := claimable_ids(SyncRun):
                return runs.execute(run_ids[0])
            time.sleep(0.02)
    finally:
        database.close()


def status_and_body(response: Any) -> tuple[int, Any]:
    return response.status_code, response.json()


@pytest.mark.django_db(transaction=True)
def test_finished_run_has_its_counts(integration: Integration, frontend: Frontend) -> None:
    with worker():
        response = frontend.send(PATH)

    assert response.status_code == 200
    body = response.json()
    assert body["message"] == "Sincronização concluída: 120 vendas criadas, 0 atualizadas"
    run = SyncRun.objects.get()
    data = body["data"]
    assert data.pop("progress") == {
        "id": str(run.id),
        "status": "concluída",
        "state": "SUCCEEDED",
        "page": 3,
        "processed": 120,
        "total": 120,
        "percent": 100,
        "startedAt": timezone.localtime(run.started_at).isoformat(),
        "error": None,
        "retryAt": None,
    }
    assert run.finished_at is not None
    assert data == {
        "id": str(run.id),
        "success": True,
        "status": "concluída",
        "state": "SUCCEEDED",
        "salesProcessed": 120,
        "salesCreated": 120,
        "salesUpdated": 0,
        "salesUnchanged": 0,
        "errors": 0,
        "errorDetails": [],
        "syncedAt": timezone.localtime(run.finished_at).isoformat(),
        "error": None,
    }


@pytest.mark.django_db(transaction=True)
def test_refused_key_is_an_error(
    integration: Integration, frontend: Frontend, coinzz: SandboxClient
) -> None:
    field_encryption.encrypt(integration, "api_key", coinzz.sandbox.api_key("4010"))
    integration.save()

    with worker():
        response = frontend.send(PATH)

    assert status_and_body(response) == (
        400,
        error(
            "COINZZ_CONNECTION_FAILED", "API key inválida. Verifique nas configurações do Coinzz."
        ),
    )


@pytest.mark.django_db
@pytest.mark.usefixtures("_no_waiting")
def test_long_run_is_accepted_with_its_progress(
    integration: Integration, frontend: Frontend
) -> None:
    response = frontend.send(PATH)

    run = SyncRun.objects.get()
    assert (run.trigger, run.is_full) == (Trigger.USER, False)
    assert response.status_code == 202
    body = response.json()
    assert body["message"] == "Sincronização em andamento. Acompanhe o progresso."
    assert (body["data"]["id"], body["data"]["success"]) == (str(run.id), None)
    assert (body["data"]["status"], body["data"]["syncedAt"]) == ("na fila", None)
    assert body["data"]["progress"]["id"] == str(run.id)


@pytest.mark.django_db
@pytest.mark.usefixtures("_no_waiting")
def test_full_sync_has_no_cursor(integration: Integration, frontend: Frontend) -> None:
    assert frontend.send(PATH, {"forceFullSync": True}).status_code == 202
    run = SyncRun.objects.get()
    assert (run.is_full, run.cursor_from, run.sales_limit) == (True, None, None)


@pytest.mark.django_db
@pytest.mark.usefixtures("_no_waiting")
def test_normal_sync_joins_the_current_run_and_a_full_sync_does_not(
    integration: Integration, frontend: Frontend
) -> None:
    run = SyncRunFactory.create(integration=integration, state=JobState.RUNNING)

    assert frontend.send(PATH).json()["data"]["id"] == str(run.id)
    assert status_and_body(frontend.send(PATH, {"forceFullSync": True})) == (
        409,
        error("SYNC_IN_PROGRESS", "Já há uma sincronização em andamento. Aguarde o fim dela."),
    )
    assert SyncRun.objects.count() == 1


@pytest.mark.django_db
def test_postponed_run_is_returned_at_once(integration: Integration, frontend: Frontend) -> None:
    SyncRunFactory.create(
        integration=integration,
        not_before=timezone.now() + timedelta(minutes=1),
        error_code="PROVIDER_UNAVAILABLE",
        error="O Coinzz demorou demais.",
    )

    status, body = status_and_body(frontend.send(PATH))

    assert status == 202
    assert body["message"] == (
        "Sincronização adiada: O Coinzz demorou demais. Ela será tentada de novo sozinha."
    )
    assert body["data"]["error"] == "O Coinzz demorou demais."
    progress = frontend.fetch("integrations/coinzz/status").json()["data"]["currentSync"]
    not_before = SyncRun.objects.values_list("not_before", flat=True).get()
    assert not_before is not None
    assert (progress["error"], progress["retryAt"]) == (
        "O Coinzz demorou demais.",
        timezone.localtime(not_before).isoformat(),
    )


@pytest.mark.django_db
@pytest.mark.parametrize(
    "state", [IntegrationStatus.PENDING, IntegrationStatus.ERROR, IntegrationStatus.DISCONNECTED]
)
def test_only_a_connected_integration_syncs(state: IntegrationStatus) -> None:
    integration = IntegrationFactory.create(status=state)
    assert status_and_body(Frontend(integration.user).send(PATH)) == (
        400,
        error("COINZZ_NOT_CONNECTED", "Integração Coinzz não está conectada"),
    )
    assert not SyncRun.objects.exists()


@pytest.mark.django_db
def test_force_full_sync_must_be_a_boolean(integration: Integration, frontend: Frontend) -> None:
    status, body = status_and_body(frontend.send(PATH, {"forceFullSync": "talvez"}))
    assert (status, body["error"]) == (400, "VALIDATION_ERROR")
    assert [detail["field"] for detail in body["details"]] == ["forceFullSync"]
    assert not SyncRun.objects.exists()


@pytest.mark.django_db
@pytest.mark.usefixtures("_no_waiting")
def test_syncs_are_limited_by_user(
    settings: Settings, integration: Integration, frontend: Frontend
) -> None:
    settings.RATE_LIMIT_SYNC = "1/hour"
    assert frontend.send(PATH).status_code == 202
    response = frontend.send(PATH)
    assert (response.status_code, response.json()["error"]) == (429, "RATE_LIMITED")
    assert int(response.headers["Retry-After"]) >= 1
    assert frontend.fetch("integrations/coinzz/status").status_code == 200


@pytest.mark.django_db
@pytest.mark.usefixtures("_no_waiting")
def test_repeated_call_gets_its_first_response_when_the_limit_is_reached(
    settings: Settings, integration: Integration, frontend: Frontend
) -> None:
    settings.RATE_LIMIT_SYNC = "1/hour"
    url = f"/api/v1/{PATH}"
    responses = [frontend.post(url, headers={"Idempotency-Key": key}) for key in "112"]
    assert [response.status_code for response in responses] == [202, 202, 429]
    assert responses[1].content == responses[0].content


@pytest.mark.django_db
def test_webhook_mode_has_no_sync_and_its_request_is_not_counted(
    settings: Settings, integration: Integration, frontend: Frontend
) -> None:
    settings.RATE_LIMIT_SYNC = "1/hour"
    connection.stop_syncs(integration)
    for _ in range(2):
        assert status_and_body(frontend.send(PATH)) == (
            409,
            error(
                "SYNC_NOT_AVAILABLE",
                "Sua integração recebe as vendas só por webhooks: não há o que sincronizar. "
                "Para trazer vendas antigas, importe um arquivo.",
            ),
        )
    assert SyncRun.objects.count() == 0


@pytest.mark.django_db
@pytest.mark.usefixtures("_no_waiting")
def test_refused_syncs_are_not_counted(
    settings: Settings, integration: Integration, frontend: Frontend
) -> None:
    settings.RATE_LIMIT_SYNC = "2/hour"
    Integration.objects.update(status=IntegrationStatus.DISCONNECTED)
    assert [frontend.send(PATH).status_code for _ in range(3)] == [400] * 3
    Integration.objects.update(status=IntegrationStatus.CONNECTED)
    assert frontend.send(PATH, {"forceFullSync": "talvez"}).status_code == 400

    responses = [frontend.send(PATH) for _ in range(3)]

    assert [response.status_code for response in responses] == [202, 202, 429]
    remaining = [response.headers["RateLimit-Remaining"] for response in responses]
    assert remaining == ["1", "0", "0"]


@pytest.mark.django_db
def test_failed_run_has_its_errors(integration: Integration, frontend: Frontend) -> None:
    run = SyncRunFactory.create(
        integration=integration,
        state=JobState.FAILED,
        processed=3,
        unchanged=1,
        errors=2,
        error_code=KeyRefused.code,
        error="API key inválida.",
        finished_at=NOON,
    )
    for number in range(101):
        SyncFinding.objects.create(
            run=run, kind=FindingKind.ERROR, external_id=f"ord{number:03}", message="Sem preço."
        )
    SyncFinding.objects.create(run=run, kind=FindingKind.MISSED, external_id="ordmissed")

    status, body = status_and_body(frontend.fetch(f"{PATH}/{run.id}"))

    data = body["data"]
    assert status == 200
    assert (data["success"], data["status"], data["error"]) == (
        False,
        "falhou",
        "API key inválida.",
    )
    assert (data["salesProcessed"], data["salesUnchanged"], data["errors"]) == (3, 1, 2)
    assert data["syncedAt"] == "2026-03-02T12:00:00-03:00"
    assert len(data["errorDetails"]) == 100
    assert data["errorDetails"][0] == {"externalId": "ord000", "message": "Sem preço."}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("state", "error_code", "status", "message"),
    [
        (JobState.CANCELLED, "", 200, "Sincronização cancelada"),
        (
            JobState.FAILED,
            runs.InternalSyncError.code,
            500,
            "Erro interno. Tente novamente em alguns minutos.",
        ),
        (JobState.FAILED, UnexpectedResponse.code, 400, "O Coinzz recusou."),
    ],
)
def test_run_that_fails_or_is_cancelled_during_the_wait(
    integration: Integration,
    frontend: Frontend,
    monkeypatch: pytest.MonkeyPatch,
    state: JobState,
    error_code: str,
    status: int,
    message: str,
) -> None:
    def end(run: SyncRun) -> None:
        run.state, run.error_code, run.error = state, error_code, "O Coinzz recusou."

    monkeypatch.setattr(syncs, "wait_for", end)
    response = frontend.send(PATH)
    assert (response.status_code, response.json()["message"]) == (status, message)


@pytest.mark.django_db
def test_run_of_another_user_is_not_found(integration: Integration) -> None:
    run = SyncRunFactory.create(integration=integration)
    other: User = UserFactory.create()
    IntegrationFactory.create(user=other)
    assert status_and_body(Frontend(other).fetch(f"{PATH}/{run.id}")) == (
        404,
        error("NOT_FOUND", "Não encontrado."),
    )


@pytest.mark.django_db
def test_few_threads_wait_for_runs(
    frontend: Frontend, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No worker runs: each call that waits takes the time of a thread."""
    settings.SYNC_WAIT_SECONDS = 0.3
    waits: list[float] = []
    monkeypatch.setattr(time, "sleep", waits.append)
    first = frontend.send(PATH)
    assert (first.status_code, bool(waits)) == (202, True)

    waits.clear()
    run_id = uuid.UUID(first.json()["data"]["id"])
    for waiting in ({run_id}, {uuid.uuid4() for _ in range(syncs.MAX_WAITING)}):
        monkeypatch.setattr(syncs, "_waiting", waiting)
        assert frontend.send(PATH).status_code == 202
    assert waits == []
