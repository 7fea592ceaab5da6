"""All of Flowzz, started, used and ended as a person would, in a folder of the test's own."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from flowzz.local.http_calls import call
from flowzz.local.servers.paths import PROJECT, free_port
from tests.processes import is_alive, wait_until

pytestmark = pytest.mark.faults  # all of it is started, and killed

SLOW_SECONDS = 60


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("up")


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


def start(state: Path, *options: str) -> subprocess.Popen[str]:
    return started(state, [sys.executable, "manage.py", "up", *options])


def started(state: Path, command: list[str]) -> subprocess.Popen[str]:
    home = str(state)
    return subprocess.Popen(
        command,
        cwd=PROJECT,
        env={"PATH": os.environ["PATH"], "HOME": home, "FLOWZZ_STATE": home},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def output_until_ready(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if line.startswith("ready: "):
            break
    return "".join(lines)


@contextmanager
def running(state: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    with start(state, *options) as process:
        try:
            yield process, output_until_ready(process)
        finally:
            process.terminate()


def remains(state: Path) -> list[str]:
    """The command lines of processes that were started from `state`, or work in it."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            traces = [(entry / name).read_bytes() for name in ("environ", "cmdline")]
            traces.append(os.fsencode((entry / "cwd").readlink()))
        except OSError:  # ended meanwhile
            continue
        if is_alive(int(entry.name)) and any(os.fsencode(state) in trace for trace in traces):
            found.append(traces[1].replace(b"\0", b" ").decode())
    return found


def token_for(base_url: str, output: str) -> str:
    login = re.search(r"User login +(\S+)  (\S+)", output)
    assert login is not None
    body = {"email": login[1], "password": login[2]}
    return str(call("POST", f"{base_url}/api/v1/auth/token", body)["data"]["access"])


def sales(base_url: str, token: str) -> list[Any]:
    return list(call("GET", f"{base_url}/api/v1/sales", token=token)["data"])


def test_demo_orders_arrive_and_a_stop_leaves_nothing(state: Path, port: int) -> None:
    with running(state, "--demo", "--port", str(port)) as (process, output):
        base_url = f"http://127.0.0.1:{port}"
        assert output.endswith(f"\nready: {base_url}\n")
        token = token_for(base_url, output)
        wait_until(lambda: sales(base_url, token) != [], SLOW_SECONDS)
        process.terminate()
        assert process.wait(SLOW_SECONDS) == 0
        assert process.stdout is not None
        assert process.stdout.read() == ""
    wait_until(lambda: remains(state) == [], SLOW_SECONDS)


def test_a_killed_launcher_leaves_nothing(state: Path, port: int) -> None:
    with running(state, "--port", str(port)) as (process, output):
        assert output.endswith(f"\nready: http://127.0.0.1:{port}\n")
        with start(state, "--port", str(port + 1)) as second:
            said = f"up: Flowzz is already running in this folder: http://127.0.0.1:{port}\n"
            assert second.communicate()[0] == said
            assert second.returncode == 1
        process.send_signal(signal.SIGKILL)
    wait_until(lambda: remains(state) == [], SLOW_SECONDS)


def test_a_killed_make_leaves_nothing(state: Path, port: int) -> None:
    (state / "Makefile").write_text(f"run:\n\t@{sys.executable} manage.py up --port {port}\n")
    command = ["make", "-f", str(state / "Makefile"), "run"]
    with started(state, command) as make:
        try:
            assert output_until_ready(make).endswith(f"\nready: http://127.0.0.1:{port}\n")
        finally:
            make.kill()
    wait_until(lambda: remains(state) == [], SLOW_SECONDS)


def test_a_stop_while_the_servers_start_is_quiet_and_leaves_nothing(tmp_path: Path) -> None:
    with start(tmp_path) as process:
        wait_until((tmp_path / "local" / "postgres" / "keeper.lock").exists)
        process.send_signal(signal.SIGINT)
        assert process.communicate()[0] == ""
        assert process.returncode == 0
    wait_until(lambda: remains(tmp_path) == [], SLOW_SECONDS)


def test_an_output_that_nobody_reads_ends_it_in_one_line(tmp_path: Path) -> None:
    command = f"{sys.executable} manage.py up --port {free_port()} 2>{tmp_path}/errors | true"
    with started(tmp_path, ["/bin/sh", "-c", command]) as process:
        assert process.wait(SLOW_SECONDS) == 0
    wait_until(lambda: remains(tmp_path) == [], SLOW_SECONDS)
    assert (tmp_path / "errors").read_text() == (
        "up: nobody reads the output any more, so Flowzz has stopped.\n"
    )
