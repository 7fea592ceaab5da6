"""Other users who keep the web servers waiting, for a slow Coinzz and for passwords to be hashed.

`python -m tests.faults.load.neighbours KEY TOKENS WEB…`, until it is killed.
"""

import itertools
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import requests

from flowzz.local.servers.paths import PROJECT
from sandbox.server import Sandbox
from tests.faults.stack import Stack

CONNECTS, LOGINS = 40, 8
SLOW_SECONDS = 5
TIMEOUT_SECONDS = 30.0


@contextmanager
def slow_neighbours(stack: Stack) -> Iterator[None]:
    """Test keys with a Coinzz that takes 5 seconds, and log in with wrong passwords."""
    control = f"{stack.sandbox_url}/_control/faults"
    slow = {"fault": f"slow:{SLOW_SECONDS}", "path": "products", "times": None}
    requests.post(control, json=slow, timeout=5).raise_for_status()
    code = f"from tests.faults import sellers; sellers.create_logins({CONNECTS})"
    tokens = json.dumps(stack.run_code(code).split())
    command = [sys.executable, "-m", "tests.faults.load.neighbours", Sandbox().api_key(), tokens]
    process = subprocess.Popen([*command, *stack.web_urls], cwd=PROJECT)
    try:
        yield
    finally:
        process.kill()
        process.wait()
        requests.delete(control, timeout=5).raise_for_status()


def main(key: str, tokens: str, *webs: str) -> None:
    connect, log_in = "/api/v1/integrations/coinzz/connect", "/api/v1/auth/token"
    for token in json.loads(tokens):
        _start(webs, connect, {"apiKey": key}, {"Authorization": f"Bearer {token}"})
    for number in range(LOGINS):
        email = f"vizinha{number}@exemplo.com.br"
        _start(webs, log_in, {"email": email, "password": "errada"}, {})


def _start(webs: tuple[str, ...], path: str, body: dict[str, str], headers: dict[str, str]) -> None:
    """Send one request after the other to the web servers in turn."""

    def repeat() -> None:
        for web in itertools.cycle(webs):
            with suppress(requests.RequestException):
                requests.post(web + path, json=body, headers=headers, timeout=TIMEOUT_SECONDS)

    threading.Thread(target=repeat).start()


if __name__ == "__main__":
    main(*sys.argv[1:])
