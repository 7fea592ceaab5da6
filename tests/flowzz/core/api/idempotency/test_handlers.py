"""The same `Idempotency-Key` again: the same answer, and nothing done twice."""

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
from flowzz.core.api.idempotency.request_keys import hash_key, hash_request
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


def told(response: Any) -> tuple[int, Any, bool]:
    """Status, body, and whether it was said to be a replay."""
    return (
        response.status_code,
        response.json(),
        response.headers.get("Idempotent-Replayed") == "true",
    )


def dies_in_flight(integration: Integration) -> calls.Claim:
    """Claim a rotation's key as a process does that is killed before its answer."""
    request: Any = APIRequestFactory().post(f"/api/v1/{ROTATE}")
    claimed = calls.claim(
        user_id=integration.user_id,
        key_hash=hash_key(KEY),
        request_hash=hash_request(request, {}),
    )
    assert isinstance(claimed, calls.Claim)
    return claimed


def test_rotation_is_answered_again_and_not_done_again(frontend: Frontend) -> None:
    status, body, _ = told(send(frontend, ROTATE))
    assert (status, WebhookToken.objects.count()) == (200, 1)

    assert told(send(frontend, ROTATE)) == (200, body, True)
    assert told(send(frontend, f"{ROTATE}/")) == (200, body, True)
    assert WebhookToken.objects.count() == 1
    assert told(send(frontend, ROTATE, key="another"))[2] is False
    assert WebhookToken.objects.count() == 2


def test_sync_is_one_run_even_after_its_end(settings: Settings, frontend: Frontend) -> None:
    settings.SYNC_WAIT_SECONDS = 0
    status, body, _ = told(send(frontend, SYNC, {}))
    SyncRun.objects.update(state="SUCCEEDED")

    assert status == 202
    assert told(send(frontend, SYNC, {})) == (202, body, True)
    assert SyncRun.objects.count() == 1


def test_connecting_again_is_answered_without_a_second_look_at_the_key(
    frontend: Frontend, monkeypatch: pytest.MonkeyPatch, integration: Integration
) -> None:
    keys: list[str] = []

    def connect(*, api_key: str, **_: Any) -> Integration:
        keys.append(api_key)
        return integration

    monkeypatch.setattr(connection, "connect", connect)
    body = {"apiKey": "8702|uma-chave-comprida-k01", "webhookUrl": None}
    first = told(send(frontend, "integrations/coinzz/connect", body))
    again = told(send(frontend, "integrations/coinzz/connect", dict(reversed(body.items()))))

    assert (first[0], first[2]) == (200, False)
    assert again == (200, first[1], True)
    assert keys == [body["apiKey"]]


def test_file_sent_again_is_one_import() -> None:
    frontend = Frontend(UserFactory.create())

    def upload(price: str) -> Any:
        file = SimpleUploadedFile("vendas.csv", f"Pedido;Valor\nordnovo;{price}\n".encode())
        form = {"file": file, "preview": "true"}
        return told(frontend.post("/api/v1/sales/import", form, HTTP_IDEMPOTENCY_KEY=KEY))

    status, body, _ = upload("10,00")

    assert (status, body["data"]["salesCreated"]) == (200, 1)
    assert upload("10,00") == (200, body, True)
    assert upload("10,01") == (422, REUSED, False)
    row = SalesImport.objects.get()
    confirm = f"sales/import/{row.id}/confirm"
    done = told(send(frontend, confirm, key="confirm"))
    assert told(send(frontend, confirm, key="confirm")) == (200, done[1], True)


def test_refusal_is_answered_again() -> None:
    frontend = Frontend(UserFactory.create())
    status, body, _ = told(send(frontend, ROTATE))
    assert (status, body["error"]) == (404, "COINZZ_NOT_FOUND")
    assert told(send(frontend, ROTATE)) == (404, body, True)


@pytest.mark.parametrize(
    ("path", "body"),
    [(SYNC, {"forceFullSync": True}), (ROTATE, {}), ("integrations/coinzz/disconnect", None)],
)
def test_key_is_good_for_one_request(
    settings: Settings, frontend: Frontend, path: str, body: Any
) -> None:
    settings.SYNC_WAIT_SECONDS = 0
    assert send(frontend, SYNC, {}).status_code == 202
    assert told(send(frontend, path, body)) == (422, REUSED, False)
    assert not WebhookToken.objects.filter(expires_at__isnull=False).exists()
    assert SyncRun.objects.count() == 1


def test_same_key_of_another_user_is_another(frontend: Frontend) -> None:
    other = IntegrationFactory.create()
    mine, theirs = send(frontend, ROTATE), send(Frontend(other.user), ROTATE)
    assert [told(each)[2] for each in (mine, theirs)] == [False, False]
    assert theirs.json()["data"]["id"] == str(other.id)


@pytest.mark.parametrize("key", ["", "x" * 256, "não", "a\tb"])
def test_key_that_is_none_is_refused(frontend: Frontend, key: str) -> None:
    reason = "Envie de 1 a 255 caracteres ASCII visíveis, como os de um UUID"
    assert told(send(frontend, ROTATE, key=key)) == (400, invalid("Idempotency-Key", reason), False)
    assert not WebhookToken.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_second_at_the_same_time_waits_for_the_first(
    frontend: Frontend, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, may_end = threading.Event(), threading.Event()
    rotate, answers = tokens.rotate_token, []

    def rotate_slowly(integration: Integration) -> None:
        begun.set()
        assert may_end.wait(10)
        rotate(integration)

    def first() -> None:
        answers.append(told(send(frontend, ROTATE)))
        database.close()

    monkeypatch.setattr(tokens, "rotate_token", rotate_slowly)
    thread = threading.Thread(target=first)
    thread.start()
    assert begun.wait(10)
    second = send(frontend, ROTATE)
    may_end.set()
    thread.join()

    assert told(second) == (409, IN_PROGRESS, False)
    assert second.headers["Retry-After"] == "2"
    assert (answers[0][0], answers[0][2]) == (200, False)
    assert told(send(frontend, ROTATE)) == (200, answers[0][1], True)
    assert WebhookToken.objects.count() == 1


def test_call_that_died_is_taken_over_after_its_lease(
    frontend: Frontend, integration: Integration
) -> None:
    dead = dies_in_flight(integration)
    assert told(send(frontend, ROTATE)) == (409, IN_PROGRESS, False)
    IdempotentCall.objects.update(claimed_until=F("claimed_until") - calls.CLAIM_DURATION)
    assert told(send(frontend, SYNC, {})) == (422, REUSED, False)

    status, body, is_replay = told(send(frontend, ROTATE))
    calls.store_response(dead, calls.StoredResponse(200, b"of one that was thought dead"))
    calls.release(dead)

    assert (status, is_replay) == (200, False)
    assert told(send(frontend, ROTATE)) == (200, body, True)
    assert WebhookToken.objects.count() == 1


def test_fault_is_not_kept(frontend: Frontend, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: Integration) -> None:
        raise RuntimeError

    with monkeypatch.context() as patched:
        patched.setattr(tokens, "rotate_token", fail)
        assert send(frontend, ROTATE).status_code == 500
    assert (told(send(frontend, ROTATE))[0], told(send(frontend, ROTATE))[2]) == (200, True)
    assert WebhookToken.objects.count() == 1


def test_answer_is_kept_sealed_and_for_its_row(frontend: Frontend) -> None:
    url = send(frontend, ROTATE).json()["data"]["webhookUrl"]
    send(frontend, ROTATE, key="another")
    row, other = IdempotentCall.objects.order_by("id")

    kept = b"".join(map(bytes, (row.encrypted_response or b"", row.key_hash, row.request_hash)))
    assert url.rsplit("/", 1)[1].encode() not in kept
    assert KEY.encode() not in kept
    IdempotentCall.objects.filter(id=other.id).update(encrypted_response=row.encrypted_response)
    with pytest.raises(InvalidTag):
        calls.claim(
            user_id=other.user_id,
            key_hash=bytes(other.key_hash),
            request_hash=bytes(other.request_hash),
        )


def test_key_is_free_again_after_a_day(frontend: Frontend) -> None:
    send(frontend, ROTATE)
    IdempotentCall.objects.update(created_at=F("created_at") - timedelta(hours=24))
    assert told(send(frontend, ROTATE))[2] is False

    tasks.delete_expired_idempotent_calls()
    assert IdempotentCall.objects.count() == 1
    IdempotentCall.objects.update(created_at=F("created_at") - timedelta(hours=24))
    tasks.delete_expired_idempotent_calls()
    assert IdempotentCall.objects.count() == 0
