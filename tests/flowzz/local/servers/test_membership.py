"""Start, join and end of the embedded servers, with real ones in a directory of the test's own."""

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
from flowzz.local.servers.membership import (
    Membership,
    ServerFailed,
    addresses_elsewhere,
    ensure_servers,
    home_of,
    join,
    known_addresses,
)
from flowzz.local.servers.paths import PROJECT
from flowzz.local.servers.registry import Server
from tests.processes import children_of, is_alive, parent_of, wait_until

OTHER_USER = """
import sys
from pathlib import Path
from flowzz.local.servers.membership import Membership, join
member = Membership(sys.argv[1], state=Path(sys.argv[2]))
join(member)
print(member.server.url, flush=True)
sys.stdin.read()
"""
KINDS = pytest.mark.parametrize("kind", ["postgres", "valkey"])


@contextmanager
def using(kind: str, state: Path) -> Iterator[Server]:
    """Use a server as this process."""
    member = Membership(kind, state=state)
    try:
        join(member)
        yield member.server
    finally:
        member.leave()


@contextmanager
def other_user(kind: str, state: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that uses a server until it is killed."""
    command = [sys.executable, "-c", OTHER_USER, kind, str(state)]
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
    """A directory for all tests here: a new cluster for each would take a second each."""
    directory = tmp_path_factory.mktemp("state")
    yield directory
    wait_until(lambda: not any(map(file_locks.is_held, directory.rglob("keeper.lock"))))


def server_process(server: Server) -> int:
    """The process id by the server's own word."""
    if server.url.startswith("redis:"):
        with redis.Redis.from_url(server.url) as connection:
            number: int = connection.info("server")["process_id"]
            return number
    return int((server.home.data / "postmaster.pid").read_text().split("\n")[0])


def keeper_process(server: Server) -> int:
    return parent_of(server_process(server))


def wait_for_restart(server: Server) -> None:
    wait_until(lambda: not file_locks.is_held(server.home.ready_lock))
    wait_until(lambda: file_locks.is_held(server.home.ready_lock))


def test_postgres_keeps_its_data_and_address(state: Path) -> None:
    with using("postgres", state) as server:
        with psycopg.connect(server.url) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 'ação' AS word")
        first_url, first_process = server.url, server_process(server)
    wait_until(lambda: not is_alive(first_process))
    with using("postgres", state) as server:
        with psycopg.connect(server.url) as connection:
            words = connection.execute("SELECT upper(word) FROM kept").fetchall()
        assert (words, server.url) == ([("AÇÃO",)], first_url)


def test_valkey_keeps_its_data_through_a_kill(state: Path) -> None:
    with using("valkey", state) as server:
        with redis.Redis.from_url(server.url) as connection:
            connection.set("kept", "yes")
            time.sleep(1.1)  # appendfsync everysec
        os.kill(server_process(server), signal.SIGKILL)
        wait_for_restart(server)
        with redis.Redis.from_url(server.url) as connection:
            assert connection.get("kept") == b"yes"


def test_a_killed_postgres_starts_again_at_the_same_address(state: Path) -> None:
    with using("postgres", state) as server:
        url = server.url
        os.kill(server_process(server), signal.SIGKILL)
        wait_for_restart(server)
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT 1").fetchall() == [(1,)]


def test_processes_that_start_together_share_one_server(state: Path) -> None:
    with other_user("valkey", state) as one, other_user("valkey", state) as two:
        assert url_from(one) == url_from(two)
        with using("valkey", state) as server:
            assert children_of(keeper_process(server)) == [server_process(server)]


def test_the_server_outlives_the_user_that_started_it(state: Path) -> None:
    with other_user("valkey", state) as starter:
        url_from(starter)
        with using("valkey", state) as server:
            before = server_process(server)
            starter.kill()
            starter.wait()
            time.sleep(1.2)  # longer than the keeper's grace
            assert server_process(server) == before


@KINDS
def test_the_server_ends_when_its_last_user_is_killed(kind: str, state: Path) -> None:
    with other_user(kind, state) as user:
        url_from(user)
        with using(kind, state) as server:
            keeper, process = keeper_process(server), server_process(server)
    wait_until(lambda: not is_alive(process) and not is_alive(keeper))


@KINDS
def test_a_killed_keeper_takes_its_server_along_and_can_be_replaced(kind: str, state: Path) -> None:
    with using(kind, state) as server:
        process, keeper = server_process(server), keeper_process(server)
        os.kill(keeper, signal.SIGKILL)
        wait_until(lambda: not is_alive(keeper))
        with using(kind, state) as replaced:
            assert server_process(replaced) != process
            assert not is_alive(process)
            assert replaced.url == server.url


def test_a_pid_file_that_names_a_stranger_does_not_hinder_the_start(state: Path) -> None:
    with using("postgres", state) as server:
        process = server_process(server)
        pid_file = server.home.data / "postmaster.pid"
        lines = pid_file.read_text()
    wait_until(lambda: not is_alive(process))
    pid_file.write_text(lines.replace(str(process), str(os.getpid()), 1))
    with using("postgres", state) as server:
        assert server_process(server) not in (process, os.getpid())


def test_secrets_are_their_owners_alone(state: Path) -> None:
    with using("valkey", state) as server:
        file = server.home.directory / "address.json"
        assert file.stat().st_mode & 0o777 == 0o600
        command_line = Path(f"/proc/{server_process(server)}/cmdline").read_text()
        assert json.loads(file.read_text())["password"] not in command_line


def test_a_server_refuses_strangers(state: Path) -> None:
    with using("valkey", state) as server:
        address = ("127.0.0.1", server.home.address().port)
        with socket.create_connection(address, timeout=5) as stranger:
            stranger.sendall(b"PING\r\n")
            assert stranger.recv(100).startswith(b"-NOAUTH")


def test_a_given_address_is_used_instead_of_a_server(tmp_path: Path) -> None:
    given = {"DATABASE_URL": "postgres://elsewhere/db", "REDIS_URL": ""}
    environ = dict(given)
    ensure_servers(environ, state=tmp_path)
    assert environ == given
    assert list(tmp_path.iterdir()) == []


def test_addresses_that_were_given_are_told_from_own_ones(tmp_path: Path) -> None:
    own = known_addresses(state=tmp_path)
    given = own | {"REDIS_URL": "redis://elsewhere/0"}
    assert addresses_elsewhere(given, state=tmp_path) == {"REDIS_URL": "redis://elsewhere/0"}
    assert addresses_elsewhere({}, state=tmp_path) == {}


def test_a_server_that_cannot_start_says_where_its_log_is(tmp_path: Path) -> None:
    home = home_of("postgres", state=tmp_path)
    (home.directory / "password").mkdir(parents=True)  # where a file has to be
    with pytest.raises(ServerFailed, match=str(home.log)), using("postgres", tmp_path):
        pass
