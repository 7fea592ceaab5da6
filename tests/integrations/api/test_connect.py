"""Connecting through the API to the sandbox, over HTTP."""

from typing import Any

import pytest
from pytest_django.fixtures import Settings

from flowzz.accounts.models import User
from flowzz.core.db.jobs import JobState
from integrations.models import Integration, IntegrationStatus, SyncRun, Trigger
from integrations.providers.coinzz import adapter
from integrations.providers.coinzz.api.client import CoinzzClient
from integrations.secrets import field_encryption
from integrations.webhooks import tokens
from tests.api_client import Frontend, error, invalid
from tests.factories import IntegrationFactory, UserFactory
from tests.sandbox.client import SandboxClient

pytestmark = pytest.mark.django_db

WEBHOOK_STATUS = {
    "connected": True,
    "status": "conectado",
    "state": "CONNECTED",
    "mode": "webhook",
    "modeNote": "As vendas chegam pelos webhooks: cole o endereço de webhook desta página em cada "
    "postback do Coinzz. As vendas de antes disso entram por um arquivo exportado do painel do "
    "Coinzz, em Importar vendas.",
    "paused": False,
    "apiKeyHint": "",
    "lastSyncAt": None,
    "lastSyncStatus": None,
    "lastSyncError": None,
    "currentSync": None,
    "health": {"score": 100, "reasons": []},
}


@pytest.fixture
def user() -> User:
    return UserFactory.create()


def connect(user: User, api_key: object, **more: object) -> Any:
    return Frontend(user).send("integrations/coinzz/connect", {"apiKey": api_key} | more)


def connection_failed(message: str) -> tuple[int, Any]:
    return 400, error("COINZZ_CONNECTION_FAILED", message)


def status_and_body(response: Any) -> tuple[int, Any]:
    return response.status_code, response.json()


def test_valid_key_connects_and_starts_the_first_sync(user: User, coinzz: SandboxClient) -> None:
    key = coinzz.sandbox.api_key()

    response = connect(user, f" {key} ")

    integration = Integration.objects.get(user=user)
    run = SyncRun.objects.get(integration=integration)
    assert (run.trigger, run.state) == (Trigger.INITIAL, JobState.QUEUED)
    assert field_encryption.decrypt(integration, "api_key") == key
    assert response.status_code == 200
    body = response.json()
    assert body["message"] == "Integração Coinzz conectada com sucesso"
    assert body["success"] is True
    created, updated = body["data"].pop("createdAt"), body["data"].pop("updatedAt")
    assert created.endswith("-03:00")
    assert updated.endswith("-03:00")
    assert body["data"] == {
        "id": str(integration.id),
        "provider": "coinzz",
        "connected": True,
        "status": "conectado",
        "state": "CONNECTED",
        "mode": "api",
        "modeNote": None,
        "paused": False,
        "apiKeyHint": f"8702|…{key[-3:]}",
        "lastSyncAt": None,
        "lastSyncStatus": None,
        "lastSyncError": None,
        "currentSync": {
            "id": str(run.id),
            "status": "na fila",
            "state": "QUEUED",
            "page": 0,
            "processed": 0,
            "total": None,
            "percent": None,
            "startedAt": None,
            "error": None,
            "retryAt": None,
        },
        "totalSalesSynced": 0,
        "webhookUrl": tokens.webhook_url(integration),
        "webhookNote": None,
        "ownerEmail": user.email,
        "lastWebhookAt": None,
        "health": {"score": 100, "reasons": []},
    }
    assert body["data"]["webhookUrl"].startswith("https://flowzz.test/webhooks/coinzz/")
    assert key not in response.content.decode()


def test_connecting_again_replaces_the_key_and_keeps_the_webhook_url(
    user: User, coinzz: SandboxClient
) -> None:
    first = connect(user, coinzz.sandbox.api_key()).json()["data"]

    second = connect(user, coinzz.sandbox.api_key("8704")).json()["data"]

    assert second["apiKeyHint"].startswith("8704|…")
    assert (second["id"], second["webhookUrl"]) == (first["id"], first["webhookUrl"])
    assert Integration.objects.count() == 1


@pytest.mark.parametrize(
    ("account", "message"),
    [
        ("4010", "API key inválida. Verifique nas configurações do Coinzz."),
        (
            "2000",
            "O Coinzz respondeu com uma página HTML em vez de dados. O endereço da API pode ter "
            "mudado: fale com o suporte do Flowzz. Você também pode conectar sem a chave, só por "
            "webhooks: as vendas novas chegam na hora, e as antigas entram por um arquivo.",
        ),
        (
            "3020",
            "O Coinzz redirecionou para outra página em vez de responder. Gere uma nova API key "
            "nas configurações do Coinzz e conecte novamente.",
        ),
        ("5000", "O Coinzz está com um erro interno (500). Tente novamente em alguns minutos."),
        (
            "4290",
            "O Coinzz limitou o número de consultas. Aguarde alguns minutos e tente novamente.",
        ),
        ("7000", "A resposta do Coinzz chegou incompleta. Tente novamente em alguns minutos."),
        (
            "7001",
            "A resposta do Coinzz não tem o formato esperado: faltam os produtos em `data`. "
            "Fale com o suporte do Flowzz.",
        ),
        (
            "7002",
            "Não foi possível falar com o Coinzz: a conexão falhou. "
            "Tente novamente em alguns minutos.",
        ),
    ],
)
def test_failed_connection_names_the_cause_and_stores_nothing(
    user: User, coinzz: SandboxClient, account: str, message: str
) -> None:
    assert status_and_body(connect(user, coinzz.sandbox.api_key(account))) == connection_failed(
        message
    )
    assert not Integration.objects.exists()
    assert not SyncRun.objects.exists()


def test_timeout_is_reported(
    user: User, coinzz: SandboxClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def impatient(**options: Any) -> CoinzzClient:
        return CoinzzClient(**options | {"read_timeout": 0.3})

    monkeypatch.setattr(adapter, "CoinzzClient", impatient)
    assert status_and_body(connect(user, coinzz.sandbox.api_key("6000"))) == connection_failed(
        "O Coinzz demorou demais para responder. Tente novamente em alguns minutos."
    )


def test_unreachable_coinzz_is_reported(user: User, settings: Settings) -> None:
    settings.COINZZ_API_URL = "http://127.0.0.1:1/api"
    assert status_and_body(connect(user, "8702|" + "x" * 48)) == connection_failed(
        "Não foi possível falar com o Coinzz: a conexão falhou. Tente novamente em alguns minutos."
    )


@pytest.mark.parametrize("account", ["4010", "5000"])
def test_failed_connection_does_not_change_an_existing_one(
    user: User, coinzz: SandboxClient, account: str
) -> None:
    connect(user, coinzz.sandbox.api_key())
    before = Integration.objects.values().get()

    assert connect(user, coinzz.sandbox.api_key(account)).status_code == 400

    assert Integration.objects.values().get() == before


def test_connecting_repairs_an_integration_in_error(user: User, coinzz: SandboxClient) -> None:
    integration = IntegrationFactory.create(user=user, status=IntegrationStatus.ERROR)
    assert connect(user, coinzz.sandbox.api_key()).json()["data"]["status"] == "conectado"
    integration.refresh_from_db()
    assert integration.is_connected


@pytest.mark.parametrize(
    ("api_key", "reason"),
    [
        ("8702|curta", "API Key deve ter no mínimo 20 caracteres"),
        ("8702|" + "x" * 496, "API Key deve ter no máximo 500 caracteres"),
        ("", "API Key é obrigatória"),
        (None, "API Key é obrigatória"),
        (["8702"], "Não é uma string válida."),
        (True, "Não é uma string válida."),
        ("8702|" + "x" * 20 + "\x00", "Caracteres nulos não são permitidos."),
    ],
)
def test_invalid_key_is_a_validation_error(user: User, api_key: object, reason: str) -> None:
    assert status_and_body(connect(user, api_key)) == (400, invalid("apiKey", reason))


@pytest.mark.parametrize(
    "pasted",
    [
        '"{}"',
        "'{}' ",
        "“{}”",
        "Bearer {}",
        "bearer  {}",
        '"Bearer {}"',
        "\u200b{}\ufeff",
        "Bearer \u2060{}",
        "\t{}\n",
        "\xa0{}",
    ],
)
def test_pasted_key_is_cleaned(user: User, coinzz: SandboxClient, pasted: str) -> None:
    key = coinzz.sandbox.api_key()
    assert connect(user, pasted.format(key)).status_code == 200
    assert field_encryption.decrypt(Integration.objects.get(), "api_key") == key


def test_length_of_a_key_is_that_of_the_cleaned_one(user: User) -> None:
    short = "Bearer " + "x" * 19
    assert status_and_body(connect(user, short)) == (
        400,
        invalid("apiKey", "API Key deve ter no mínimo 20 caracteres"),
    )


def test_missing_key_is_a_validation_error(user: User) -> None:
    response = Frontend(user).send("integrations/coinzz/connect")
    assert status_and_body(response) == (400, invalid("apiKey", "API Key é obrigatória"))


def test_key_with_a_lone_surrogate_is_a_validation_error(user: User) -> None:
    body = rb'{"apiKey": "8702|aaaaaaaaaaaaaaaaaaaa\ud800"}'
    response = Frontend(user).post(
        "/api/v1/integrations/coinzz/connect", body, content_type="application/json"
    )
    assert response.status_code == 400
    assert [detail["field"] for detail in response.json()["details"]] == ["apiKey"]


def test_key_that_a_header_cannot_contain_is_refused(user: User, coinzz: SandboxClient) -> None:
    assert status_and_body(connect(user, "8702|" + "é" * 48)) == connection_failed(
        "API key inválida. Verifique nas configurações do Coinzz."
    )


def test_other_webhook_url_is_stored_as_a_note(user: User, coinzz: SandboxClient) -> None:
    key = coinzz.sandbox.api_key()
    proxy = "https://proxy.exemplo.com.br/coinzz?x=1"

    assert connect(user, key, webhookUrl=proxy).json()["data"]["webhookNote"] == proxy
    assert Integration.objects.get().custom_webhook_url == proxy
    connect(user, key)
    connect(user, key, webhookUrl=None)
    assert Integration.objects.get().custom_webhook_url == proxy
    connect(user, key, webhookUrl=tokens.webhook_url(Integration.objects.get()))
    assert Integration.objects.get().custom_webhook_url == ""


@pytest.mark.parametrize(
    "url", ["nada", "ftp://exemplo.com.br/x", "javascript:alert(1)", "https://"]
)
def test_webhook_url_must_be_valid(user: User, url: str) -> None:
    response = connect(user, "8702|" + "x" * 48, webhookUrl=url)
    assert status_and_body(response) == (
        400,
        invalid("webhookUrl", "Informe um endereço http(s) válido"),
    )


def connect_by_webhooks(user: User, **more: object) -> Any:
    return Frontend(user).send("integrations/coinzz/connect", {"mode": "webhook"} | more)


def test_webhook_mode_connects_without_a_key(user: User, coinzz: SandboxClient) -> None:
    response = connect_by_webhooks(user, webhookUrl="https://proxy.exemplo.com.br/x")

    integration = Integration.objects.get(user=user)
    assert response.status_code == 200
    body = response.json()
    assert body["message"] == "Integração Coinzz conectada: vendas por webhook"
    data = body["data"]
    assert {name: data[name] for name in WEBHOOK_STATUS} == WEBHOOK_STATUS
    assert data["webhookUrl"] == tokens.webhook_url(integration)
    assert data["webhookNote"] == "https://proxy.exemplo.com.br/x"
    assert (integration.mode, integration.api_key) == ("webhook", "")
    assert integration.connected_at is not None
    assert SyncRun.objects.count() == 0
    assert coinzz.control("GET", "stats")["accounts"] == {}


def test_webhook_mode_keeps_the_key_the_data_and_the_url(user: User, coinzz: SandboxClient) -> None:
    key = coinzz.sandbox.api_key()
    before = connect(user, key).json()["data"]
    Integration.objects.update(
        status=IntegrationStatus.ERROR,
        last_sync_status="error",
        last_sync_error="API key inválida.",
        sales_synced=120,
    )

    data = connect_by_webhooks(user).json()["data"]

    assert {name: data[name] for name in WEBHOOK_STATUS if name != "apiKeyHint"} == {
        name: value for name, value in WEBHOOK_STATUS.items() if name != "apiKeyHint"
    }
    kept = ("id", "webhookUrl", "apiKeyHint", "createdAt")
    assert [data[name] for name in kept] == [before[name] for name in kept]
    assert data["totalSalesSynced"] == 120
    assert field_encryption.decrypt(Integration.objects.get(), "api_key") == key
    assert SyncRun.objects.get().state == JobState.CANCELLED


def test_key_switches_back_to_the_api(user: User, coinzz: SandboxClient) -> None:
    connect_by_webhooks(user)

    body = connect(user, coinzz.sandbox.api_key()).json()

    assert body["message"] == "Integração Coinzz conectada com sucesso"
    assert (body["data"]["mode"], body["data"]["modeNote"]) == ("api", None)
    assert SyncRun.objects.get().trigger == Trigger.INITIAL


def test_webhook_mode_reconnects_a_disconnected_integration(user: User) -> None:
    IntegrationFactory.create(user=user, status=IntegrationStatus.DISCONNECTED)
    assert connect_by_webhooks(user).json()["data"]["status"] == "conectado"


@pytest.mark.parametrize("key", ["8702|" + "x" * 48, "curta", "", None])
def test_webhook_mode_takes_no_key(user: User, key: object) -> None:
    assert status_and_body(connect_by_webhooks(user, apiKey=key)) == (
        400,
        invalid("apiKey", "No modo webhook, não envie a API Key"),
    )
    assert not Integration.objects.exists()


@pytest.mark.parametrize("mode", ["WEBHOOK", "file", "", 1, None, ["webhook"], {}])
def test_unknown_mode_is_a_validation_error(user: User, mode: object) -> None:
    response = connect(user, "8702|" + "x" * 48, mode=mode)
    assert response.status_code == 400
    assert [detail["field"] for detail in response.json()["details"]] == ["mode"]
    assert not Integration.objects.exists()


def test_mode_api_needs_a_key(user: User, coinzz: SandboxClient) -> None:
    response = Frontend(user).send("integrations/coinzz/connect", {"mode": "api"})
    assert status_and_body(response) == (400, invalid("apiKey", "API Key é obrigatória"))
    assert connect(user, coinzz.sandbox.api_key(), mode="api").json()["data"]["mode"] == "api"


def test_api_switched_off_by_staff_is_webhook_mode_for_everybody(
    user: User, coinzz: SandboxClient, settings: Settings
) -> None:
    settings.COINZZ_API_ENABLED = False

    body = connect(user, coinzz.sandbox.api_key()).json()

    assert body["message"] == "Integração Coinzz conectada: vendas por webhook"
    assert (body["data"]["mode"], body["data"]["currentSync"]) == ("webhook", None)
