"""The end of child processes, and the user that they run as."""

import os
import pwd
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from flowzz.local.servers import child_process, postgres
from flowzz.local.servers.child_process import Identity
from flowzz.local.servers.paths import PROJECT, ServerPaths
from flowzz.local.servers.postgres import CannotRun, Postgres
from tests.processes import is_alive
from tests.waiting import wait_until

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can change its user")

PARENT = """
import signal, subprocess
from flowzz.local.servers.child_process import die_with_parent
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


def test_child_ends_when_its_parent_is_killed() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT], cwd=PROJECT, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert is_alive(child)
        parent.kill()
    wait_until(lambda: not is_alive(child))


def test_program_does_not_inherit_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_KEY", "not for servers")
    assert "SECRET_KEY" not in output_of(Identity(), ["env"], tmp_path)


def test_unprivileged_program_is_not_root(tmp_path: Path) -> None:
    assert int(output_of(child_process.unprivileged(), ["id", "-u"], tmp_path)) != 0


@as_root
def test_without_namespaces_another_account_runs_the_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child_process, "can_enter_user_namespace", lambda user: False)
    identity = child_process.unprivileged()
    assert identity.owner != 0
    assert int(output_of(identity, ["id", "-u"], tmp_path)) == identity.owner


@as_root
def test_inaccessible_directory_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "unprivileged", nobody)
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    server = Postgres(ServerPaths(closed / "postgres", log=tmp_path / "log"))
    with (tmp_path / "log").open("wb") as log, pytest.raises(CannotRun, match="no access to"):
        server.prepare(log)
