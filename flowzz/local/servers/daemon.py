"""The keeper: a detached process that owns one embedded server until nobody uses it.

`python -m flowzz.local.servers.daemon <kind> <directory> <log> <durable|fast> <keeper lock>`,
where the last is the inherited descriptor of a lock that says that a keeper is alive.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

from flowzz.local.servers import file_locks
from flowzz.local.servers.paths import Home
from flowzz.local.servers.postgres import CannotRun
from flowzz.local.servers.registry import KINDS, Server

POLL_SECONDS = 0.2
STARTING_POLL_SECONDS = 0.02
GRACE_SECONDS = 0.8
STOP_SECONDS = 30
# In a row. A few are normal: after a kill, the remains of the earlier server must end first.
MAX_FAILURES = 40


class Users:
    """Those who use the server, as seen through their lock."""

    def __init__(self, path: Path) -> None:
        self._lock = file_locks.open_lock(path)
        self._gone_since: float | None = None

    def are_gone(self) -> bool:
        """Whether nobody has used it for the grace period; nobody can join after that."""
        if not file_locks.claim(self._lock):
            self._gone_since = None
            return False
        now = time.monotonic()
        self._gone_since = self._gone_since or now
        if now - self._gone_since >= GRACE_SECONDS:
            return True
        file_locks.release(self._lock)
        return False


class Keeper:
    """One server, started again where it dies, and the announcement that it answers."""

    def __init__(self, server: Server, log: IO[bytes]) -> None:
        self._server = server
        self._log = log
        self._process = server.start(log)
        self._failures = 0
        self._ready_lock = file_locks.open_lock(server.home.ready_lock)
        self._is_ready = False

    def watch(self) -> None:
        """Look after the server once. Raises CannotRun after too many failures."""
        if self._process.poll() is not None:
            self._start_again()
        elif not self._is_ready and self._server.is_ready():
            self._is_ready = file_locks.claim(self._ready_lock)
            self._failures = 0
        time.sleep(POLL_SECONDS if self._is_ready else STARTING_POLL_SECONDS)

    def stop(self) -> None:
        self._process.send_signal(self._server.stop_signal)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _start_again(self) -> None:
        file_locks.release(self._ready_lock)
        self._is_ready = False
        self._failures += 1
        if self._failures > MAX_FAILURES:
            raise CannotRun("It has failed too often.")
        time.sleep(POLL_SECONDS)
        self._process = self._server.start(self._log)


def keep(server: Server, log: IO[bytes]) -> None:
    """Run the server until its users are gone. Raises CannotRun."""
    server.prepare(log)
    users = Users(server.home.users_lock)
    keeper = Keeper(server, log)
    try:
        while not users.are_gone():
            keeper.watch()
    finally:
        keeper.stop()


def main(kind: str, directory: str, log_file: str, mode: str, keeper_lock: str) -> None:
    if os.fork():  # so that the one who started us need not wait for our end
        os._exit(0)
    os.set_inheritable(int(keeper_lock), False)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    home = Home(Path(directory), Path(log_file), durable=mode == "durable")
    with home.log.open("ab") as log:
        try:
            keep(KINDS[kind](home), log)
        except (CannotRun, OSError) as error:
            sys.exit(str(error))


if __name__ == "__main__":
    main(*sys.argv[1:])
