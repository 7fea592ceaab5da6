"""The daemon: a detached process that owns one embedded server until no process uses it.

`python -m flowzz.local.servers.daemon <kind> <directory> <log> <durable|fast> <daemon lock>`. The
last argument is the inherited descriptor of the lock that shows that a daemon is alive.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

from flowzz.local.servers import file_locks
from flowzz.local.servers.paths import ServerPaths
from flowzz.local.servers.postgres import CannotRun
from flowzz.local.servers.registry import SERVER_CLASSES, Server

POLL_SECONDS = 0.2
STARTING_POLL_SECONDS = 0.02
GRACE_SECONDS = 0.8
STOP_SECONDS = 30
# Consecutive failures. A few are normal: after a kill, the earlier server must end first.
MAX_FAILURES = 40


class UsersLock:
    """Detects through the shared lock whether any process still uses the server."""

    def __init__(self, path: Path) -> None:
        self._lock = file_locks.open_lock(path)
        self._unused_since: float | None = None

    def has_expired(self) -> bool:
        """Return whether no process used the server for GRACE_SECONDS.

        After True the lock stays exclusive, so no new process can start to use the server.
        """
        if not file_locks.try_lock(self._lock):
            self._unused_since = None
            return False
        now = time.monotonic()
        self._unused_since = self._unused_since or now
        if now - self._unused_since >= GRACE_SECONDS:
            return True
        file_locks.release(self._lock)
        return False


class MonitoredServer:
    """A server that is restarted when it dies. The ready lock shows that it accepts connections."""

    def __init__(self, server: Server, log: IO[bytes]) -> None:
        self._server = server
        self._log = log
        self._process = server.start(log)
        self._failures = 0
        self._ready_lock = file_locks.open_lock(server.paths.ready_lock)
        self._is_ready = False

    def check(self) -> None:
        """Check the server once and restart it if it died. Raises CannotRun."""
        if self._process.poll() is not None:
            self._restart()
        elif not self._is_ready and self._server.is_ready():
            self._is_ready = file_locks.try_lock(self._ready_lock)
            self._failures = 0
        time.sleep(POLL_SECONDS if self._is_ready else STARTING_POLL_SECONDS)

    def stop(self) -> None:
        self._process.send_signal(self._server.stop_signal)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _restart(self) -> None:
        file_locks.release(self._ready_lock)
        self._is_ready = False
        self._failures += 1
        if self._failures > MAX_FAILURES:
            raise CannotRun("It failed too often.")
        time.sleep(POLL_SECONDS)
        self._process = self._server.start(self._log)


def run_until_unused(server: Server, log: IO[bytes]) -> None:
    """Run the server until no process uses it. Raises CannotRun."""
    server.prepare(log)
    users = UsersLock(server.paths.users_lock)
    monitored = MonitoredServer(server, log)
    try:
        while not users.has_expired():
            monitored.check()
    finally:
        monitored.stop()


def main(kind: str, directory: str, log_file: str, mode: str, daemon_lock: str) -> None:
    if os.fork():  # the caller does not wait for the daemon's end
        os._exit(0)
    os.set_inheritable(int(daemon_lock), False)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    paths = ServerPaths(Path(directory), Path(log_file), durable=mode == "durable")
    with paths.log.open("ab") as log:
        try:
            run_until_unused(SERVER_CLASSES[kind](paths), log)
        except (CannotRun, OSError) as error:
            sys.exit(str(error))


if __name__ == "__main__":
    main(*sys.argv[1:])
