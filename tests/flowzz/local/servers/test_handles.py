"""Start, shared use and end of real embedded servers in a temporary directory."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
import redis

from flowzz.local.servers import file_locks
from flowzz.local.servers.handles import (
    ServerFailed,
    ServerHandle,
    ensure_servers,
    external_urls,
    local_urls,
    server_paths,
    wait_until_ready,
)
from flowzz.local.servers.paths import PROJECT
from flowzz.local.servers.registry import Server
from tests.processes import children_of, is_alive, parent_of
from tests.waiting import wait_until

OTHER_PROCESS = """
import sys
from pathlib import Path
from flowzz.local.servers.handles import ServerHandle, wait_until_ready
handle = ServerHandle(sys.argv[1], state=Path(sys.argv[2]))
wait_until_ready(handle)
print(handle.server.url, flush=True)
sys.stdin.read()
"""
KINDS = pytest.mark.parametrize("kind", ["postgres", "valkey"])


@contextmanager
def use_server(kind: str, state: Path) -> Iterator[Server]:
    """Use a server from this process."""
    handle = ServerHandle(kind, state=state)
    try:
        wait_until_ready(handle)
        yield handle.server
    finally:
        handle.close()


@contextmanager
def other_process(kind: str, state: Path) -> Iterator[subprocess.Popen[str]]:
    """Start another process that uses a server until it is killed."""
    command = [sys.executable, "-c", OTHER_PROCESS, kind, str(state)]
    with subprocess.Popen(
        command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        process.kill()


def url_from(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return str(process.stdout.readline()).strip()


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One directory for all tests of this module: creating a cluster takes a second."""
    directory = tmp_path_factory.mktemp("state")
    yield directory
    wait_until(lambda: not any(map(file_locks.is_locked, directory.rglob("daemon.lock"))))


def server_pid(server: Server) -> int:
    """Return the process id that the server reports."""
    if server.url.startswith("redis:"):
        with redis.Redis.from_url(server.url) as connection:
            number: int = connection.info("server")["process_id"]
            return number
    return int((server.paths.data / "postmaster.pid").read_text().split("\n")[0])


def daemon_pid(server: Server) -> int:
    return parent_of(server_pid(server))


def wait_for_restart(server: Server) -> None:
    wait_until(lambda: not file_locks.is_locked(server.paths.ready_lock))
    wait_until(lambda: file_locks.is_locked(server.paths.ready_lock))


def test_postgres_keeps_its_data_and_url(state: Path) -> None:
    with use_server("postgres", state) as server:
        with psycopg.connect(server.url) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 'ação' AS word")
        first_url, first_pid = server.url, server_pid(server)
    wait_until(lambda: not is_alive(first_pid))
    with use_server("postgres", state) as server:
        with psycopg.connect(server.url) as connection:
            words = connection.execute("SELECT upper(word) FROM kept").fetchall()
        assert (words, server.url) == ([("AÇÃO",)], first_url)


def test_valkey_keeps_its_data_after_a_kill(state: Path) -> None:
    with use_server("valkey", state) as server:
        with redis.Redis.from_url(server.url) as connection:
            connection.set("kept", "yes")
            connection.execute_command("WAITAOF", 1, 0, 5000)
        os.kill(server_pid(server), signal.SIGKILL)
        wait_for_restart(server)
        with redis.Redis.from_url(server.url) as connection:
            assert connection.get("kept") == b"yes"


def test_killed_postgres_restarts_at_the_same_url(state: Path) -> None:
    with use_server("postgres", state) as server:
        url = server.url
        os.kill(server_pid(server), signal.SIGKILL)
        wait_for_restart(server)
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT 1").fetchall() == [(1,)]


def test_processes_that_start_together_share_one_server(state: Path) -> None:
    with other_process("valkey", state) as first, other_process("valkey", state) as second:
        assert url_from(first) == url_from(second)
        with use_server("valkey", state) as server:
            assert children_of(daemon_pid(server)) == [server_pid(server)]


def test_server_outlives_the_process_that_started_it(state: Path) -> None:
    with other_process("valkey", state) as starter:
        url_from(starter)
        with use_server("valkey", state) as server:
            pid = server_pid(server)
            starter.kill()
            starter.wait()
            time.sleep(1.2)  # longer than the daemon's grace period
            assert server_pid(server) == pid


@KINDS
def test_server_stops_when_its_last_user_is_killed(kind: str, state: Path) -> None:
    with other_process(kind, state) as process:
        url_from(process)
        with use_server(kind, state) as server:
            daemon, pid = daemon_pid(server), server_pid(server)
    wait_until(lambda: not is_alive(pid) and not is_alive(daemon))


@KINDS
def test_killed_daemon_stops_its_server_and_can_be_replaced(kind: str, state: Path) -> None:
    with use_server(kind, state) as server:
        pid, daemon = server_pid(server), daemon_pid(server)
        os.kill(daemon, signal.SIGKILL)
        wait_until(lambda: not is_alive(daemon))
        with use_server(kind, state) as restarted:
            assert server_pid(restarted) != pid
            assert not is_alive(pid)
            assert restarted.url == server.url


def test_stale_pid_file_does_not_prevent_the_start(state: Path) -> None:
    with use_server("postgres", state) as server:
        pid = server_pid(server)
        pid_file = server.paths.data / "postmaster.pid"
        lines = pid_file.read_text()
    wait_until(lambda: not is_alive(pid))
    pid_file.write_text(lines.replace(str(pid), str(os.getpid()), 1))
    with use_server("postgres", state) as server:
        assert server_pid(server) not in (pid, os.getpid())


def test_password_is_readable_by_the_owner_only(state: Path) -> None:
    with use_server("valkey", state) as server:
        file = server.paths.directory / "address.json"
        assert file.stat().st_mode & 0o777 == 0o600
        command_line = Path(f"/proc/{server_pid(server)}/cmdline").read_text()
        assert json.loads(file.read_text())["password"] not in command_line


def test_server_requires_the_password(state: Path) -> None:
    with use_server("valkey", state) as server:
        address = ("127.0.0.1", server.paths.endpoint().port)
        with socket.create_connection(address, timeout=5) as connection:
            connection.sendall(b"PING\r\n")
            assert connection.recv(100).startswith(b"-NOAUTH")


def test_configured_url_prevents_the_start_of_a_server(tmp_path: Path) -> None:
    configured = {"DATABASE_URL": "postgres://elsewhere/db", "REDIS_URL": ""}
    environ = dict(configured)
    assert ensure_servers(environ, state=tmp_path) == {}
    assert environ == configured
    assert list(tmp_path.iterdir()) == []


def test_external_urls_exclude_the_local_ones(tmp_path: Path) -> None:
    urls = local_urls(state=tmp_path) | {"REDIS_URL": "redis://elsewhere/0"}
    assert external_urls(urls, state=tmp_path) == {"REDIS_URL": "redis://elsewhere/0"}
    assert external_urls({}, state=tmp_path) == {}


def test_failed_start_names_the_log(tmp_path: Path) -> None:
    paths = server_paths("postgres", state=tmp_path)
    (paths.directory / "password").mkdir(parents=True)  # in place of the password file
    with pytest.raises(ServerFailed, match=str(paths.log)), use_server("postgres", tmp_path):
        pass
