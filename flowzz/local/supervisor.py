"""Child processes that are started again where they die, and that all end together."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from flowzz.local.processes import Part
from flowzz.local.servers.paths import PROJECT
from flowzz.local.servers.process import die_with_parent

POLL_SECONDS = 0.1
STOP_SECONDS = 8.0
LONGEST_PAUSE_SECONDS = 30.0
# A part that has run for so long and dies is started again at once.
HEALTHY_SECONDS = 60.0
LOG_LINES = 15


class PartFailed(Exception):
    """A part ended before it was of use; the message holds the end of its log."""


class Child:
    """A part's process, its log, and when it may be started again."""

    def __init__(self, part: Part, environ: Mapping[str, str], log: Path) -> None:
        self.name = part.name
        self.log = log
        self._part = part
        self._environ = environ
        self._failures = 0
        self._next_start = 0.0
        log.parent.mkdir(parents=True, exist_ok=True)
        if log.exists():
            log.replace(log.with_suffix(".log.1"))
        self._process = self._start()

    @property
    def failure(self) -> int | None:
        """How its process ended where it should not have, else None."""
        code = self._process.poll()
        return None if code == 0 and self._part.ends else code

    @property
    def has_ended(self) -> bool:
        return self._process.poll() is not None

    @property
    def is_done(self) -> bool:
        """Whether it has ended, and well."""
        return self._process.poll() == 0

    def plan_restart(self) -> float:
        """Say when to start again after an end: the seconds from now."""
        self._end_group()
        if time.monotonic() - self._started > HEALTHY_SECONDS:
            self._failures = 0
        pause = min(2.0**self._failures - 1, LONGEST_PAUSE_SECONDS)
        self._failures += 1
        self._next_start = time.monotonic() + pause
        return pause

    @property
    def is_waiting(self) -> bool:
        return self._next_start > 0

    def restart_if_due(self) -> None:
        if time.monotonic() >= self._next_start:
            self._next_start = 0.0
            self._process = self._start()

    def stop(self) -> None:
        """End the process, by force where it doesn't: Celery can miss a signal as it starts."""
        if self.has_ended:  # its number may be another's by now
            return
        self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(STOP_SECONDS)
        self._end_group()
        self._process.wait()

    def end_of_log(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-LOG_LINES:])

    def _start(self) -> subprocess.Popen[bytes]:
        self._started = time.monotonic()
        with self.log.open("ab") as log:
            return subprocess.Popen(
                self._part.command,
                cwd=PROJECT,
                env=self._environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # Ctrl-C is for us alone: we stop our children, and they their own.
                process_group=0,
                preexec_fn=die_with_parent(signal.SIGTERM),  # noqa: PLW1509 - no threads here
            )

    def _end_group(self) -> None:
        """Kill what the process has left behind."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)


class Supervisor:
    """All parts together; leaving its context ends them."""

    def __init__(self, *, logs: Path, report: Callable[[str], None]) -> None:
        self._logs = logs
        self._report = report
        self._children: list[Child] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self, part: Part, environ: Mapping[str, str]) -> Child:
        self._children.append(Child(part, environ, self._logs / f"{part.name}.log"))
        return self._children[-1]

    def wait_until(self, is_ready: Callable[[], bool], *, seconds: float) -> None:
        """Wait while the parts come up. Raises PartFailed when one ends, or after `seconds`."""
        deadline = time.monotonic() + seconds
        while not is_ready():
            for child in self._children:
                if (code := child.failure) is not None:
                    raise PartFailed(
                        f"{child.name} ended with {code}. The end of {child.log}:\n"
                        f"{child.end_of_log()}"
                    )
            if time.monotonic() > deadline:
                raise PartFailed(f"Not all is ready after {seconds:.0f} s; see {self._logs}.")
            time.sleep(POLL_SECONDS)

    def watch(self) -> None:
        """Look once after each part, and start again those that ended."""
        for child in self._children:
            if child.is_waiting:
                child.restart_if_due()
            elif (code := child.failure) is not None:
                pause = child.plan_restart()
                when = f"in {pause:.0f} s" if pause else "now"
                self._report(f"{child.name} ended with {code}; it starts again {when}: {child.log}")

    def stop(self) -> None:
        """End all, those first that were started last and may need the others."""
        for child in reversed(self._children):
            child.stop()
        self._children.clear()
