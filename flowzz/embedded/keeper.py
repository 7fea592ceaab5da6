"""The keeper: a detached process that owns one embedded server until nobody uses it.

`python -m flowzz.embedded.keeper <kind> <directory> <log> <durable|fast> <keeper lock>`, where the
last is the inherited descriptor of a lock that says that a keeper is alive.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

from flowzz.embedded import locks
from flowzz.embedded.home import Home
from flowzz.embedded.kinds import KINDS, Server
from flowzz.embedded.postgres import CannotRun

POLL_SECONDS = 0.3
GRACE_SECONDS = 1.0
STOP_SECONDS = 30
# In a row. A few are normal: after a kill, the remains of the earlier server must end first.
MAX_FAILURES = 40


class Users:
    """Those who use the server, as seen through their lock."""

    def __init__(self, path: Path) -> None:
        self._lock = locks.open_lock(path)
        self._gone_since: float | None = None

    def are_gone(self) -> bool:
        """Whether nobody has used it for the grace period; nobody can join after that."""
        if not locks.claim(self._lock):
            self._gone_since = None
            return False
        now = time.monotonic()
        self._gone_since = self._gone_since or now
        if now - self._gone_since >= GRACE_SECONDS:
            return True
        locks.release(self._lock)
        return False


def keep(server: Server, log: IO[bytes]) -> None:
    """Run the server, again where it dies, until its users are gone. Raises CannotRun."""
    server.prepare(log)
    users = Users(server.home.users_lock)
    failures = 0
    process = server.start(log)
    try:
        while not users.are_gone():
            time.sleep(POLL_SECONDS)
            if process.poll() is not None:
                failures += 1
                process = server.start(log)
            elif failures and server.is_ready():
                failures = 0
            if failures > MAX_FAILURES:
                raise CannotRun("It has failed too often.")
    finally:
        stop(process, server.stop_signal)


def stop(process: subprocess.Popen[bytes], stop_signal: signal.Signals) -> None:
    process.send_signal(stop_signal)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def main(kind: str, directory: str, log_file: str, mode: str, keeper_lock: str) -> None:
    if os.fork():  # so that the one who started us need not wait for our end
        os._exit(0)
    os.set_inheritable(int(keeper_lock), False)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    home = Home(Path(directory), Path(log_file), durable=mode == "durable")
    with home.log.open("ab") as log:
        try:
            keep(KINDS[kind](home), log)
        except CannotRun as error:
            sys.exit(str(error))


if __name__ == "__main__":
    main(*sys.argv[1:])
