"""The ports and URLs of a local run, and the environment variables made of them."""

from collections.abc import Mapping
from dataclasses import dataclass

from flowzz.local.processes import HOST
from flowzz.local.servers.paths import free_port, is_free

SANDBOX_PORT_OFFSET = 1100
"""The distance from the web server's port: two folders that start together then differ."""
VALID_PORTS = range(1, 65_536)
SHARED = ("PUBLIC_BASE_URL", "COINZZ_API_URL")


class PortTaken(Exception):
    """Another program listens on the port."""


@dataclass(frozen=True)
class Addresses:
    port: int
    sandbox_port: int | None
    """None when COINZZ_API_URL names another Coinzz."""

    @classmethod
    def choose(cls, port: int, environ: Mapping[str, str], *, demo: bool = False) -> "Addresses":
        """Choose the ports of a run. Raises PortTaken."""
        if not is_free(port):
            options = "--demo --port" if demo else "--port"
            raise PortTaken(
                f"Port {port} of {HOST} is in use by another program. Stop it, or choose another "
                f"port: .venv/bin/python manage.py up {options} {_free_port_after(port)}"
            )
        if "COINZZ_API_URL" in environ:
            return cls(port, None)
        preferred = port + SANDBOX_PORT_OFFSET
        is_usable = preferred in VALID_PORTS and is_free(preferred)
        return cls(port, preferred if is_usable else free_port())

    @property
    def base_url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def sandbox_url(self) -> str | None:
        return f"http://{HOST}:{self.sandbox_port}" if self.sandbox_port else None

    def shared_variables(self, environ: Mapping[str, str]) -> dict[str, str]:
        """Return the variables that other commands of this folder need while this run lasts."""
        variables = {"PUBLIC_BASE_URL": self.base_url}
        if self.sandbox_url:
            variables["COINZZ_API_URL"] = f"{self.sandbox_url}/api"
        return variables | {name: environ[name] for name in SHARED if name in environ}

    def process_environment(self, environ: Mapping[str, str]) -> dict[str, str]:
        """Return the environment of the run's processes."""
        # A proxy configured on this machine cannot reach 127.0.0.1.
        no_proxy = ",".join(filter(None, [environ.get("NO_PROXY", ""), HOST]))
        own = {"PYTHONUNBUFFERED": "1", "NO_PROXY": no_proxy, "no_proxy": no_proxy}
        return {**environ, **self.shared_variables(environ), **own}


def _free_port_after(port: int) -> int:
    return next(filter(is_free, range(port + 1, VALID_PORTS.stop)), free_port())
