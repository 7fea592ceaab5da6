"""Status, disconnecting, rotating, and the list of integrations."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.utils import timezone

from flowzz.core.db.jobs import JobState
from integrations.models import (
    EventState,
    Integration,
    IntegrationStatus,
    SyncRun,
    WebhookEvent,
    WebhookToken,
)
from integrations.webhooks import tokens
from integrations.webhooks.tokens import hash_token
from tests.api_client import Frontend, error, invalid
from tests.factories import IntegrationFactory, SyncRunFactory, UserFactory
from tests.integrations.sellers import post

pytestmark = pytest.mark.django_db
NOT_FOUND = error("COINZZ_NOT_FOUND", "Integração Coinzz não encontrada")


@pytest.fixture
def integration() -> Integration:
    return IntegrationFactory.create(connected_at=timezone.now())


@pytest.fixture
def frontend(integration: Integration) -> Frontend:
    return Frontend(integration.user)


def status(frontend: Frontend) -> Any:
    return frontend.fetch("integrations/coinzz/status").json()["data"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "status"),
        ("post", "sync"),
        ("get", "sync/01a20a8b-a3b7-7101-88c4-7b75d314ea3e"),
        ("post", "disconnect"),
        ("patch", "status"),
        ("post", "webhook/rotate"),
    ],
)
def test_missing_integration_is_not_found(integration: Integration, method: str, path: str) -> None:
    other = Frontend(UserFactory.create())
    response = getattr(other, method)(f"/api/v1/integrations/coinzz/{path}")
    assert (response.status_code, response.json()) == (404, NOT_FOUND)
    assert Frontend().get("/api/v1/integrations/coinzz/status").status_code == 401


def test_status_shows_the_last_sync(integration: Integration, frontend: Frontend) -> None:
    Integration.objects.update(
        last_sync_at=datetime(2026, 3, 2, 15, 30, tzinfo=UTC),
        last_sync_status="error",
        last_sync_error="O Coinzz demorou demais.",
        last_webhook_at=datetime(2026, 3, 2, 16, tzinfo=UTC),
        sales_synced=1234,
        status=IntegrationStatus.ERROR,
    )

    data = status(frontend)

    assert data["lastSyncAt"] == "2026-03-02T12:30:00-03:00"
    assert data["lastSyncStatus"] == "error"
    assert data["lastSyncError"] == "O Coinzz demorou demais."
    assert data["lastWebhookAt"] == "2026-03-02T13:00:00-03:00"
    assert data["totalSalesSynced"] == 1234
    assert (data["connected"], data["status"]) == (False, "erro")


@pytest.mark.parametrize("statement", range(1, 12))
def test_run_that_ends_during_the_request_is_shown_running_or_with_its_result(
    integration: Integration, frontend: Frontend, statement: int
) -> None:
    SyncRunFactory.create(integration=integration, state=JobState.RUNNING)
    executed = 0

    def end_run(execute: Any, *arguments: Any) -> Any:
        nonlocal executed
        result = execute(*arguments)
        executed += 1
        if executed == statement:
            SyncRun.objects.update(state=JobState.SUCCEEDED)
            Integration.objects.update(last_sync_status="success")
        return result

    with connection.execute_wrapper(end_run):
        data = status(frontend)

    assert data["currentSync"] is not None or data["lastSyncStatus"] == "success"


def test_status_shows_the_progress_of_the_run(integration: Integration, frontend: Frontend) -> None:
    run = SyncRunFactory.create(
        integration=integration,
        state=JobState.RUNNING,
        started_at=datetime(2026, 3, 2, 15, tzinfo=UTC),
        pages=2,
        processed=400,
        total=5_000,
        sales_limit=1_000,
    )
    SyncRunFactory.create(integration=integration, state=JobState.SUCCEEDED)

    assert status(frontend)["currentSync"] == {
        "id": str(run.id),
        "status": "em andamento",
        "state": "RUNNING",
        "page": 2,
        "processed": 400,
        "total": 1_000,
        "percent": 40,
        "startedAt": "2026-03-02T12:00:00-03:00",
        "error": None,
        "retryAt": None,
    }


def test_health_is_of_this_integration_only(integration: Integration, frontend: Frontend) -> None:
    def event(of: Integration, state: EventState, minutes: int) -> None:
        WebhookEvent.objects.create(
            integration=of,
            provider="coinzz",
            body_hash=b"",
            state=state,
            received_at=timezone.now() - timedelta(minutes=minutes),
        )

    event(IntegrationFactory.create(), EventState.QUARANTINED, 1)
    event(integration, EventState.DONE, 60)
    event(integration, EventState.PENDING, 1)
    assert status(frontend)["health"] == {"score": 100, "reasons": []}

    event(integration, EventState.PENDING, 6)
    event(integration, EventState.QUARANTINED, 1)
    assert status(frontend)["health"] == {
        "score": 70,
        "reasons": [
            "1 aviso de venda em análise pela nossa equipe. Nada se perdeu, e você não precisa "
            "fazer nada.",
            "Suas vendas mais novas estão guardadas, mas ainda não aparecem: o processamento está "
            "atrasado, e nossa equipe já cuida disso.",
        ],
    }


def test_disconnecting_deletes_the_key_and_cancels_the_run(
    integration: Integration, frontend: Frontend
) -> None:
    Integration.objects.update(api_key="aa:bb", api_key_hint="8702|…k01")
    run = SyncRunFactory.create(integration=integration)

    response = frontend.send("integrations/coinzz/disconnect")

    assert response.status_code == 200
    assert response.json()["message"] == "Integração Coinzz desconectada com sucesso"
    data = response.json()["data"]
    assert (data["connected"], data["status"]) == (False, "desconectado")
    assert (data["apiKeyHint"], data["currentSync"]) == ("", None)
    assert data["health"]["score"] == 0
    run.refresh_from_db()
    assert run.state == JobState.CANCELLED
    assert Integration.objects.get(id=integration.id).api_key == ""
    assert frontend.send("integrations/coinzz/disconnect").status_code == 200


def test_rotation_creates_a_new_url_and_the_old_one_expires_later(
    integration: Integration, frontend: Frontend
) -> None:
    old = status(frontend)["webhookUrl"]

    response = frontend.send("integrations/coinzz/webhook/rotate")

    assert response.json()["message"] == (
        "Novo endereço de webhook criado; o anterior vale por mais 24 horas"
    )
    new = response.json()["data"]["webhookUrl"]
    assert new != old
    assert status(frontend)["webhookUrl"] == new == tokens.webhook_url(integration)
    expiry = WebhookToken.objects.get(token_hash=hash_token(old.rsplit("/", 1)[1])).expires_at
    assert expiry is not None
    assert abs(expiry - timezone.now() - timedelta(hours=24)) < timedelta(minutes=1)


def test_list_contains_the_users_own_integrations_in_any_status() -> None:
    mine = IntegrationFactory.create(status=IntegrationStatus.DISCONNECTED)
    IntegrationFactory.create()

    body = Frontend(mine.user).fetch("integrations").json()

    assert [row["id"] for row in body.pop("data")] == [str(mine.id)]
    assert body == {"success": True, "next": None, "previous": None}
    assert Frontend(UserFactory.create()).fetch("integrations").json()["data"] == []


DAMAGED = ["", "zz", "a:b:c", "00" * 16 + ":" + "00" * 16 + ":" + "00" * 32, "\U0001f600" * 40]


@pytest.mark.parametrize("stored", DAMAGED)
def test_unreadable_webhook_token_harms_only_its_address(
    integration: Integration, frontend: Frontend, stored: str
) -> None:
    path = urlsplit(tokens.webhook_url(integration)).path
    WebhookToken.objects.update(token=stored)
    other = IntegrationFactory.create(provider="coinzz")

    shown = status(frontend)
    assert (shown["webhookUrl"], shown["status"], shown["health"]) == (
        None,
        "conectado",
        {
            "score": 90,
            "reasons": [
                "O endereço de webhook não pode mais ser mostrado. O que você já usa continua "
                "recebendo; para ver um endereço, crie outro e troque-o na plataforma."
            ],
        },
    )
    listed = frontend.fetch("integrations").json()["data"]
    assert [row["webhookUrl"] for row in listed] == [None]
    assert status(Frontend(other.user))["webhookUrl"] == tokens.webhook_url(other)
    assert post(path, b"{}").status_code == 200

    connected = frontend.send("integrations/coinzz/connect", {"mode": "webhook"})
    assert (connected.status_code, connected.json()["data"]["webhookUrl"]) == (200, None)
    rotated = frontend.send("integrations/coinzz/webhook/rotate").json()["data"]
    assert rotated["webhookUrl"] == tokens.webhook_url(integration)
    assert rotated["health"] == {"score": 100, "reasons": []}
    assert post(path, b"{}").status_code == 200


def test_owner_email_is_the_logins_until_another_one_is_set(
    integration: Integration, frontend: Frontend
) -> None:
    assert status(frontend)["ownerEmail"] == integration.user.email

    path = "/api/v1/integrations/coinzz/status"
    response = frontend.patch(path, {"ownerEmail": "Na.Coinzz@example.com"}, format="json")

    body = response.json()
    assert (response.status_code, body["data"]["ownerEmail"]) == (200, "na.coinzz@example.com")
    assert body["message"] == "E-mail salvo; as comissões das vendas são recalculadas"
    assert status(frontend)["ownerEmail"] == "na.coinzz@example.com"

    frontend.patch(path, {"ownerEmail": None}, format="json")
    assert status(frontend)["ownerEmail"] == integration.user.email


def test_owner_email_has_to_be_an_email(integration: Integration, frontend: Frontend) -> None:
    path = "/api/v1/integrations/coinzz/status"
    response = frontend.patch(path, {"ownerEmail": "loja"}, format="json")
    assert response.json() == invalid("ownerEmail", "Informe um e-mail válido.")
    assert status(frontend)["ownerEmail"] == integration.user.email
