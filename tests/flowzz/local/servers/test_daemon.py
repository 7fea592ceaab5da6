"""The daemon's parts, run in this process."""

import os
import signal
import time
from pathlib import Path

import pytest

from flowzz.local.servers import daemon, file_locks
from flowzz.local.servers.daemon import MonitoredServer, run_until_unused
from flowzz.local.servers.paths import ServerPaths
from flowzz.local.servers.postgres import CannotRun
from flowzz.local.servers.registry import SERVER_CLASSES
from flowzz.local.servers.valkey import Valkey
from tests.processes import children_of, is_alive


@pytest.fixture
def paths(tmp_path: Path) -> ServerPaths:
    (tmp_path / "server").mkdir()
    return ServerPaths(tmp_path / "server", log=tmp_path / "log", durable=False)


@pytest.mark.parametrize("kind", SERVER_CLASSES)
def test_unused_server_is_stopped_after_the_grace_period(kind: str, paths: ServerPaths) -> None:
    children, start = set(children_of(os.getpid())), time.monotonic()
    with paths.log.open("wb") as log:
        run_until_unused(SERVER_CLASSES[kind](paths), log)
    assert time.monotonic() - start >= daemon.GRACE_SECONDS
    assert set(children_of(os.getpid())) == children
    assert paths.data.is_dir()


def test_server_that_is_not_durable_starts_with_empty_data(paths: ServerPaths) -> None:
    (paths.data / "base").mkdir(parents=True)
    (paths.data / "base" / "torn").touch()
    with paths.log.open("wb") as log:
        SERVER_CLASSES["postgres"](paths).prepare(log)
    assert not (paths.data / "base" / "torn").exists()
    assert (paths.data / "PG_VERSION").read_text() == "18\n"


def test_ready_lock_is_held_until_the_server_dies(paths: ServerPaths) -> None:
    server = Valkey(paths)
    with paths.log.open("wb") as log:
        server.prepare(log)
        children = set(children_of(os.getpid()))
        monitored = MonitoredServer(server, log)
        try:
            while not file_locks.is_locked(paths.ready_lock):
                monitored.check()
            (pid,) = set(children_of(os.getpid())) - children
            os.kill(pid, signal.SIGKILL)
            # The process cannot be reaped until all of its threads have ended.
            for _ in range(50):
                monitored.check()
                if not file_locks.is_locked(paths.ready_lock):
                    break
            assert not file_locks.is_locked(paths.ready_lock)
            assert not is_alive(pid)
        finally:
            monitored.stop()


def test_daemon_gives_up_on_a_server_that_never_starts(
    paths: ServerPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(daemon, "MAX_FAILURES", 1)
    with paths.log.open("wb") as log:
        monitored = MonitoredServer(Valkey(paths), log)  # its directory was not prepared
        with pytest.raises(CannotRun, match="failed too often"):
            check_forever(monitored)


def check_forever(monitored: MonitoredServer) -> None:
    while True:
        monitored.check()
