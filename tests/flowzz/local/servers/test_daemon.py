"""What a keeper does with its server, in this process."""

import os
import signal
import time
from pathlib import Path

import pytest

from flowzz.local.servers import daemon as module
from flowzz.local.servers import file_locks
from flowzz.local.servers.daemon import Keeper, keep
from flowzz.local.servers.paths import Home
from flowzz.local.servers.postgres import CannotRun
from flowzz.local.servers.registry import KINDS
from flowzz.local.servers.valkey import Valkey
from tests.processes import children_of, is_alive


@pytest.fixture
def home(tmp_path: Path) -> Home:
    (tmp_path / "server").mkdir()
    return Home(tmp_path / "server", log=tmp_path / "log", durable=False)


@pytest.mark.parametrize("kind", KINDS)
def test_a_server_that_nobody_uses_is_stopped_after_the_grace_period(kind: str, home: Home) -> None:
    before, start = set(children_of(os.getpid())), time.monotonic()
    with home.log.open("wb") as log:
        keep(KINDS[kind](home), log)
    assert time.monotonic() - start >= module.GRACE_SECONDS
    assert set(children_of(os.getpid())) == before
    assert home.data.is_dir()


def test_a_server_that_is_not_durable_begins_anew(home: Home) -> None:
    (home.data / "base").mkdir(parents=True)
    (home.data / "base" / "torn").touch()
    with home.log.open("wb") as log:
        KINDS["postgres"](home).prepare(log)
    assert not (home.data / "base" / "torn").exists()
    assert (home.data / "PG_VERSION").read_text() == "18\n"


def test_readiness_is_announced_and_taken_back(home: Home) -> None:
    server = Valkey(home)
    with home.log.open("wb") as log:
        server.prepare(log)
        before = set(children_of(os.getpid()))
        keeper = Keeper(server, log)
        try:
            while not file_locks.is_held(home.ready_lock):
                keeper.watch()
            (process,) = set(children_of(os.getpid())) - before
            os.kill(process, signal.SIGKILL)
            # Dead at sight, it can't be waited for until all of its threads have ended.
            for _ in range(50):
                keeper.watch()
                if not file_locks.is_held(home.ready_lock):
                    break
            assert not file_locks.is_held(home.ready_lock)
            assert not is_alive(process)
        finally:
            keeper.stop()


def test_a_server_that_never_starts_is_given_up(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_FAILURES", 1)
    with home.log.open("wb") as log:
        keeper = Keeper(Valkey(home), log)  # its directory was never prepared
        with pytest.raises(CannotRun, match="failed too often"):
            watch_for_ever(keeper)


def watch_for_ever(keeper: Keeper) -> None:
    while True:
        keeper.watch()
