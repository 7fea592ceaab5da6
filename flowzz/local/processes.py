"""The programs that Flowzz consists of when it runs on one machine."""

import sys
from dataclasses import dataclass
from pathlib import Path

HOST = "127.0.0.1"
WEB_WORKERS = 2
HEAD_MILLISECONDS = 10_000
TASK_PROCESSES = 2


@dataclass(frozen=True)
class Part:
    """A program; one that `ends` is done when it has ended well, the others are to go on."""

    name: str
    command: tuple[str, ...]
    ends: bool = False


def _python(name: str, *command: str, ends: bool = False) -> Part:
    return Part(name, (sys.executable, "-m", *command), ends)


def prepare(*, with_demo: bool) -> Part:
    options = ["--demo"] if with_demo else []
    return _python("prepare", "flowzz.local.prepare", *options, ends=True)


def web(port: int) -> Part:
    return _python(
        "web",
        *("granian", "--interface", "rsgi", "--host", HOST, "--port", str(port)),
        *("--http", "1", "--no-ws", "--http1-header-read-timeout", str(HEAD_MILLISECONDS)),
        *("--workers", str(WEB_WORKERS)),
        *("--respawn-failed-workers", "--workers-kill-timeout", "5"),
        *("--log-config", "flowzz/granian-logs.json"),
        "flowzz.rsgi:application",
    )


def worker() -> Part:
    return _python(
        "worker",
        *("celery", "--quiet", "--app", "flowzz", "worker", "--concurrency", str(TASK_PROCESSES)),
        *("--loglevel", "INFO", "--without-gossip", "--without-mingle"),
    )


def beat() -> Part:
    return _python(
        "beat", "celery", "--quiet", "--app", "flowzz", "beat", "--pidfile=", "--loglevel", "INFO"
    )


def sandbox(port: int, state: Path) -> Part:
    return _python(
        "sandbox",
        *("sandbox", "--host", HOST, "--port", str(port), "--state", str(state), "--quiet"),
    )
