"""Webhooks acknowledged per second, compared with a view that only INSERTs."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from django.db import connection

from tests.benchmarks.bare_view import TABLE
from tests.benchmarks.load import LoadResult, send
from tests.benchmarks.orders import bodies
from tests.integrations.sellers import Seller

COUNT = 6000
WARM_UP = 500


@contextmanager
def web_server() -> Iterator[int]:
    """Run Granian with two workers, as `up` does, on a free port."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = int(probe.getsockname()[1])
    server = subprocess.Popen(
        [
            *(sys.executable, "-m", "granian", "--interface", "rsgi", "--port", str(port)),
            *("--workers", "2", "--workers-kill-timeout", "5", "--http", "1", "--no-log"),
            "flowzz.rsgi:application",
        ]
    )
    try:
        _wait_for(port)
        yield port
    finally:
        server.terminate()
        server.wait()


def _wait_for(port: int) -> None:
    while True:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.05)


def measure(seller: Seller) -> tuple[LoadResult, LoadResult]:
    """Return the result of the webhook view and that of the bare view."""
    with connection.cursor() as cursor:
        cursor.execute(TABLE)
    sent = bodies(COUNT + WARM_UP)
    with web_server() as port:
        results = []
        for path in (seller.path, "/bare"):
            send(port, path, sent[:WARM_UP])
            results.append(send(port, path, sent[WARM_UP:]))
    return results[0], results[1]
