"""Processes that die, that do not stop, or that leave child processes behind."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from flowzz.local import supervisor as module
from flowzz.local.processes import ProcessSpec
from flowzz.local.supervisor import ProcessFailed, Supervisor
from tests.processes import children_of, is_alive
from tests.waiting import wait_until

Messages = list[str]


@pytest.fixture
def messages() -> Messages:
    return []


@pytest.fixture
def supervisor(tmp_path: Path, messages: Messages) -> Iterator[Supervisor]:
    with Supervisor(logs=tmp_path, report=messages.append) as supervisor:
        yield supervisor


def shell(script: str) -> ProcessSpec:
    return ProcessSpec("web", ("/bin/sh", "-c", script))


def start(supervisor: Supervisor, script: str) -> int:
    """Start a shell script and return its process id."""
    children = set(children_of(os.getpid()))
    supervisor.start(shell(script), {"PATH": os.defpath})
    return (set(children_of(os.getpid())) - children).pop()


def check_until(supervisor: Supervisor, condition: Callable[[], bool]) -> None:
    def check() -> bool:
        supervisor.check()
        return condition()

    wait_until(check)


def test_dead_process_is_restarted_and_reported(
    supervisor: Supervisor, messages: Messages, tmp_path: Path
) -> None:
    pid, log = start(supervisor, "echo started; sleep 60"), tmp_path / "web.log"
    wait_until(lambda: log.read_text() == "started\n")
    os.killpg(pid, signal.SIGKILL)
    check_until(supervisor, lambda: len(messages) == 1)
    assert messages == [f"web exited with code -9; restarting now: {log}"]
    check_until(supervisor, lambda: log.read_text() == "started\n" * 2)


def test_pause_before_a_restart_grows(supervisor: Supervisor, messages: Messages) -> None:
    supervisor.start(shell("exit 3"), {})
    check_until(supervisor, lambda: len(messages) == 3)
    pauses = [message.split("restarting ")[1].split(":")[0] for message in messages]
    assert pauses == ["now", "in 1 s", "in 3 s"]


def test_children_of_a_dead_process_are_killed(supervisor: Supervisor, messages: Messages) -> None:
    parent = start(supervisor, "sleep 60 & sleep 60")
    wait_until(lambda: len(children_of(parent)) == 2)
    children = children_of(parent)
    os.kill(parent, signal.SIGKILL)
    check_until(supervisor, lambda: len(messages) == 1)
    wait_until(lambda: not any(map(is_alive, children)))


def test_process_that_runs_once_is_not_restarted(
    supervisor: Supervisor, messages: Messages
) -> None:
    process = supervisor.start(ProcessSpec("prepare", ("/bin/true",), runs_once=True), {})
    wait_until(lambda: process.has_succeeded)
    supervisor.check()
    supervisor.wait_until(lambda: True, seconds=0)
    assert messages == []


def test_failure_of_a_process_that_runs_once_is_an_error(supervisor: Supervisor) -> None:
    process = supervisor.start(ProcessSpec("prepare", ("/bin/false",), runs_once=True), {})
    wait_until(lambda: process.exit_code is not None)
    assert not process.has_succeeded
    with pytest.raises(ProcessFailed, match=r"^prepare exited with code 1\."):
        supervisor.wait_until(lambda: process.has_succeeded, seconds=5)


def test_stop_ends_all_processes(supervisor: Supervisor) -> None:
    first, second = start(supervisor, "sleep 60"), start(supervisor, "sleep 60")
    supervisor.stop()
    assert not is_alive(first)
    assert not is_alive(second)


def test_process_that_ignores_sigterm_is_killed(
    supervisor: Supervisor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STOP_SECONDS", 0.2)
    pid = start(supervisor, "trap '' TERM; echo ready; while true; do sleep 0.1; done")
    wait_until(lambda: (tmp_path / "web.log").read_text() == "ready\n")
    supervisor.stop()
    assert not is_alive(pid)


def test_failure_during_the_start_shows_the_log(supervisor: Supervisor) -> None:
    supervisor.start(shell("echo the reason; exit 7"), {})
    with pytest.raises(ProcessFailed, match=r"(?s)web exited with code 7\..*the reason$"):
        supervisor.wait_until(lambda: False, seconds=5)


def test_start_has_a_time_limit(supervisor: Supervisor) -> None:
    with pytest.raises(ProcessFailed, match=r"^Flowzz is not ready after 0 s"):
        supervisor.wait_until(lambda: False, seconds=0)


def test_log_of_the_previous_run_is_kept(supervisor: Supervisor, tmp_path: Path) -> None:
    (tmp_path / "web.log").write_text("before\n")
    start(supervisor, "echo now; sleep 60")
    wait_until(lambda: (tmp_path / "web.log").read_text() == "now\n")
    assert (tmp_path / "web.log.1").read_text() == "before\n"
