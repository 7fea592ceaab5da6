"""Where an embedded server keeps its data, its address and its locks."""

import dataclasses
import json
import os
import random
import secrets
import socket
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from flowzz.local.servers import secret_files

PROJECT = Path(__file__).resolve().parents[3]
STATE = Path(os.environ.get("FLOWZZ_STATE") or PROJECT / ".flowzz")
# Below the range from which Linux takes the ports of outgoing connections.
PORTS = range(20_000, 32_000)
PORT_SECONDS = 3.0


@dataclass(frozen=True)
class Address:
    """How to reach a server on 127.0.0.1. The password never changes, the port rarely."""

    port: int
    password: str


@dataclass(frozen=True)
class Home:
    """A `durable` server keeps what it acknowledged through a power cut.

    Another one is faster, and begins anew at each start.
    """

    directory: Path
    log: Path
    durable: bool = True

    @property
    def data(self) -> Path:
        return self.directory / "data"

    @property
    def users_lock(self) -> Path:
        """Shared by all who use the server; the keeper leaves when it can have it alone."""
        return self.directory / "users.lock"

    @property
    def keeper_lock(self) -> Path:
        """Held by the keeper for as long as it lives."""
        return self.directory / "keeper.lock"

    @property
    def ready_lock(self) -> Path:
        """Held by the keeper while its server answers."""
        return self.directory / "ready.lock"

    @property
    def _address_file(self) -> Path:
        return self.directory / "address.json"

    def address(self) -> Address:
        """The server's address, made up at the first call."""
        if not self._address_file.exists():
            address = Address(port=free_port(), password=secrets.token_urlsafe(24))
            secret_files.create(self._address_file, json.dumps(asdict(address)))
        return Address(**json.loads(self._address_file.read_text()))

    def usable_address(self) -> Address:
        """The address as before where its port is free, else with another port."""
        address = self.address()
        # The remains of a server whose keeper was killed may still be on their way out.
        deadline = time.monotonic() + PORT_SECONDS
        while not is_free(address.port) and time.monotonic() < deadline:
            time.sleep(0.02)
        if not is_free(address.port):
            address = dataclasses.replace(address, port=free_port())
            secret_files.replace(self._address_file, json.dumps(asdict(address)))
        return address


def is_free(port: int) -> bool:
    """Whether a server could listen on this port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """A random port of 127.0.0.1 on which nobody listens."""
    while not is_free(port := random.choice(PORTS)):
        pass
    return port
