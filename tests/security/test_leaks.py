"""No secret and no personal data in logs, Redis, metrics and mails, after each main flow."""

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
from integrations import tasks
from integrations.inbox import drain, processing
from integrations.models import Integration, SyncRun, Trigger, WebhookEvent
from integrations.providers.coinzz.signature import sign
from integrations.sync import runs
from integrations.webhooks import fallback_buffer, signing_secrets, tokens
from integrations.webhooks.calls import BlockingCalls
from tests import payloads
from tests.api_client import Frontend
from tests.integrations.sellers import post
from tests.sandbox.client import SandboxClient
from tests.security.leak_markers import (
    BAD_KEY,
    CLIENT,
    DOCUMENT_AS_SENT,
    LOGIN,
    NAME,
    PASSWORD,
    SIGNING_SECRET,
    LogRecorder,
    Markers,
    UnexpectedError,
    redis_content,
)

pytestmark = pytest.mark.django_db


POSTGRES_LOG = server_paths("postgres", profile=TEST).log


@pytest.fixture(autouse=True)
def markers(settings: Settings) -> Iterator[Markers]:
    """Search for these, and for those that the test adds, when the test has ended."""
    log_start = POSTGRES_LOG.stat().st_size if POSTGRES_LOG.exists() else 0
    settings.SYNC_WAIT_SECONDS = 0
    markers, log, root = Markers(), LogRecorder(), logging.getLogger()
    level = root.level
    root.addHandler(log)
    root.setLevel(logging.DEBUG)
    yield markers
    root.setLevel(level)
    root.removeHandler(log)
    metrics = Browser().get("/metrics").content.decode()
    assert "flowzz_" in metrics
    assert log.text.count("\n") > 1
    postgres = POSTGRES_LOG.read_bytes()[log_start:].decode() if log_start else ""
    subjects = (str(message.subject) for message in mail.outbox)
    for text in (log.text, redis_content(), metrics, postgres, *subjects):
        assert markers.found_in(text) == set(), text


@pytest.fixture
def owner() -> Frontend:
    return Frontend(User.objects.create_user(LOGIN, PASSWORD, name=NAME))


@pytest.fixture
def integration(owner: Frontend, coinzz: SandboxClient, markers: Markers) -> Integration:
    key = coinzz.sandbox.api_key()
    markers.values |= {key, key.partition("|")[2]}
    assert owner.send("integrations/coinzz/connect", {"apiKey": key}).status_code == 200
    row = Integration.objects.get()
    markers.values |= {token_of(row), row.api_key}
    return row


def path_of(row: Integration) -> str:
    return urlsplit(tokens.webhook_url(row)).path


def token_of(row: Integration) -> str:
    return path_of(row).rsplit("/", 1)[1]


def assert_refused(response: Any, status: int, markers: Markers) -> None:
    """Assert the status, and that the response repeats no marker."""
    assert response.status_code == status
    assert markers.found_in(response.content.decode()) == set()


def order(**client: str) -> bytes:
    return payloads.encode(payloads.order(client=CLIENT | client))


def test_login_and_failed_login(owner: Frontend, markers: Markers) -> None:
    frontend = Frontend()
    login = {"email": LOGIN, "password": PASSWORD}
    issued = frontend.send("auth/token", login).json()["data"]
    markers.values |= {issued["access"], issued["refresh"]}
    renewed = frontend.send("auth/token/refresh", {"refresh": issued["refresh"]}).json()["data"]
    markers.values |= {renewed["access"], renewed["refresh"]}
    for token in issued["refresh"], renewed["refresh"]:
        assert frontend.send("auth/logout", {"refresh": token}).status_code == 200
        assert_refused(frontend.send("auth/token/refresh", {"refresh": token}), 401, markers)
    assert_refused(frontend.send("auth/token", login | {"password": BAD_KEY}), 401, markers)
    assert_refused(frontend.send("auth/token", {"email": NAME, "password": PASSWORD}), 400, markers)
    bearer = {"Authorization": f"Bearer {PASSWORD}"}
    assert_refused(frontend.get("/api/v1/sales", headers=bearer), 401, markers)
    response = Browser().post("/admin/login/", {"username": "x@y.test", "password": PASSWORD})
    assert_refused(response, 200, markers)


def test_connect_and_failed_connect(
    integration: Integration, owner: Frontend, markers: Markers, coinzz: SandboxClient
) -> None:
    assert_refused(owner.send("integrations/coinzz/connect", {"apiKey": BAD_KEY}), 400, markers)
    assert_refused(owner.send("integrations/coinzz/connect", {"apiKey": [BAD_KEY]}), 400, markers)
    for path in ("webhook/rotate", "disconnect"):
        assert owner.send(f"integrations/coinzz/{path}").status_code == 200


def test_valid_and_invalid_webhooks(
    integration: Integration, markers: Markers, settings: Settings
) -> None:
    path = path_of(integration)
    bodies = [order(), order() + b"}", b'{"client": "' + NAME.encode() + b'"}', b"\xff" + order()]
    bodies += [order(client_name=f"{NAME}\0"), order(client_documment=DOCUMENT_AS_SENT * 40)]
    for body in bodies:
        assert post(path, body).status_code == 200
    assert_refused(post("/webhooks/coinzz/" + PASSWORD, order()), 404, markers)
    assert_refused(post(path, order() + b" " * settings.WEBHOOK_MAX_BYTES), 413, markers)
    signing_secrets.set_signing_secret(integration, SIGNING_SECRET, keep_previous=False)
    assert_refused(post(path, order(), headers={"X-Coinzz-Signature": "sha256=0"}), 401, markers)
    signature = sign(SIGNING_SECRET, order())
    markers.values.add(signature)
    assert post(path, order(), headers={"X-Coinzz-Signature": signature}).status_code == 200
    tasks.drain_inbox(str(integration.id))
    assert not WebhookEvent.objects.filter(state="PENDING").exists()


def test_database_down(
    integration: Integration, markers: Markers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the fallback buffer stores bodies in Redis, and is empty once flushed."""

    def down(*_: Any) -> None:
        raise OperationalError(f"could not write {NAME}")

    with monkeypatch.context() as patch:
        patch.setattr(BlockingCalls, "insert", down)
        assert post(path_of(integration), order()).status_code == 200
    assert redis.client().llen(fallback_buffer.KEY) == 1
    buffered = cast(bytes, redis.client().lindex(fallback_buffer.KEY, 0))
    assert base64.b64encode(order()) in buffered
    assert token_of(integration).encode() not in buffered
    fallback_buffer.flush_to_inbox()
    assert redis.client().llen(fallback_buffer.KEY) == 0


def test_successful_and_failed_syncs(
    integration: Integration, owner: Frontend, markers: Markers, coinzz: SandboxClient
) -> None:
    sale = coinzz.sales()["data"][0]
    markers.values |= {
        value
        for name, value in sale["client"].items()
        if value and ("name" in name or "doc" in name)
    }
    runs.execute(SyncRun.objects.get().id)
    assert SyncRun.objects.get().state == "SUCCEEDED"
    for fault in ("html", "status:401"):
        coinzz.control("POST", "faults", fault=fault, path="sales", times=None)
        runs.execute(runs.request_run(integration, Trigger.USER, is_full=True).id)
        coinzz.control("DELETE", "faults")
    assert SyncRun.objects.filter(state="FAILED").exists()
    tasks.enqueue_due_work()
    assert_refused(owner.send("integrations/coinzz/sync"), 400, markers)


def test_staff_searches_and_opens_an_event(integration: Integration) -> None:
    post(path_of(integration), order())
    tasks.drain_inbox(str(integration.id))
    browser = Browser()
    browser.force_login(User.objects.create_superuser("equipe@flowzz.test"))
    for page in ("sales/sale", "clients/client", "integrations/webhookevent"):
        for text in (NAME, DOCUMENT_AS_SENT):
            results = browser.get(f"/admin/{page}/", {"q": text})
            assert results.status_code == 200
    event = WebhookEvent.objects.get()
    page_of_event = browser.get(f"/admin/integrations/webhookevent/{event.id}/change/")
    assert NAME in page_of_event.content.decode()


@pytest.mark.parametrize("module", [processing, drain])
def test_unexpected_errors(
    module: Any,
    integration: Integration,
    owner: Frontend,
    markers: Markers,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise UnexpectedError

    monkeypatch.setattr(tokens, "rotate_token", fail)
    assert_refused(owner.send("integrations/coinzz/webhook/rotate"), 500, markers)
    monkeypatch.setattr("integrations.webhooks.calls.find_owners", fail)
    assert_refused(post(path_of(integration), order()), 500, markers)
    monkeypatch.undo()
    assert post(path_of(integration), order()).status_code == 200
    name = "ingest" if module is processing else "lock_user"
    monkeypatch.setattr(module, name, fail)
    tasks.drain_inbox.apply((str(integration.id),))
