"""Handles on this folder's embedded servers. Opening one starts a server that does not run."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import TypeAlias

from flowzz.local.servers import file_locks, wheels
from flowzz.local.servers.paths import PROJECT, STATE, ServerPaths
from flowzz.local.servers.registry import SERVER_CLASSES, Server

LOCAL, TEST = "local", "test"
VARIABLES = {"DATABASE_URL": "postgres", "REDIS_URL": "valkey"}
START_SECONDS = 60.0
POLL_SECONDS = 0.02
LOG_LINES = 10


class ServerFailed(Exception):
    """An embedded server did not start. The message names it, its log and the log's end."""


class ServerHandle:
    """This process as a user of a server, until the handle is closed or the process ends."""

    def __init__(self, kind: str, *, profile: str = LOCAL, state: Path = STATE) -> None:
        self.kind = kind
        self.server: Server = SERVER_CLASSES[kind](server_paths(kind, profile=profile, state=state))
        self._paths = self.server.paths
        self._paths.log.parent.mkdir(parents=True, exist_ok=True)
        self._lock = file_locks.acquire_shared(self._paths.users_lock)
        self._starter: subprocess.Popen[bytes] | None = None

    def is_ready(self) -> bool:
        """Return whether the server accepts connections, and start its daemon if none runs.

        Raises ServerFailed when the daemon gave up.
        """
        if file_locks.is_locked(self._paths.ready_lock):
            if self._starter is not None:
                self._starter.wait()  # reap it: it ended when it had forked the daemon
                self._starter = None
            return True
        daemon_lock = file_locks.acquire_exclusive(self._paths.daemon_lock)
        if daemon_lock is None:  # a daemon is starting the server
            return False
        try:
            if self._starter is not None:
                self._starter.wait()
                raise ServerFailed(self._failure())
            self._starter = self._start_daemon(daemon_lock)
        finally:
            os.close(daemon_lock)
        return False

    def close(self) -> None:
        os.close(self._lock)

    def _start_daemon(self, daemon_lock: int) -> subprocess.Popen[bytes]:
        """Start a daemon that inherits the lock, so that no second one can start meanwhile."""
        paths = self._paths
        mode = "durable" if paths.durable else "fast"
        arguments = [self.kind, str(paths.directory), str(paths.log), mode, str(daemon_lock)]
        with paths.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "flowzz.local.servers.daemon", *arguments],
                cwd=PROJECT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=[daemon_lock],
                start_new_session=True,
            )

    def _failure(self) -> str:
        lines = self._paths.log.read_text(errors="replace").splitlines()[-LOG_LINES:]
        return "\n".join([f"{self.kind} does not start. The end of {self._paths.log}:", *lines])


Handles: TypeAlias = dict[str, ServerHandle]
"""Handles by the variable that holds the server's URL."""


def wait_until_ready(*handles: ServerHandle) -> None:
    """Wait until all servers accept connections. Raises ServerFailed."""
    deadline = time.monotonic() + START_SECONDS
    while starting := [handle.kind for handle in handles if not handle.is_ready()]:
        if time.monotonic() > deadline:
            names = " and ".join(starting)
            raise ServerFailed(f"{names} did not start within {START_SECONDS:.0f} s.")
        time.sleep(POLL_SECONDS)


def ensure_servers(
    environ: MutableMapping[str, str], *, profile: str = LOCAL, state: Path = STATE
) -> Handles:
    """Start the servers whose URL the environment lacks, and set their URLs there.

    They run until this process ends or closes the returned handles. Returns no handles where the
    wheels are not installed, as in production images. Raises ServerFailed.
    """
    handles = {
        variable: ServerHandle(kind, profile=profile, state=state)
        for variable, kind in VARIABLES.items()
        if variable not in environ and wheels.is_installed(SERVER_CLASSES[kind].wheel)
    }
    wait_until_ready(*handles.values())
    environ.update({variable: handle.server.url for variable, handle in handles.items()})
    return handles


def external_urls(environ: Mapping[str, str], *, state: Path = STATE) -> dict[str, str]:
    """Return the environment's server URLs that do not belong to this folder."""
    local = local_urls(state=state)
    given = {variable: environ[variable] for variable in VARIABLES if variable in environ}
    return {variable: url for variable, url in given.items() if url != local.get(variable)}


def local_urls(*, state: Path = STATE) -> dict[str, str]:
    """Return the URLs of the local servers, whether they run or not."""
    return {
        variable: SERVER_CLASSES[kind](server_paths(kind, state=state)).url
        for variable, kind in VARIABLES.items()
        if wheels.is_installed(SERVER_CLASSES[kind].wheel)
    }


def server_paths(kind: str, *, profile: str = LOCAL, state: Path = STATE) -> ServerPaths:
    return ServerPaths(
        directory=state / profile / kind,
        log=state / "logs" / f"{profile}-{kind}.log",
        durable=profile != TEST,
    )
