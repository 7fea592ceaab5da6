import hashlib
import hmac
import socket
import time

import requests

from sandbox.server import Sandbox
from tests.sandbox.client import SandboxClient
from tests.sandbox.receiver import Receiver, wait_until


def deliver(caller: SandboxClient, receiver: Receiver, secret: str | None = None) -> None:
    caller.control("POST", "webhooks", url=receiver.url, rate=0, secret=secret)
    caller.control("POST", "burst", count=1)


def test_a_webhook_is_json_to_the_whole_address(caller: SandboxClient, receiver: Receiver) -> None:
    deliver(caller, receiver)
    (webhook,) = receiver.wait_for(1)
    assert webhook.path == "/webhooks/secret?loja=1"
    assert webhook.headers["Content-Type"] == "application/json"
    assert "X-Coinzz-Signature" not in webhook.headers
    assert webhook.body == caller.sales(per_page=1)["data"][0]


def test_a_secret_signs_the_raw_body(caller: SandboxClient, receiver: Receiver) -> None:
    deliver(caller, receiver, secret="segredo")
    (webhook,) = receiver.wait_for(1)
    signature = hmac.new(b"segredo", webhook.raw, hashlib.sha256).hexdigest()
    assert webhook.headers["X-Coinzz-Signature"] == signature


def test_a_refused_webhook_comes_again_unchanged(caller: SandboxClient, receiver: Receiver) -> None:
    receiver.statuses = [500, 429]
    deliver(caller, receiver)
    webhooks = receiver.wait_for(3)
    assert len({webhook.raw for webhook in webhooks}) == 1
    wait_until(lambda: bool(caller.stats()["delivered"]))
    stats = caller.stats()
    assert (stats["retried"], stats["failed"], stats["lastStatus"]) == (2, 0, 200)


def test_a_webhook_refused_to_the_end_has_failed(caller: SandboxClient, receiver: Receiver) -> None:
    receiver.statuses = [404] * 9
    deliver(caller, receiver)
    wait_until(lambda: bool(caller.stats()["failed"]))
    stats = caller.stats()
    assert (stats["waiting"], stats["delivered"], stats["lastStatus"]) == (0, 0, 404)
    assert len(receiver.webhooks) == 3


def test_no_one_listening_counts_as_no_answer(caller: SandboxClient) -> None:
    caller.control("POST", "webhooks", url="http://127.0.0.1:1/", rate=0)
    caller.control("POST", "burst", count=1)
    wait_until(lambda: bool(caller.stats()["failed"]))
    assert caller.stats()["lastStatus"] == 0


def test_a_stopped_receiver_gets_nothing_more(caller: SandboxClient, receiver: Receiver) -> None:
    caller.control("POST", "webhooks", url="http://127.0.0.1:1/", rate=0)
    caller.control("POST", "burst", count=50)
    caller.control("DELETE", "webhooks")
    wait_until(lambda: bool(caller.stats()["waiting"] == 0))
    time.sleep(0.2)
    assert caller.stats()["waiting"] == 0
    response = requests.post(f"{caller.sandbox.base_url}/_control/burst", json={}, timeout=60)
    assert response.status_code == 400


def test_stopping_does_not_wait_for_a_silent_receiver() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        with Sandbox(sales=0) as sandbox:
            url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
            SandboxClient(sandbox).control("POST", "webhooks", url=url, rate=0)
            SandboxClient(sandbox).control("POST", "burst", count=20)
            silent.accept()[0].close()
            start = time.monotonic()
        assert time.monotonic() - start < 8  # a courier waits 10 s for an answer


def test_stopping_does_not_wait_for_further_attempts(receiver: Receiver) -> None:
    with Sandbox(sales=0, pauses=(60,)) as sandbox:
        receiver.statuses = [500]
        deliver(SandboxClient(sandbox), receiver)
        receiver.wait_for(1)
        start = time.monotonic()
    assert time.monotonic() - start < 30  # the next attempt is 60 s away
