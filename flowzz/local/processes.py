"""The processes of a local run."""

import sys
from dataclasses import dataclass
from pathlib import Path

HOST = "127.0.0.1"
WEB_WORKERS = 2
HEADER_TIMEOUT_MILLISECONDS = 10_000
TASK_PROCESSES = 2


@dataclass(frozen=True)
class ProcessSpec:
    """A program's name and command. One that `runs_once` is expected to exit with code 0."""

    name: str
    command: tuple[str, ...]
    runs_once: bool = False


def _python(name: str, *command: str, runs_once: bool = False) -> ProcessSpec:
    return ProcessSpec(name, (sys.executable, "-m", *command), runs_once)


def prepare(*, demo: bool) -> ProcessSpec:
    options = ["--demo"] if demo else []
    return _python("prepare", "flowzz.local.prepare", *options, runs_once=True)


def web(port: int) -> ProcessSpec:
    return _python(
        "web",
        *("granian", "--interface", "rsgi", "--host", HOST, "--port", str(port)),
        *("--http", "1", "--no-ws"),
        *("--http1-header-read-timeout", str(HEADER_TIMEOUT_MILLISECONDS)),
        *("--workers", str(WEB_WORKERS)),
        *("--respawn-failed-workers", "--workers-kill-timeout", "5"),
        *("--log-config", "flowzz/granian-logs.json"),
        "flowzz.rsgi:application",
    )


def worker() -> ProcessSpec:
    return _python(
        "worker",
        *("celery", "--quiet", "--app", "flowzz", "worker", "--concurrency", str(TASK_PROCESSES)),
        *("--loglevel", "INFO", "--without-gossip", "--without-mingle"),
    )


def beat() -> ProcessSpec:
    return _python(
        "beat", "celery", "--quiet", "--app", "flowzz", "beat", "--pidfile=", "--loglevel", "INFO"
    )


def sandbox(port: int, state: Path) -> ProcessSpec:
    return _python(
        "sandbox",
        *("sandbox", "--host", HOST, "--port", str(port), "--state", str(state), "--quiet"),
    )
