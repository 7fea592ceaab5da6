"""The processes of a local run."""

import sys
from dataclasses import dataclass
from pathlib import Path

HOST = "127.0.0.1"
WEB_WORKERS = 2
HEADER_TIMEOUT_MILLISECONDS = 10_000
QUEUES = {
    "inbox": ("--pool", "prefork", "--concurrency", "2"),
    "sync": ("--pool", "threads", "--concurrency", "8"),
    "bulk": ("--pool", "threads", "--concurrency", "1"),
    "control": ("--pool", "threads", "--concurrency", "1"),
}
"""The queues (see `flowzz/celery.py`), and how many tasks of each run at once."""
FIRST_ADMINISTRATOR = "FLOWZZ_FIRST_ADMINISTRATOR"
"""The variable with the password for `prepare` alone, whose output is a log: it never prints it."""
ADMINISTRATOR_CREATED = "The first administrator was created."


@dataclass(frozen=True)
class ProcessSpec:
    """A program's name and command. One that `runs_once` is expected to exit with code 0."""

    name: str
    command: tuple[str, ...]
    runs_once: bool = False


def _python(name: str, *command: str, runs_once: bool = False) -> ProcessSpec:
    return ProcessSpec(name, (sys.executable, "-m", *command), runs_once)


DEMO_SALES = 3_000
"""Past orders of each of the sandbox's accounts: some 30 a day."""


def prepare(*, demo: bool) -> ProcessSpec:
    options = ["--demo"] if demo else []
    return _python("prepare", "flowzz.local.prepare", *options, runs_once=True)


def demo_history() -> ProcessSpec:
    return _python("demo-history", "flowzz.local.demo_history", runs_once=True)


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


def workers(host: str = "%h") -> list[ProcessSpec]:
    """Return the workers of one machine, one for each queue."""
    return [
        _python(f"worker-{queue}", "celery", *_worker_arguments(queue, host)) for queue in QUEUES
    ]


def beat() -> ProcessSpec:
    return _python("beat", "celery", *_BEAT_ARGUMENTS)


def forked_workers() -> ProcessSpec:
    """Return the workers and beat as one program, which needs a third of their memory."""
    return _python("workers", "flowzz.local.forked_workers")


def celery_programs() -> list[tuple[str, ...]]:
    """Return the arguments of the workers and of beat on this machine."""
    return [*(_worker_arguments(queue, "%h") for queue in QUEUES), _BEAT_ARGUMENTS]


_CELERY = ("--quiet", "--app", "flowzz")
_BEAT_ARGUMENTS = (*_CELERY, "beat", "--pidfile=", "--loglevel", "INFO")


def _worker_arguments(queue: str, host: str) -> tuple[str, ...]:
    return (
        *(*_CELERY, "worker", "--queues", queue, "--hostname", f"{queue}@{host}"),
        *(*QUEUES[queue], "--heartbeat-interval", "30", "--loglevel", "INFO"),
        *("--without-gossip", "--without-mingle"),
    )


def sandbox(port: int, state: Path) -> ProcessSpec:
    return _python(
        "sandbox",
        *("sandbox", "--host", HOST, "--port", str(port), "--state", str(state), "--quiet"),
        *("--sales", str(DEMO_SALES)),
    )
