import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from urllib3 import HTTPConnectionPool

from sandbox.server import Sandbox
from tests.sandbox.client import SandboxClient
from tests.sandbox.receiver import Receiver

ROOT = Path(__file__).resolve().parents[2]


def run(*options: str) -> tuple["subprocess.Popen[str]", str]:
    """Start the program, and return it with its URL when it is ready."""
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox", "--port", "0", "--sales", "60", "--quiet", *options],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    name, state, url = process.stdout.readline().split()
    assert (name, state) == ("sandbox:", "ready")
    return process, url


def order_count(base_url: str) -> int:
    return int(requests.get(f"{base_url}/_control/orders", timeout=60).json()["total"])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_program_reports_readiness_and_stops_on_signals(number: signal.Signals) -> None:
    process, base_url = run()
    assert requests.get(f"{base_url}/_control/stats", timeout=60).json() == {"accounts": {}}
    process.send_signal(number)
    assert process.communicate(timeout=60) == ("", "")
    assert process.returncode == 0


def test_kill_loses_no_stored_order(tmp_path: Path) -> None:
    state = tmp_path / "new" / "sandbox.db"
    process, base_url = run("--state", str(state))
    assert order_count(base_url) == 60
    requests.post(f"{base_url}/_control/orders", json={"count": 7}, timeout=60)
    process.kill()
    process.communicate()
    process, base_url = run("--state", str(state))
    assert order_count(base_url) == 67
    process.terminate()
    process.communicate(timeout=60)


def failed_start(*options: str) -> str:
    """Start the program with options that fail, and return its error message."""
    result = subprocess.run(
        [sys.executable, "-m", "sandbox", *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert result.returncode == 1
    return result.stderr


def test_taken_port_is_reported() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        message = failed_start("--port", str(port))
    assert message == (
        f"sandbox: cannot start on http://127.0.0.1:{port}: [Errno 98] Address already in use\n"
    )


def test_state_file_of_another_kind_is_reported(tmp_path: Path) -> None:
    other = tmp_path / "letter.txt"
    other.write_text("Dear shared_client, " * 100)
    message = failed_start("--port", "0", "--state", str(other))
    assert message == "sandbox: cannot start on http://127.0.0.1:0: file is not a database\n"


def test_orders_and_receivers_survive_a_restart(tmp_path: Path, receiver: Receiver) -> None:
    state = tmp_path / "sandbox.db"
    with Sandbox(sales=50, state=state) as first:
        SandboxClient(first).control("POST", "webhooks", url=receiver.url, rate=0, secret="s")
        SandboxClient(first).control("POST", "change", count=10)
        before = SandboxClient(first).all_sales()
    with Sandbox(sales=50, state=state) as second:
        assert SandboxClient(second).all_sales() == before
        SandboxClient(second).control("POST", "burst", count=1)
        (webhook,) = receiver.wait_for(1)
    assert "X-Coinzz-Signature" in webhook.headers


def test_simulation_continues_after_a_restart(tmp_path: Path, receiver: Receiver) -> None:
    state = tmp_path / "sandbox.db"
    with Sandbox(sales=50, state=state) as sandbox:
        SandboxClient(sandbox).control("POST", "webhooks", url=receiver.url, rate=100)
        receiver.wait_for(5)
    count = len(receiver.webhooks)
    with Sandbox(sales=50, state=state):
        receiver.wait_for(count + 5)


def test_sandbox_restarts_on_the_same_port() -> None:
    sandbox = Sandbox(sales=0)
    with sandbox:
        base_url = sandbox.base_url
    with sandbox:
        assert sandbox.base_url == base_url
        assert requests.get(base_url, timeout=60).status_code == 200


def test_connections_stay_open_between_requests(shared_sandbox: Sandbox) -> None:
    with HTTPConnectionPool(shared_sandbox.host, shared_sandbox.port) as pool:
        for _ in range(3):
            pool.request("GET", "/_control/key")
        assert (pool.num_requests, pool.num_connections) == (3, 1)


def test_pages_of_thousands_of_orders_are_complete() -> None:
    with Sandbox(sales=4000) as sandbox, requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {sandbox.api_key()}"
        url = f"{sandbox.api_url}/sales?per_page=200&page="
        for page in (1, 10, 20):
            assert len(session.get(f"{url}{page}", timeout=60).content) > 100_000
