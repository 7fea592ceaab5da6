"""How child processes end, and as whom they run."""

import os
import pwd
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from flowzz.local.servers import postgres, process
from flowzz.local.servers.paths import PROJECT, Home
from flowzz.local.servers.postgres import CannotRun, Postgres
from flowzz.local.servers.process import Identity
from tests.processes import is_alive, wait_until

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")

PARENT = """
import signal, subprocess
from flowzz.local.servers.process import die_with_parent
child = subprocess.Popen(["sleep", "60"], preexec_fn=die_with_parent(signal.SIGTERM))
print(child.pid, flush=True)
child.wait()
"""


def nobody() -> Identity:
    return Identity(account=pwd.getpwnam("nobody"))


def output_of(identity: Identity, command: list[str], tmp_path: Path) -> str:
    with (tmp_path / "log").open("w+b") as log:
        assert identity.start(command, log=log, stop_signal=signal.SIGTERM).wait() == 0
        log.seek(0)
        return log.read().decode()


def test_a_child_ends_with_its_killed_parent() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT], cwd=PROJECT, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert is_alive(child)
        parent.kill()
    wait_until(lambda: not is_alive(child))


def test_a_program_does_not_see_our_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_KEY", "not for servers")
    assert "SECRET_KEY" not in output_of(Identity(), ["env"], tmp_path)


def test_an_unprivileged_program_is_not_root(tmp_path: Path) -> None:
    assert int(output_of(process.unprivileged(), ["id", "-u"], tmp_path)) != 0


@as_root
def test_without_namespaces_another_account_runs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "can_enter_user_namespace", lambda user: False)
    identity = process.unprivileged()
    assert identity.owner != 0
    assert int(output_of(identity, ["id", "-u"], tmp_path)) == identity.owner


@as_root
def test_a_closed_directory_on_the_way_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "unprivileged", nobody)
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    server = Postgres(Home(closed / "postgres", log=tmp_path / "log"))
    with (tmp_path / "log").open("wb") as log, pytest.raises(CannotRun, match="can't pass"):
        server.prepare(log)
