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
    """Start the program; give it with its address once it is ready."""
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox", "--port", "0", "--sales", "60", "--quiet", *options],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    words = process.stdout.readline().split()
    assert words[:2] == ["sandbox:", "ready"]
    return process, words[2]


def total(address: str) -> int:
    url = f"{address}/_control/orders"
    return int(requests.get(url, timeout=60).json()["total"])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_program_says_when_it_is_ready_and_stops_when_told(number: signal.Signals) -> None:
    process, address = run()
    assert requests.get(f"{address}/_control/stats", timeout=60).json() == {"accounts": {}}
    process.send_signal(number)
    assert process.communicate(timeout=60) == ("", "")
    assert process.returncode == 0


def test_a_kill_loses_nothing_that_was_there(tmp_path: Path) -> None:
    state = tmp_path / "new" / "sandbox.db"
    process, address = run("--state", str(state))
    assert total(address) == 60
    requests.post(f"{address}/_control/orders", json={"count": 7}, timeout=60)
    process.kill()
    process.communicate()
    process, address = run("--state", str(state))
    assert total(address) == 67
    process.terminate()
    process.communicate(timeout=60)


def refused(*options: str) -> str:
    """Start the program in vain; give what it says."""
    ended = subprocess.run(
        [sys.executable, "-m", "sandbox", *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode == 1
    return ended.stderr


def test_a_taken_port_is_a_clear_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        said = refused("--port", address.partition(":")[2])
    assert said == (
        f"sandbox: cannot start on http://{address}: [Errno 98] Address already in use\n"
    )


def test_a_state_of_something_else_is_a_clear_error(tmp_path: Path) -> None:
    other = tmp_path / "letter.txt"
    other.write_text("Dear reader, " * 100)
    said = refused("--port", "0", "--state", str(other))
    assert said == "sandbox: cannot start on http://127.0.0.1:0: file is not a database\n"


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


def test_a_life_goes_on_after_a_restart(tmp_path: Path, receiver: Receiver) -> None:
    state = tmp_path / "sandbox.db"
    with Sandbox(sales=50, state=state) as sandbox:
        SandboxClient(sandbox).control("POST", "webhooks", url=receiver.url, rate=100)
        receiver.wait_for(5)
    count = len(receiver.webhooks)
    with Sandbox(sales=50, state=state):
        receiver.wait_for(count + 5)


def test_the_same_sandbox_can_start_again_on_its_port() -> None:
    sandbox = Sandbox(sales=0)
    with sandbox:
        address = sandbox.base_url
    with sandbox:
        assert sandbox.base_url == address
        assert requests.get(address, timeout=60).status_code == 200


def test_connections_stay_open_between_requests(resting: Sandbox) -> None:
    with HTTPConnectionPool(resting.host, resting.port) as pool:
        for _ in range(3):
            pool.request("GET", "/_control/key")
        assert (pool.num_requests, pool.num_connections) == (3, 1)


def test_pages_of_200_are_served_out_of_thousands() -> None:
    with Sandbox(sales=4000) as sandbox, requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {sandbox.api_key()}"
        url = f"{sandbox.api_url}/sales?per_page=200&page="
        for page in (1, 10, 20):
            assert len(session.get(f"{url}{page}", timeout=60).content) > 100_000
