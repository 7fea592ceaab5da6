"""Parts that die, refuse to stop, or leave something behind."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from flowzz.local import supervisor as module
from flowzz.local.processes import Part
from flowzz.local.supervisor import PartFailed, Supervisor
from tests.processes import children_of, is_alive, wait_until

Said = list[str]


@pytest.fixture
def said() -> Said:
    return []


@pytest.fixture
def supervisor(tmp_path: Path, said: Said) -> Iterator[Supervisor]:
    with Supervisor(logs=tmp_path, report=said.append) as supervisor:
        yield supervisor


def part(script: str) -> Part:
    return Part("part", ("/bin/sh", "-c", script))


def start(supervisor: Supervisor, script: str) -> int:
    """Start a part and return its process id."""
    before = set(children_of(os.getpid()))
    supervisor.start(part(script), {"PATH": os.defpath})
    return (set(children_of(os.getpid())) - before).pop()


def watch_until(supervisor: Supervisor, condition: Callable[[], bool]) -> None:
    def watch() -> bool:
        supervisor.watch()
        return condition()

    wait_until(watch)


def test_a_part_that_died_starts_again_and_is_named(
    supervisor: Supervisor, said: Said, tmp_path: Path
) -> None:
    died = start(supervisor, "echo started; sleep 60")
    os.killpg(died, signal.SIGKILL)
    watch_until(supervisor, lambda: len(said) == 1)
    assert said == [f"part ended with -9; it starts again now: {tmp_path / 'part.log'}"]
    log = tmp_path / "part.log"
    watch_until(supervisor, lambda: log.read_text() == "started\n" * 2)


def test_a_part_that_keeps_dying_starts_ever_more_rarely(
    supervisor: Supervisor, said: Said
) -> None:
    supervisor.start(part("exit 3"), {})
    watch_until(supervisor, lambda: len(said) == 3)
    assert [line.split("again ")[1].split(":")[0] for line in said] == ["now", "in 1 s", "in 3 s"]


def test_what_a_dead_part_left_behind_is_killed(supervisor: Supervisor, said: Said) -> None:
    parent = start(supervisor, "sleep 60 & sleep 60")
    wait_until(lambda: len(children_of(parent)) == 2)
    children = children_of(parent)
    os.kill(parent, signal.SIGKILL)
    watch_until(supervisor, lambda: len(said) == 1)
    wait_until(lambda: not any(map(is_alive, children)))


def test_a_part_that_is_to_end_is_left_alone_when_it_has(
    supervisor: Supervisor, said: Said
) -> None:
    child = supervisor.start(Part("part", ("/bin/true",), ends=True), {})
    wait_until(lambda: child.is_done)
    supervisor.watch()
    supervisor.wait_until(lambda: True, seconds=0)
    assert said == []


def test_a_part_that_has_failed_is_not_done(supervisor: Supervisor) -> None:
    child = supervisor.start(Part("part", ("/bin/false",), ends=True), {})
    wait_until(lambda: child.has_ended)
    assert not child.is_done
    with pytest.raises(PartFailed, match=r"^part ended with 1\."):
        supervisor.wait_until(lambda: child.is_done, seconds=5)


def test_leaving_stops_all(supervisor: Supervisor) -> None:
    one, two = start(supervisor, "sleep 60"), start(supervisor, "sleep 60")
    supervisor.stop()
    assert not is_alive(one)
    assert not is_alive(two)


def test_a_part_that_refuses_to_stop_is_killed(
    supervisor: Supervisor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STOP_SECONDS", 0.2)
    stubborn = start(supervisor, "trap '' TERM; echo deaf; while true; do sleep 0.1; done")
    wait_until(lambda: (tmp_path / "part.log").read_text() == "deaf\n")
    supervisor.stop()
    assert not is_alive(stubborn)


def test_a_part_that_ends_while_starting_shows_its_log(supervisor: Supervisor) -> None:
    supervisor.start(part("echo what is wrong; exit 7"), {})
    with pytest.raises(PartFailed, match=r"(?s)part ended with 7\..*what is wrong$"):
        supervisor.wait_until(lambda: False, seconds=5)


def test_a_start_that_takes_too_long_is_given_up(supervisor: Supervisor) -> None:
    with pytest.raises(PartFailed, match=r"^Not all is ready after 0 s"):
        supervisor.wait_until(lambda: False, seconds=0)


def test_the_log_of_the_run_before_is_kept(supervisor: Supervisor, tmp_path: Path) -> None:
    (tmp_path / "part.log").write_text("before\n")
    start(supervisor, "echo now; sleep 60")
    wait_until(lambda: (tmp_path / "part.log").read_text() == "now\n")
    assert (tmp_path / "part.log.1").read_text() == "before\n"
