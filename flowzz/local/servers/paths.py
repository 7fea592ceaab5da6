"""The files of an embedded server: its data, its endpoint and its locks."""

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
# Below Linux's default range of ports for outgoing connections (32768 and up).
PORTS = range(20_000, 32_000)
PORT_SECONDS = 3.0


@dataclass(frozen=True)
class Endpoint:
    """Port and password of a server on 127.0.0.1. The password never changes, the port rarely."""

    port: int
    password: str


@dataclass(frozen=True)
class ServerPaths:
    """A `durable` server keeps acknowledged writes through a power cut.

    One that is not durable is faster, and starts with empty data.
    """

    directory: Path
    log: Path
    durable: bool = True

    @property
    def data(self) -> Path:
        return self.directory / "data"

    @property
    def users_lock(self) -> Path:
        """Shared by every process that uses the server. The daemon ends once it can lock it."""
        return self.directory / "users.lock"

    @property
    def daemon_lock(self) -> Path:
        """Held by the daemon for as long as it lives."""
        return self.directory / "daemon.lock"

    @property
    def ready_lock(self) -> Path:
        """Held by the daemon while its server accepts connections."""
        return self.directory / "ready.lock"

    @property
    def _endpoint_file(self) -> Path:
        return self.directory / "address.json"  # the name in folders of older versions

    def endpoint(self) -> Endpoint:
        """Return the server's endpoint. The first call generates it."""
        if not self._endpoint_file.exists():
            endpoint = Endpoint(port=free_port(), password=secrets.token_urlsafe(24))
            secret_files.create(self._endpoint_file, json.dumps(asdict(endpoint)))
        return Endpoint(**json.loads(self._endpoint_file.read_text()))

    def available_endpoint(self) -> Endpoint:
        """Return the endpoint, with another port if a program already listens on its port."""
        endpoint = self.endpoint()
        # A server whose daemon was killed may need a moment to end.
        deadline = time.monotonic() + PORT_SECONDS
        while not is_free(endpoint.port) and time.monotonic() < deadline:
            time.sleep(0.02)
        if not is_free(endpoint.port):
            endpoint = dataclasses.replace(endpoint, port=free_port())
            secret_files.replace(self._endpoint_file, json.dumps(asdict(endpoint)))
        return endpoint


def is_free(port: int) -> bool:
    """Return whether a server can listen on this port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """Return a random unused port of 127.0.0.1."""
    while not is_free(port := random.choice(PORTS)):
        pass
    return port
