"""Child processes that are restarted when they die and that are stopped together."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Self

from flowzz.local.processes import ProcessSpec
from flowzz.local.servers.child_process import die_with_parent
from flowzz.local.servers.paths import PROJECT

POLL_SECONDS = 0.1
STOP_SECONDS = 8.0
MAX_PAUSE_SECONDS = 30.0
# A process that ran at least this long is restarted at once when it dies.
HEALTHY_SECONDS = 60.0
LOG_LINES = 15


class ProcessFailed(Exception):
    """A process ended during the start. The message contains the end of its log."""


class ManagedProcess:
    """A child process, its log and the time of its next restart."""

    def __init__(self, spec: ProcessSpec, environ: Mapping[str, str], log: Path) -> None:
        self.name = spec.name
        self.log = log
        self._spec = spec
        self._environ = environ
        self._failures = 0
        self._next_start = 0.0
        log.parent.mkdir(parents=True, exist_ok=True)
        if log.exists():
            log.replace(log.with_suffix(".log.1"))
        self._process = self._start()

    @property
    def exit_code(self) -> int | None:
        """The exit code, or None while the process runs."""
        return self._process.poll()

    @property
    def has_failed(self) -> bool:
        """Whether the process ended although it should run, or exited with an error."""
        return self.exit_code is not None and not (self._spec.runs_once and self.has_succeeded)

    @property
    def has_succeeded(self) -> bool:
        return self.exit_code == 0

    @property
    def awaits_restart(self) -> bool:
        return self._next_start > 0

    def plan_restart(self) -> float:
        """Schedule a restart after the process died. Returns the seconds until then."""
        self._kill_group()
        if time.monotonic() - self._started > HEALTHY_SECONDS:
            self._failures = 0
        pause = min(2.0**self._failures - 1, MAX_PAUSE_SECONDS)
        self._failures += 1
        self._next_start = time.monotonic() + pause
        return pause

    def restart_if_due(self) -> None:
        if time.monotonic() >= self._next_start:
            self._next_start = 0.0
            self._process = self._start()

    def stop(self) -> None:
        """Terminate the process, and kill it after STOP_SECONDS: Celery can miss a signal."""
        if self.exit_code is not None:  # the pid may belong to another program by now
            return
        self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(STOP_SECONDS)
        self._kill_group()
        self._process.wait()

    def count_logged(self, text: str) -> int:
        return self.log.read_text(errors="replace").count(text)

    def log_tail(self, lines: int = LOG_LINES) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def _start(self) -> subprocess.Popen[bytes]:
        self._started = time.monotonic()
        with self.log.open("ab") as log:
            return subprocess.Popen(
                self._spec.command,
                cwd=PROJECT,
                env=self._environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # Ctrl-C must reach only the launcher, which stops its children itself.
                process_group=0,
                preexec_fn=die_with_parent(signal.SIGTERM),  # noqa: PLW1509 - no threads here
            )

    def _kill_group(self) -> None:
        """Kill the child processes that the process left behind."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)


class Supervisor:
    """Starts processes, restarts those that die, and stops all of them on exit."""

    def __init__(self, *, logs: Path, report: Callable[[str], None]) -> None:
        self._logs = logs
        self._report = report
        self._processes: list[ManagedProcess] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self, spec: ProcessSpec, environ: Mapping[str, str]) -> ManagedProcess:
        self._processes.append(ManagedProcess(spec, environ, self._logs / f"{spec.name}.log"))
        return self._processes[-1]

    def wait_until(self, is_ready: Callable[[], bool], *, seconds: float) -> None:
        """Wait for a condition. Raises ProcessFailed if a process ends, or after `seconds`."""
        deadline = time.monotonic() + seconds
        while not is_ready():
            for process in self._processes:
                if process.has_failed:
                    raise ProcessFailed(
                        f"{process.name} exited with code {process.exit_code}. "
                        f"The end of {process.log}:\n{process.log_tail()}"
                    )
            if time.monotonic() > deadline:
                raise ProcessFailed(f"Flowzz is not ready after {seconds:.0f} s; see {self._logs}.")
            time.sleep(POLL_SECONDS)

    def check(self) -> None:
        """Check each process once, and restart those that died."""
        for process in self._processes:
            if process.awaits_restart:
                process.restart_if_due()
            elif process.has_failed:
                code, pause = process.exit_code, process.plan_restart()
                when = f"in {pause:.0f} s" if pause else "now"
                self._report(
                    f"{process.name} exited with code {code}; restarting {when}: {process.log}"
                )

    def stop(self) -> None:
        """Stop all processes, the last started first: it may need the others."""
        for process in reversed(self._processes):
            process.stop()
        self._processes.clear()
