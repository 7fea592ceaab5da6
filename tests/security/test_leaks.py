"""Nothing secret or personal in what is written beside the database: the main flows, searched."""

import base64
import logging
from collections.abc import Iterator
from typing import Any, cast
from urllib.parse import urlsplit

import pytest
from django.core import mail
from django.db import OperationalError
from django.test import Client as Browser
from pytest_django.fixtures import Settings

from flowzz.accounts.models import User
from flowzz.core import redis
from flowzz.local.servers.handles import TEST, server_paths
from integrations import connection, tasks
from integrations.inbox import drain, processing
from integrations.models import Integration, SyncRun, Trigger, WebhookEvent
from integrations.providers.coinzz.signature import sign
from integrations.sync import runs
from integrations.webhooks import fallback_buffer, intake, tokens
from tests import payloads
from tests.api_client import Frontend
from tests.integrations.sellers import post
from tests.sandbox.client import SandboxClient
from tests.security.marks import (
    BAD_KEY,
    CLIENT,
    DOCUMENT_AS_SENT,
    LOGIN,
    NAME,
    PASSWORD,
    SIGNING_SECRET,
    Fault,
    Lines,
    Marks,
    all_of_redis,
)

pytestmark = pytest.mark.django_db


POSTGRES_LOG = server_paths("postgres", profile=TEST).log


@pytest.fixture(autouse=True)
def marks(settings: Settings) -> Iterator[Marks]:
    """What the test adds to these is searched for when it has ended."""
    postgres_began = POSTGRES_LOG.stat().st_size if POSTGRES_LOG.exists() else 0
    settings.SYNC_WAIT_SECONDS = 0
    found, lines, root = Marks(), Lines(), logging.getLogger()
    level = root.level
    root.addHandler(lines)
    root.setLevel(logging.DEBUG)
    yield found
    root.setLevel(level)
    root.removeHandler(lines)
    metrics = Browser().get("/metrics").content.decode()
    assert "flowzz_" in metrics
    assert lines.text.count("\n") > 1
    postgres = POSTGRES_LOG.read_bytes()[postgres_began:].decode() if postgres_began else ""
    mails = (str(sent.subject) for sent in mail.outbox)
    for text in (lines.text, all_of_redis(), metrics, postgres, *mails):
        assert found.found_in(text) == set(), text


@pytest.fixture
def owner() -> Frontend:
    return Frontend(User.objects.create_user(LOGIN, PASSWORD, name=NAME))


@pytest.fixture
def integration(owner: Frontend, coinzz: SandboxClient, marks: Marks) -> Integration:
    key = coinzz.sandbox.api_key()
    marks.values |= {key, key.partition("|")[2]}
    assert owner.send("integrations/coinzz/connect", {"apiKey": key}).status_code == 200
    row = Integration.objects.get()
    marks.values |= {token_of(row), row.api_key}
    return row


def path_of(row: Integration) -> str:
    return urlsplit(tokens.webhook_url(row)).path


def token_of(row: Integration) -> str:
    return path_of(row).rsplit("/", 1)[1]


def refusal(response: Any, status: int, marks: Marks) -> None:
    assert response.status_code == status
    assert marks.found_in(response.content.decode()) == set()


def order(**client: str) -> bytes:
    return payloads.encode(payloads.order(client=CLIENT | client))


def test_logging_in_and_failing_to(owner: Frontend, marks: Marks) -> None:
    frontend = Frontend()
    login = {"email": LOGIN, "password": PASSWORD}
    answer = frontend.send("auth/token", login).json()["data"]
    marks.values |= {answer["access"], answer["refresh"]}
    renewed = frontend.send("auth/token/refresh", {"refresh": answer["refresh"]}).json()["data"]
    marks.values |= {renewed["access"], renewed["refresh"]}
    for token in answer["refresh"], renewed["refresh"]:
        refusal(frontend.send("auth/token/refresh", {"refresh": token}), 401, marks)
        assert frontend.send("auth/logout", {"refresh": token}).status_code == 200
    refusal(frontend.send("auth/token", login | {"password": BAD_KEY}), 401, marks)
    refusal(frontend.send("auth/token", {"email": NAME, "password": PASSWORD}), 400, marks)
    bearer = {"Authorization": f"Bearer {PASSWORD}"}
    refusal(frontend.get("/api/v1/sales", headers=bearer), 401, marks)
    refused = Browser().post("/admin/login/", {"username": "x@y.test", "password": PASSWORD})
    refusal(refused, 200, marks)


def test_connecting_and_failing_to(
    integration: Integration, owner: Frontend, marks: Marks, coinzz: SandboxClient
) -> None:
    refusal(owner.send("integrations/coinzz/connect", {"apiKey": BAD_KEY}), 400, marks)
    refusal(owner.send("integrations/coinzz/connect", {"apiKey": [BAD_KEY]}), 400, marks)
    for path in ("webhook/rotate", "disconnect"):
        assert owner.send(f"integrations/coinzz/{path}").status_code == 200


def test_webhooks_good_and_bad(integration: Integration, marks: Marks, settings: Settings) -> None:
    path = path_of(integration)
    bodies = [order(), order() + b"}", b'{"client": "' + NAME.encode() + b'"}', b"\xff" + order()]
    bodies += [order(client_name=f"{NAME}\0"), order(client_documment=DOCUMENT_AS_SENT * 40)]
    for body in bodies:
        assert post(path, body).status_code == 200
    refusal(post("/webhooks/coinzz/" + PASSWORD, order()), 404, marks)
    refusal(post(path, order() + b" " * settings.WEBHOOK_MAX_BYTES), 413, marks)
    connection.set_signing_secret(integration, SIGNING_SECRET, keep_previous=False)
    refusal(post(path, order(), headers={"X-Coinzz-Signature": "sha256=0"}), 401, marks)
    signature = sign(SIGNING_SECRET, order())
    marks.values.add(signature)
    assert post(path, order(), headers={"X-Coinzz-Signature": signature}).status_code == 200
    tasks.drain_inbox(str(integration.id))
    assert not WebhookEvent.objects.filter(state="PENDING").exists()


def test_database_down(
    integration: Integration, marks: Marks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the fallback buffer stores bodies in Redis, and is empty once flushed."""

    def down(*_: Any) -> None:
        raise OperationalError(f"could not write {NAME}")

    with monkeypatch.context() as patch:
        patch.setattr(intake, "store", down)
        assert post(path_of(integration), order()).status_code == 200
    assert redis.client().llen(fallback_buffer.KEY) == 1
    buffered = cast(bytes, redis.client().lindex(fallback_buffer.KEY, 0))
    assert base64.b64encode(order()) in buffered
    assert token_of(integration).encode() not in buffered
    fallback_buffer.flush_to_inbox()
    assert redis.client().llen(fallback_buffer.KEY) == 0


def test_syncs_good_and_failed(
    integration: Integration, owner: Frontend, marks: Marks, coinzz: SandboxClient
) -> None:
    sale = coinzz.sales()["data"][0]
    marks.values |= {v for k, v in sale["client"].items() if v and ("name" in k or "doc" in k)}
    runs.execute(SyncRun.objects.get().id)
    assert SyncRun.objects.get().state == "SUCCEEDED"
    for fault in ("html", "status:401"):
        coinzz.control("POST", "faults", fault=fault, path="sales", times=None)
        runs.execute(runs.request_run(integration, Trigger.USER, is_full=True).id)
        coinzz.control("DELETE", "faults")
    assert SyncRun.objects.filter(state="FAILED").exists()
    tasks.enqueue_due_work()
    refusal(owner.send("integrations/coinzz/sync"), 400, marks)


def test_staff_looking_around(integration: Integration) -> None:
    post(path_of(integration), order())
    tasks.drain_inbox(str(integration.id))
    browser = Browser()
    browser.force_login(User.objects.create_superuser("equipe@flowzz.test"))
    for page in ("sales/sale", "clients/client", "integrations/webhookevent"):
        for text in (NAME, DOCUMENT_AS_SENT):
            found = browser.get(f"/admin/{page}/", {"q": text})
            assert found.status_code == 200
    event = WebhookEvent.objects.get()
    shown = browser.get(f"/admin/integrations/webhookevent/{event.id}/change/")
    assert NAME in shown.content.decode()


@pytest.mark.parametrize("module", [processing, drain])
def test_faults_nobody_expected(
    module: Any,
    integration: Integration,
    owner: Frontend,
    marks: Marks,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise Fault

    monkeypatch.setattr(tokens, "rotate_token", fail)
    refusal(owner.send("integrations/coinzz/webhook/rotate"), 500, marks)
    monkeypatch.setattr("integrations.webhooks.intake.resolve_integration", fail)
    refusal(post(path_of(integration), order()), 500, marks)
    monkeypatch.undo()
    assert post(path_of(integration), order()).status_code == 200
    name = "ingest" if module is processing else "lock_user"
    monkeypatch.setattr(module, name, fail)
    tasks.drain_inbox.apply((str(integration.id),))
