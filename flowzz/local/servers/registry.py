"""The kinds of embedded servers and their common interface."""

import signal
import subprocess
from typing import IO, ClassVar, Protocol

from flowzz.local.servers.paths import ServerPaths
from flowzz.local.servers.postgres import Postgres
from flowzz.local.servers.valkey import Valkey


class Server(Protocol):
    wheel: ClassVar[str]
    stop_signal: ClassVar[signal.Signals]

    @property
    def paths(self) -> ServerPaths: ...

    @property
    def url(self) -> str: ...

    def prepare(self, log: IO[bytes]) -> None: ...

    def start(self, log: IO[bytes]) -> subprocess.Popen[bytes]: ...

    def is_ready(self) -> bool: ...


SERVER_CLASSES: dict[str, type[Postgres] | type[Valkey]] = {"postgres": Postgres, "valkey": Valkey}
