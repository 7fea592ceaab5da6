"""The kinds of embedded servers, and what each of them can do."""

import signal
import subprocess
from typing import IO, ClassVar, Protocol

from flowzz.local.servers.paths import Home
from flowzz.local.servers.postgres import Postgres
from flowzz.local.servers.valkey import Valkey


class Server(Protocol):
    wheel: ClassVar[str]
    stop_signal: ClassVar[signal.Signals]

    @property
    def home(self) -> Home: ...

    @property
    def url(self) -> str: ...

    def prepare(self, log: IO[bytes]) -> None: ...

    def start(self, log: IO[bytes]) -> subprocess.Popen[bytes]: ...

    def is_ready(self) -> bool: ...


KINDS: dict[str, type[Postgres] | type[Valkey]] = {"postgres": Postgres, "valkey": Valkey}
