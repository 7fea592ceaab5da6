"""Flowzz as real processes on ports of its own: each can be killed, and started again, by its id.

Start and restart from one thread only: the kernel ends the programs with the thread that began
them, so that nothing outlives a test, however it ends.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import psycopg
import requests

from flowzz.local import processes
from flowzz.local.servers.child_process import die_with_parent
from flowzz.local.servers.paths import PROJECT, ServerPaths, free_port
from flowzz.local.servers.registry import SERVER_CLASSES
from tests.processes import children_of, is_alive
from tests.waiting import wait_until

START_SECONDS = 180.0
ENVIRONMENT = {
    "DJANGO_SETTINGS_MODULE": "flowzz.settings",
    "DEBUG": "false",
    "SECRET_KEY": "a secret key for fault tests alone, never for use",
    "COINZZ_ENCRYPTION_KEY": "an encryption key for fault tests alone",
    "RATE_LIMIT_WEBHOOK": "1000000/min",
    "EMAIL_URL": "dummymail://",
    "SYNC_PAGE_SIZE": "50",
    "LOG_LEVEL": "INFO",
    "PYTHONUNBUFFERED": "1",
}


class Program:
    """A part of the product, or the sandbox, with all the processes that it starts."""

    def __init__(self, part: processes.ProcessSpec, environ: Mapping[str, str], log: Path) -> None:
        self.name = part.name
        self._command = part.command
        self._environ = environ
        self._log = log
        self._process = self._start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def has_ended(self) -> bool:
        return self._process.poll() is not None

    def children(self) -> list[int]:
        """Its worker processes."""
        return children_of(self.pid)

    def kill(self) -> None:
        """Kill the main process alone, as by the kernel."""
        self._process.kill()
        self._process.wait()

    def restart(self) -> None:
        """Start it again as a supervisor does: what the dead one left behind goes first."""
        self._end_group()
        self._process = self._start()

    def stop(self) -> None:
        self._process.kill()
        self._end_group()
        self._process.wait()

    def _start(self) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log:
            return subprocess.Popen(
                self._command,
                cwd=PROJECT,
                env=self._environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                process_group=0,
                preexec_fn=die_with_parent(signal.SIGTERM),  # noqa: PLW1509 - one thread here
            )

    def _end_group(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)


class Server:
    """PostgreSQL or Valkey with data of its own, as durable as in production."""

    def __init__(self, kind: str, directory: Path, log: Path) -> None:
        directory.mkdir()
        self._server = SERVER_CLASSES[kind](ServerPaths(directory / kind, log))
        self._server.paths.directory.mkdir()
        self._log: IO[bytes] = log.open("ab")
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def url(self) -> str:
        return self._server.url

    @property
    def data(self) -> Path:
        return self._server.paths.data

    def start(self) -> None:
        """Start it and wait until it answers, for as often as the remains of a dead one refuse."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            self._server.prepare(self._log)
            self._process = self._server.start(self._log)
            while self._process.poll() is None:
                if self._server.is_ready():
                    return
                time.sleep(0.02)
        raise TimeoutError(f"{self._server.wheel} doesn't start.")

    def stop(self) -> None:
        """As an administrator does: at once, and in order."""
        if self._process:
            self._process.send_signal(self._server.stop_signal)
            self._process.wait(START_SECONDS)

    def kill(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()

    def end(self) -> None:
        self.kill()
        self._log.close()


class Stack:
    """Both servers, web, workers, beat and a sandbox; leaving its context ends them all."""

    def __init__(
        self, directory: Path, *, webs: int = 1, workers: int = 2, settings: Mapping[str, str] = {}
    ) -> None:
        self.directory = directory
        self._logs = directory / "logs"
        self._logs.mkdir()
        self._workers = workers
        self._ports = [free_port() for _ in range(webs)]
        self._sandbox_port = free_port()
        self._settings = settings
        self._ending = contextlib.ExitStack()

    def __enter__(self) -> Self:
        with self._ending:
            self._start()
            self._ending = self._ending.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._ending.close()

    @property
    def web_urls(self) -> list[str]:
        return [f"http://{processes.HOST}:{port}" for port in self._ports]

    @property
    def sandbox_url(self) -> str:
        return f"http://{processes.HOST}:{self._sandbox_port}"

    @property
    def programs(self) -> list[Program]:
        """What the product consists of."""
        return [*self.webs, *self.workers, self.beat]

    def tend(self) -> None:
        """Start again what has ended by itself, as every supervisor does.

        Granian gives up where its processes are killed twice within seconds, and Celery at times
        when Redis goes.
        """
        for program in self.programs:
            if program.has_ended:
                program.restart()

    def wait_until_ready(self) -> None:
        self.tend()
        for url in (self.sandbox_url, *(f"{url}/health/ready" for url in self.web_urls)):
            wait_until(partial(answers, url), START_SECONDS)

    def run(self, module: str, *arguments: str) -> str:
        """Run a program of the product's environment to its end; return what it prints."""
        command = [sys.executable, "-m", module, *arguments]
        with self.log(module).open("ab") as log:
            finished = subprocess.run(
                command,
                cwd=PROJECT,
                env=self.environ,
                stdout=subprocess.PIPE,
                stderr=log,
                check=True,
            )
        return finished.stdout.decode()

    def ask(self, code: str) -> str:
        """Run some lines of Python in the product; return what they print."""
        return self.run("django", "shell", "--no-imports", "--command", code)

    def log(self, name: str) -> Path:
        return self._logs / f"{name}.log"

    def database(self) -> psycopg.Connection:
        """A connection of the test's own."""
        return psycopg.connect(self.postgres.url, autocommit=True)

    def _start(self) -> None:
        self.postgres = self._server("postgres")
        self.valkey = self._server("valkey")
        self.environ = os.environ | ENVIRONMENT | self._addresses() | dict(self._settings)
        self.run("django", "migrate", "--verbosity", "0")
        self.sandbox = self._program(_sandbox(self._sandbox_port))
        self.webs = [
            self._program(_named(processes.web(port), n)) for n, port in enumerate(self._ports)
        ]
        self.workers = [self._program(_worker(number)) for number in range(self._workers)]
        self.beat = self._program(processes.beat())
        self.wait_until_ready()
        wait_until(self.is_working, START_SECONDS)

    def is_working(self) -> bool:
        """Whether all workers have their processes and listen to Redis."""
        ready = [self.log(worker.name).read_bytes().count(b" ready.") for worker in self.workers]
        return all(ready)

    def _addresses(self) -> dict[str, str]:
        return {
            "DATABASE_URL": self.postgres.url,
            "REDIS_URL": self.valkey.url,
            "PUBLIC_BASE_URL": self.web_urls[0],
            "COINZZ_API_URL": f"{self.sandbox_url}/api",
        }

    def _server(self, kind: str) -> Server:
        server = Server(kind, self.directory / kind, self.log(kind))
        self._ending.callback(server.end)
        return server

    def _program(self, part: processes.ProcessSpec) -> Program:
        program = Program(part, self.environ, self.log(part.name))
        self._ending.callback(program.stop)
        return program


def answers(url: str) -> bool:
    with requests.Session() as session:
        session.trust_env = False
        try:
            return session.get(url, timeout=5).ok
        except requests.RequestException:
            return False


def kill_process(pid: int) -> bool:
    """Kill one process; whether it was there to be killed."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not is_alive(pid))
        return True
    return False


def _named(part: processes.ProcessSpec, number: int, *options: str) -> processes.ProcessSpec:
    return processes.ProcessSpec(f"{part.name}-{number}", (*part.command, *options))


def _worker(number: int) -> processes.ProcessSpec:
    return _named(processes.worker(), number, "--hostname", f"worker-{number}@%h")


def _sandbox(port: int) -> processes.ProcessSpec:
    command = (sys.executable, "-m", "sandbox", "--port", str(port), "--sales", "1000", "--quiet")
    return processes.ProcessSpec("sandbox", command)
