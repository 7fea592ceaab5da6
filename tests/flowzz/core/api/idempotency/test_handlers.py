"""Repeated calls with the same `Idempotency-Key`: the same response, and no repeated effect."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection as database
from django.db.models import F
from django.utils import timezone
from pytest_django.fixtures import Settings
from rest_framework.test import APIRequestFactory

from flowzz.core import tasks
from flowzz.core.api.idempotency import calls
from flowzz.core.api.idempotency.handlers import hash_key, hash_request
from flowzz.core.models import IdempotentCall
from integrations import connection
from integrations.models import Integration, SalesImport, SyncRun, WebhookToken
from integrations.webhooks import tokens
from tests.api_client import Frontend, error, invalid
from tests.factories import IntegrationFactory, UserFactory

pytestmark = pytest.mark.django_db
KEY = "6c1f5a4e-3a0e-4c1e-9c5e-1f6a52f7b0d1"
ROTATE = "integrations/coinzz/webhook/rotate"
SYNC = "integrations/coinzz/sync"
IN_PROGRESS = error(
    "IDEMPOTENCY_IN_PROGRESS",
    "A primeira chamada com esta Idempotency-Key ainda está em andamento. "
    "Aguarde e repita com a mesma chave.",
)
REUSED = error(
    "IDEMPOTENCY_KEY_REUSED",
    "Esta Idempotency-Key já foi usada em outra requisição. "
    "Gere uma chave nova para cada ação do usuário.",
)


@pytest.fixture
def integration() -> Integration:
    return IntegrationFactory.create(connected_at=timezone.now())


@pytest.fixture
def frontend(integration: Integration) -> Frontend:
    return Frontend(integration.user)


def send(frontend: Frontend, path: str, body: Any = None, key: str = KEY) -> Any:
    return frontend.post(f"/api/v1/{path}", body, format="json", HTTP_IDEMPOTENCY_KEY=key)


def summarise(response: Any) -> tuple[int, Any, bool]:
    """Return status, body, and whether the response is a replay."""
    return (
        response.status_code,
        response.json(),
        response.headers.get("Idempotent-Replayed") == "true",
    )


def claim_and_die(integration: Integration) -> calls.Claim:
    """Claim the key of a rotation like a process that is killed before its response."""
    request: Any = APIRequestFactory().post(f"/api/v1/{ROTATE}")
    claimed = calls.claim(
        user_id=integration.user_id, key_hash=hash_key(KEY), request_hash=hash_request(request, {})
    )
    assert isinstance(claimed, calls.Claim)
    return claimed


def test_repeated_rotation_is_replayed_and_not_executed(frontend: Frontend) -> None:
    status, body, _ = summarise(send(frontend, ROTATE))
    assert (status, WebhookToken.objects.count()) == (200, 1)

    assert summarise(send(frontend, ROTATE)) == (200, body, True)
    assert summarise(send(frontend, f"{ROTATE}/")) == (200, body, True)
    assert WebhookToken.objects.count() == 1
    assert summarise(send(frontend, ROTATE, key="another"))[2] is False
    assert WebhookToken.objects.count() == 2


def test_repeated_sync_starts_no_second_run(settings: Settings, frontend: Frontend) -> None:
    settings.SYNC_WAIT_SECONDS = 0
    status, body, _ = summarise(send(frontend, SYNC, {}))
    SyncRun.objects.update(state="SUCCEEDED")

    assert status == 202
    assert summarise(send(frontend, SYNC, {})) == (202, body, True)
    assert SyncRun.objects.count() == 1


def test_repeated_connect_is_replayed_without_testing_the_key_again(
    frontend: Frontend, monkeypatch: pytest.MonkeyPatch, integration: Integration
) -> None:
    keys: list[str] = []

    def connect(*, api_key: str, **_: Any) -> Integration:
        keys.append(api_key)
        return integration

    monkeypatch.setattr(connection, "connect", connect)
    body = {"apiKey": "8702|uma-chave-comprida-k01", "webhookUrl": None}
    first = summarise(send(frontend, "integrations/coinzz/connect", body))
    again = summarise(send(frontend, "integrations/coinzz/connect", dict(reversed(body.items()))))

    assert (first[0], first[2]) == (200, False)
    assert again == (200, first[1], True)
    assert keys == [body["apiKey"]]


def test_repeated_file_is_imported_once() -> None:
    frontend = Frontend(UserFactory.create())

    def upload(price: str) -> Any:
        file = SimpleUploadedFile("vendas.csv", f"Pedido;Valor\nordnovo;{price}\n".encode())
        form = {"file": file, "preview": "true"}
        return summarise(frontend.post("/api/v1/sales/import", form, HTTP_IDEMPOTENCY_KEY=KEY))

    status, body, _ = upload("10,00")

    assert (status, body["data"]["salesCreated"]) == (200, 1)
    assert upload("10,00") == (200, body, True)
    assert upload("10,01") == (422, REUSED, False)
    row = SalesImport.objects.get()
    confirm = f"sales/import/{row.id}/confirm"
    done = summarise(send(frontend, confirm, key="confirm"))
    assert summarise(send(frontend, confirm, key="confirm")) == (200, done[1], True)


def test_refused_call_is_replayed() -> None:
    frontend = Frontend(UserFactory.create())
    status, body, _ = summarise(send(frontend, ROTATE))
    assert (status, body["error"]) == (404, "COINZZ_NOT_FOUND")
    assert summarise(send(frontend, ROTATE)) == (404, body, True)


@pytest.mark.parametrize(
    ("path", "body"),
    [(SYNC, {"forceFullSync": True}), (ROTATE, {}), ("integrations/coinzz/disconnect", None)],
)
def test_key_of_another_request_is_refused(
    settings: Settings, frontend: Frontend, path: str, body: Any
) -> None:
    settings.SYNC_WAIT_SECONDS = 0
    assert send(frontend, SYNC, {}).status_code == 202
    assert summarise(send(frontend, path, body)) == (422, REUSED, False)
    assert not WebhookToken.objects.filter(expires_at__isnull=False).exists()
    assert SyncRun.objects.count() == 1


def test_keys_of_different_users_are_independent(frontend: Frontend) -> None:
    other = IntegrationFactory.create()
    own, other_response = send(frontend, ROTATE), send(Frontend(other.user), ROTATE)
    assert [summarise(response)[2] for response in (own, other_response)] == [False, False]
    assert other_response.json()["data"]["id"] == str(other.id)


@pytest.mark.parametrize("key", ["", "x" * 256, "não", "a\tb"])
def test_invalid_key_is_refused(frontend: Frontend, key: str) -> None:
    reason = "Envie de 1 a 255 caracteres ASCII visíveis, como os de um UUID"
    expected = invalid("Idempotency-Key", reason)
    assert summarise(send(frontend, ROTATE, key=key)) == (400, expected, False)
    assert not WebhookToken.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_simultaneous_second_call_is_refused_for_now(
    frontend: Frontend, monkeypatch: pytest.MonkeyPatch
) -> None:
    has_started, may_finish = threading.Event(), threading.Event()
    rotate, responses = tokens.rotate_token, []

    def rotate_slowly(integration: Integration) -> None:
        has_started.set()
        assert may_finish.wait(10)
        rotate(integration)

    def first() -> None:
        responses.append(summarise(send(frontend, ROTATE)))
        database.close()

    monkeypatch.setattr(tokens, "rotate_token", rotate_slowly)
    thread = threading.Thread(target=first)
    thread.start()
    assert has_started.wait(10)
    second = send(frontend, ROTATE)
    may_finish.set()
    thread.join()

    assert summarise(second) == (409, IN_PROGRESS, False)
    assert second.headers["Retry-After"] == "2"
    assert (responses[0][0], responses[0][2]) == (200, False)
    assert summarise(send(frontend, ROTATE)) == (200, responses[0][1], True)
    assert WebhookToken.objects.count() == 1


def test_call_of_a_dead_process_can_be_claimed_after_its_duration(
    frontend: Frontend, integration: Integration
) -> None:
    dead_claim = claim_and_die(integration)
    assert summarise(send(frontend, ROTATE)) == (409, IN_PROGRESS, False)
    IdempotentCall.objects.update(claimed_until=F("claimed_until") - calls.CLAIM_DURATION)
    assert summarise(send(frontend, SYNC, {})) == (422, REUSED, False)

    status, body, is_replay = summarise(send(frontend, ROTATE))
    calls.store_response(dead_claim, calls.StoredResponse(200, b"of the first process"))
    calls.release(dead_claim)

    assert (status, is_replay) == (200, False)
    assert summarise(send(frontend, ROTATE)) == (200, body, True)
    assert WebhookToken.objects.count() == 1


def test_error_500_is_not_stored(frontend: Frontend, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: Integration) -> None:
        raise RuntimeError

    with monkeypatch.context() as patched:
        patched.setattr(tokens, "rotate_token", fail)
        assert send(frontend, ROTATE).status_code == 500
    status, body, _ = summarise(send(frontend, ROTATE))
    assert status == 200
    assert summarise(send(frontend, ROTATE)) == (200, body, True)
    assert WebhookToken.objects.count() == 1


def test_response_is_encrypted_for_its_row(frontend: Frontend) -> None:
    url = send(frontend, ROTATE).json()["data"]["webhookUrl"]
    send(frontend, ROTATE, key="another")
    row, other = IdempotentCall.objects.order_by("id")

    stored = b"".join(map(bytes, (row.encrypted_response or b"", row.key_hash, row.request_hash)))
    assert url.rsplit("/", 1)[1].encode() not in stored
    assert KEY.encode() not in stored
    IdempotentCall.objects.filter(id=other.id).update(encrypted_response=row.encrypted_response)
    with pytest.raises(InvalidTag):
        calls.claim(
            user_id=other.user_id,
            key_hash=bytes(other.key_hash),
            request_hash=bytes(other.request_hash),
        )


def test_key_can_be_reused_after_a_day(frontend: Frontend) -> None:
    send(frontend, ROTATE)
    IdempotentCall.objects.update(created_at=F("created_at") - timedelta(hours=24))
    assert summarise(send(frontend, ROTATE))[2] is False

    tasks.delete_expired_idempotent_calls()
    assert IdempotentCall.objects.count() == 1
    IdempotentCall.objects.update(created_at=F("created_at") - timedelta(hours=24))
    tasks.delete_expired_idempotent_calls()
    assert IdempotentCall.objects.count() == 0
