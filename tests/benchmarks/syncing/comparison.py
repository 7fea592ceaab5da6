"""Full syncs of new, unchanged and partly changed sales by Flowzz and by dlt, in turn."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import requests
from django.db import connection

from integrations.secrets import field_encryption
from sales.models import Sale
from tests.benchmarks.peers import PEERS
from tests.benchmarks.syncing.page_server import PER_PAGE
from tests.integrations.sellers import Seller

SALES = int(os.environ.get("BENCH_SYNC_SALES", "100000"))
SMALL, LARGE = 10_000, int(os.environ.get("BENCH_SYNC_LARGE", "1000000"))
_STEPS = (("new", 0), ("unchanged", 0), ("10 % changed", 10))


@dataclass(frozen=True, slots=True)
class Result:
    seconds: float
    rows: int
    kilobytes: int

    @property
    def rate(self) -> float:
        return self.rows / self.seconds


def measure() -> list[tuple[str, str]]:
    """Return the rates by the clock of both, their ratios, and the memory of Flowzz."""
    rows: list[tuple[str, str]] = []
    with _page_server(SALES) as api_url, tempfile.TemporaryDirectory() as folder:
        seller = _connect("relogio@flowzz.test")
        for name, step in _STEPS:
            _prepare(api_url, step)
            ours, peer = _flowzz(seller, api_url), _dlt(api_url, folder)
            label = f"full sync of {SALES:,} over HTTP by the clock, {name}"
            rows.append((label, f"{ours.rate:,.0f}/s"))
            if peer:
                rows.append((f"the same by dlt, {name}", f"{peer.rate:,.0f}/s"))
                rows.append((f"Flowzz : dlt, {name}", f"{ours.rate / peer.rate:.2f}"))
    return rows


def measure_memory() -> list[tuple[str, str]]:
    """Return the most memory that a process needed for a small and for a large sync."""
    rows = []
    for number, sales in enumerate((SMALL, LARGE)):
        with _page_server(sales) as api_url:
            result = _flowzz(_connect(f"memoria{number}@flowzz.test"), api_url)
        rows.append((f"memory of a sync of {sales:,} sales", f"{result.kilobytes / 1024:,.0f} MB"))
    return rows


@contextmanager
def _page_server(sales: int) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = int(probe.getsockname()[1])
    arguments = ["-m", "tests.benchmarks.syncing.page_server", str(port), str(sales)]
    server = subprocess.Popen([sys.executable, *arguments])
    try:
        while True:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}/api"
    finally:
        server.terminate()
        server.wait()


def _prepare(api_url: str, step: int) -> None:
    """Change every `step`th sale and have the pages encoded."""
    requests.post(api_url.replace("/api", f"/change/{step}"), timeout=60).raise_for_status()
    for page in range(1, 1 - SALES // -PER_PAGE):
        requests.get(f"{api_url}/sales?page={page}", timeout=60).raise_for_status()
    if Sale.objects.exists():  # or foreign keys would be checked by plans for empty tables
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")


def _connect(email: str) -> Seller:
    seller = Seller(email)
    field_encryption.encrypt(seller.integration, "api_key", "8702|" + "k" * 48)
    seller.integration.save()
    return seller


def _flowzz(seller: Seller, api_url: str) -> Result:
    return _run(
        [sys.executable, "-m", "tests.benchmarks.syncing.flowzz_sync", seller.email],
        COINZZ_API_URL=api_url,
    )


def _dlt(api_url: str, folder: str) -> Result | None:
    if not PEERS.exists():
        return None
    program = Path(__file__).with_name("dlt_sync.py")
    return _run(
        [str(PEERS), str(program), api_url, folder],
        DESTINATION=os.environ["DATABASE_URL"],
        RUNTIME__DLTHUB_TELEMETRY="false",
    )


def _run(command: list[str], **environment: str) -> Result:
    output = subprocess.run(
        command, env=os.environ | environment, capture_output=True, text=True, check=False
    )
    if output.returncode:
        raise RuntimeError(output.stderr[-4000:])
    return Result(**json.loads(output.stdout.splitlines()[-1]))
