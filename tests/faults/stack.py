"""Flowzz as real processes on its own ports, each of which can be killed and restarted.

Start and restart from one thread only: the kernel ends the programs with the thread that started
them, so that no process outlives a test.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import IO, Self

import psycopg
import requests

from flowzz.local import processes
from flowzz.local.servers.child_process import die_with_parent
from flowzz.local.servers.paths import PROJECT, ServerPaths, free_port
from flowzz.local.servers.registry import SERVER_CLASSES
from tests.faults.pgbouncer import running_pgbouncer
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
    """A process of the product or the sandbox, with its child processes."""

    def __init__(self, spec: processes.ProcessSpec, environ: Mapping[str, str], log: Path) -> None:
        self.name = spec.name
        self._command = spec.command
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
        """Return its worker processes."""
        return children_of(self.pid)

    def kill(self) -> None:
        """Kill only the main process, as the kernel would."""
        self._process.kill()
        self._process.wait()

    def pause(self) -> None:
        """Stop the program and its child processes, as if its machine could not be reached."""
        os.killpg(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        os.killpg(self.pid, signal.SIGCONT)

    def restart(self) -> None:
        """Kill the remaining child processes, and start the program again."""
        self._kill_group()
        self._process = self._start()

    def stop(self) -> None:
        self._process.kill()
        self._kill_group()
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

    def _kill_group(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)


class Server:
    """PostgreSQL or Valkey with its own data, as durable as in production."""

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

    @property
    def pid(self) -> int:
        assert self._process
        return self._process.pid

    def start(self) -> None:
        """Start the server until it is ready. An earlier one that still ends can prevent it."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            self._server.prepare(self._log)
            self._process = self._server.start(self._log)
            while self._process.poll() is None:
                if self._server.is_ready():
                    return
                time.sleep(0.02)
        raise TimeoutError(f"{self._server.wheel} does not start.")

    def stop(self) -> None:
        """Shut the server down as an administrator does."""
        if self._process:
            self._process.send_signal(self._server.stop_signal)
            self._process.wait(START_SECONDS)

    def kill(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()

    def close(self) -> None:
        self.kill()
        self._log.close()


class Stack:
    """Both servers, web, workers, beat and a sandbox, which the end of the context stops."""

    def __init__(
        self,
        directory: Path,
        *,
        webs: int = 1,
        hosts: int = 2,
        is_pooled: bool = False,
        settings: Mapping[str, str] = {},
    ) -> None:
        """Each of the `hosts` has a worker for each queue. PgBouncer is used if `is_pooled`."""
        self.directory = directory
        self._logs = directory / "logs"
        self._logs.mkdir()
        self._hosts = hosts
        self._is_pooled = is_pooled
        self._ports = [free_port() for _ in range(webs)]
        self._sandbox_port = free_port()
        self._settings = settings
        self._exit_stack = contextlib.ExitStack()

    def __enter__(self) -> Self:
        with self._exit_stack:
            self._start()
            self._exit_stack = self._exit_stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._exit_stack.close()

    @property
    def web_urls(self) -> list[str]:
        return [f"http://{processes.HOST}:{port}" for port in self._ports]

    @property
    def sandbox_url(self) -> str:
        return f"http://{processes.HOST}:{self._sandbox_port}"

    def workers_on(self, host: int) -> list[Program]:
        return [worker for worker in self.workers if worker.name.endswith(f"-{host}")]

    def workers_of(self, queue: str) -> list[Program]:
        return [worker for worker in self.workers if worker.name.startswith(f"worker-{queue}-")]

    @property
    def programs(self) -> list[Program]:
        """Return the product's programs."""
        return [*self.webs, *self.workers, self.beat]

    def restart_ended(self) -> None:
        """Restart programs that ended by themselves, as every supervisor does.

        Granian exits when its processes are killed twice within seconds, and Celery sometimes
        when Redis stops.
        """
        for program in self.programs:
            if program.has_ended:
                program.restart()

    def wait_until_ready(self) -> None:
        self.restart_ended()
        for url in (self.sandbox_url, *(f"{url}/health/ready" for url in self.web_urls)):
            wait_until(partial(is_up, url), START_SECONDS)

    def run(self, module: str, *arguments: str) -> str:
        """Run a program in the product's environment, and return its output."""
        command = [sys.executable, "-m", module, *arguments]
        with self.log(module).open("ab") as log:
            process = subprocess.run(
                command,
                cwd=PROJECT,
                env=self.environ,
                stdout=subprocess.PIPE,
                stderr=log,
                check=True,
            )
        return process.stdout.decode()

    def run_code(self, code: str) -> str:
        """Run Python code in the product, and return its output."""
        return self.run("django", "shell", "--no-imports", "--command", code)

    def log(self, name: str) -> Path:
        return self._logs / f"{name}.log"

    def logs(self) -> list[Path]:
        return sorted(self._logs.iterdir())

    def note(self, event: str, **details: object) -> None:
        """Add a line to the logs: what a test itself has done."""
        line = {"event": event, "timestamp": datetime.now(UTC).isoformat(), **details}
        with self.log("test").open("a") as log:
            log.write(json.dumps(line) + "\n")

    def database(self) -> psycopg.Connection:
        """Return a new connection."""
        return psycopg.connect(self.postgres.url, autocommit=True)

    def _start(self) -> None:
        self.postgres = self._server("postgres")
        self.valkey = self._server("valkey")
        self.environ = os.environ | ENVIRONMENT | self._urls() | dict(self._settings)
        self.run("django", "migrate", "--verbosity", "0")
        if self._is_pooled:
            pooler = running_pgbouncer(self.postgres.url, self.directory)
            url = self._exit_stack.enter_context(pooler)
            self.environ |= {"DATABASE_URL": url, "DATABASE_POOLED": "true"}
        self.sandbox = self._program(_sandbox(self._sandbox_port))
        self.webs = [
            self._program(_numbered(processes.web(port), n)) for n, port in enumerate(self._ports)
        ]
        self.workers = [
            self._program(_numbered(worker, number))
            for number in range(self._hosts)
            for worker in processes.workers(f"host-{number}")
        ]
        self.beat = self._program(processes.beat())
        self.wait_until_ready()
        wait_until(self.are_workers_ready, START_SECONDS)

    def are_workers_ready(self) -> bool:
        """Return whether all workers have started their processes and consume from Redis."""
        ready = [self.log(worker.name).read_bytes().count(b" ready.") for worker in self.workers]
        return all(ready)

    def _urls(self) -> dict[str, str]:
        return {
            "DATABASE_URL": self.postgres.url,
            "REDIS_URL": self.valkey.url,
            "PUBLIC_BASE_URL": self.web_urls[0],
            "COINZZ_API_URL": f"{self.sandbox_url}/api",
        }

    def _server(self, kind: str) -> Server:
        server = Server(kind, self.directory / kind, self.log(kind))
        self._exit_stack.callback(server.close)
        return server

    def _program(self, spec: processes.ProcessSpec) -> Program:
        program = Program(spec, self.environ, self.log(spec.name))
        self._exit_stack.callback(program.stop)
        return program


def is_up(url: str) -> bool:
    with requests.Session() as session:
        session.trust_env = False
        try:
            return session.get(url, timeout=5).ok
        except requests.RequestException:
            return False


def kill_process(pid: int) -> bool:
    """Kill a process, and return whether it existed."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not is_alive(pid))
        return True
    return False


def _numbered(spec: processes.ProcessSpec, number: int) -> processes.ProcessSpec:
    return processes.ProcessSpec(f"{spec.name}-{number}", spec.command)


def _sandbox(port: int) -> processes.ProcessSpec:
    command = (sys.executable, "-m", "sandbox", "--port", str(port), "--sales", "1000", "--quiet")
    return processes.ProcessSpec("sandbox", command)
