"""Where the parts of one run are reached, and what of it they are told."""

from collections.abc import Mapping
from dataclasses import dataclass

from flowzz.local.processes import HOST
from flowzz.local.servers.paths import free_port, is_free

SANDBOX_STEP = 1100
"""From the web server's port to the sandbox's: two folders that start at once don't meet."""
LISTENING = range(1, 65_536)
SHARED = ("PUBLIC_BASE_URL", "COINZZ_API_URL")


class PortTaken(Exception):
    """Another program listens there."""


@dataclass(frozen=True)
class Place:
    port: int
    sandbox_port: int | None
    """None where COINZZ_API_URL names another Coinzz to talk to."""

    @classmethod
    def choose(cls, port: int, environ: Mapping[str, str], *, with_demo: bool = False) -> "Place":
        """Find the ports of a run. Raises PortTaken."""
        if not is_free(port):
            options = "--demo --port" if with_demo else "--port"
            raise PortTaken(
                f"Port {port} of {HOST} is in use by another program. Stop it, or choose another "
                f"port: .venv/bin/python manage.py up {options} {_free_after(port)}"
            )
        if "COINZZ_API_URL" in environ:
            return cls(port, None)
        usual = port + SANDBOX_STEP
        return cls(port, usual if usual in LISTENING and is_free(usual) else free_port())

    @property
    def base_url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def sandbox_url(self) -> str | None:
        return f"http://{HOST}:{self.sandbox_port}" if self.sandbox_port else None

    def variables(self, environ: Mapping[str, str]) -> dict[str, str]:
        """What all commands of this folder should know of the run, unless they are told other."""
        variables = {"PUBLIC_BASE_URL": self.base_url}
        if self.sandbox_url:
            variables["COINZZ_API_URL"] = f"{self.sandbox_url}/api"
        return variables | {name: environ[name] for name in SHARED if name in environ}

    def environment(self, environ: Mapping[str, str]) -> dict[str, str]:
        """The environment of the parts."""
        # A proxy that this machine's user has set can't reach 127.0.0.1.
        no_proxy = ",".join(filter(None, [environ.get("NO_PROXY", ""), HOST]))
        own = {"PYTHONUNBUFFERED": "1", "NO_PROXY": no_proxy, "no_proxy": no_proxy}
        return {**environ, **self.variables(environ), **own}


def _free_after(port: int) -> int:
    return next(filter(is_free, range(port + 1, LISTENING.stop)), free_port())
