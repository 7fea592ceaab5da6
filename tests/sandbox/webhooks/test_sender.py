import hashlib
import hmac
import socket
import time

import requests

from sandbox.server import Sandbox
from tests.sandbox.client import SandboxClient
from tests.sandbox.receiver import Receiver
from tests.waiting import wait_until


def deliver(client: SandboxClient, receiver: Receiver, secret: str | None = None) -> None:
    client.control("POST", "webhooks", url=receiver.url, rate=0, secret=secret)
    client.control("POST", "burst", count=1)


def test_webhook_is_json_sent_to_the_complete_url(
    client: SandboxClient, receiver: Receiver
) -> None:
    deliver(client, receiver)
    (webhook,) = receiver.wait_for(1)
    assert webhook.path == "/webhooks/secret?loja=1"
    assert webhook.headers["Content-Type"] == "application/json"
    assert "X-Coinzz-Signature" not in webhook.headers
    assert webhook.body == client.sales(per_page=1)["data"][0]


def test_secret_signs_the_raw_body(client: SandboxClient, receiver: Receiver) -> None:
    deliver(client, receiver, secret="segredo")
    (webhook,) = receiver.wait_for(1)
    signature = hmac.new(b"segredo", webhook.raw, hashlib.sha256).hexdigest()
    assert webhook.headers["X-Coinzz-Signature"] == signature


def test_refused_webhook_is_resent_unchanged(client: SandboxClient, receiver: Receiver) -> None:
    receiver.statuses = [500, 429]
    deliver(client, receiver)
    webhooks = receiver.wait_for(3)
    assert len({webhook.raw for webhook in webhooks}) == 1
    wait_until(lambda: bool(client.stats()["delivered"]))
    stats = client.stats()
    assert (stats["retried"], stats["failed"], stats["lastStatus"]) == (2, 0, 200)


def test_webhook_fails_after_its_last_attempt(client: SandboxClient, receiver: Receiver) -> None:
    receiver.statuses = [404] * 9
    deliver(client, receiver)
    wait_until(lambda: bool(client.stats()["failed"]))
    stats = client.stats()
    assert (stats["waiting"], stats["delivered"], stats["lastStatus"]) == (0, 0, 404)
    assert len(receiver.webhooks) == 3


def test_unreachable_receiver_has_status_0(client: SandboxClient) -> None:
    client.control("POST", "webhooks", url="http://127.0.0.1:1/", rate=0)
    client.control("POST", "burst", count=1)
    wait_until(lambda: bool(client.stats()["failed"]))
    assert client.stats()["lastStatus"] == 0


def test_removed_receiver_gets_no_more_webhooks(client: SandboxClient, receiver: Receiver) -> None:
    client.control("POST", "webhooks", url="http://127.0.0.1:1/", rate=0)
    client.control("POST", "burst", count=50)
    client.control("DELETE", "webhooks")
    wait_until(lambda: bool(client.stats()["waiting"] == 0))
    time.sleep(0.2)
    assert client.stats()["waiting"] == 0
    response = requests.post(f"{client.sandbox.base_url}/_control/burst", json={}, timeout=60)
    assert response.status_code == 400


def test_stop_does_not_wait_for_an_unresponsive_receiver() -> None:
    with socket.create_server(("127.0.0.1", 0)) as unresponsive:
        with Sandbox(sales=0) as sandbox:
            url = f"http://127.0.0.1:{unresponsive.getsockname()[1]}/"
            SandboxClient(sandbox).control("POST", "webhooks", url=url, rate=0)
            SandboxClient(sandbox).control("POST", "burst", count=20)
            unresponsive.accept()[0].close()
            start = time.monotonic()
        assert time.monotonic() - start < 8  # the timeout of a delivery is 10 s


def test_stop_does_not_wait_for_further_attempts(receiver: Receiver) -> None:
    with Sandbox(sales=0, retry_delays=(60,)) as sandbox:
        receiver.statuses = [500]
        deliver(SandboxClient(sandbox), receiver)
        receiver.wait_for(1)
        start = time.monotonic()
    assert time.monotonic() - start < 30  # the next attempt is 60 s away
