"""Webhooks acknowledged, compared with peers: in one run, each contender in turn, repeatedly."""

import socket
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from statistics import median

from django.db import connection

from tests.benchmarks.webhooks import wrk
from tests.benchmarks.webhooks.wrk import Load
from tests.integrations.sellers import Seller

ROUNDS = 5
SECONDS = 4
WARM_UP_SECONDS = 1
TABLE = "CREATE TABLE bare (id uuid PRIMARY KEY, body bytea, received_at timestamptz DEFAULT now())"
BARE = "a bare Django view with one INSERT"
OURS = "webhooks acknowledged, workers stopped"
DRAINING = "webhooks acknowledged beside a draining worker"
TEXTBOOK = "a textbook DRF view: INSERT, then a Celery task"
Results = dict[str, list[Load]]


@contextmanager
def web_server(*application: str) -> Iterator[int]:
    """Run Granian with two workers, as `up` does, on a free port; by default with the product."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = int(probe.getsockname()[1])
    server = subprocess.Popen(
        [
            *(sys.executable, "-m", "granian", "--port", str(port), "--workers", "2"),
            *("--workers-kill-timeout", "5", "--http", "1", "--no-ws", "--no-log"),
            *(application or ("--interface", "rsgi", "flowzz.rsgi:application")),
        ]
    )
    try:
        _wait_for(port)
        yield port
    finally:
        server.terminate()
        server.wait()


@contextmanager
def inbox_worker() -> Iterator[None]:
    """Run one worker that drains the inbox while webhooks arrive."""
    command = [sys.executable, "-m", "celery", "--quiet", "--app", "flowzz", "worker"]
    options = ["--pool", "solo", "--queues", "inbox,control", "--loglevel", "WARNING"]
    worker = subprocess.Popen([*command, *options])
    try:
        yield
    finally:
        worker.terminate()
        worker.wait()


def measure() -> list[tuple[str, str]]:
    """Return the rows of 16 connections and of one."""
    rows: list[tuple[str, str]] = [] if wrk.WRK else [(wrk.WITHOUT_WRK, "")]
    seller = Seller("porta@flowzz.test")
    with connection.cursor() as cursor:
        cursor.execute(TABLE)
    with ExitStack() as servers:
        ours = servers.enter_context(web_server())
        peers = servers.enter_context(
            web_server(
                *("--interface", "wsgi", "--blocking-threads", "8"),
                "tests.benchmarks.webhooks.peers:application",
            )
        )
        targets = {BARE: (peers, "/bare"), OURS: (ours, seller.path)}
        for port, path in (*targets.values(), (peers, "/textbook")):
            wrk.run(port, path, connections=16, seconds=WARM_UP_SECONDS)
        for connections in (16, 1):
            results: Results = defaultdict(list)
            for _ in range(ROUNDS):
                for name, (port, path) in targets.items():
                    results[name].append(_load(port, path, connections))
                if connections > 1:
                    results[TEXTBOOK].append(_load(peers, "/textbook", connections))
                    with inbox_worker():
                        results[DRAINING].append(_load(ours, seller.path, connections))
            rows += _rows(results, connections)
    return rows


def _load(port: int, path: str, connections: int) -> Load:
    return wrk.run(port, path, connections=connections, seconds=SECONDS)


def _rows(results: Results, connections: int) -> list[tuple[str, str]]:
    """Return medians and, against the bare view of the same round, ratios with their range."""
    label = f"{connections} connection{'s' if connections > 1 else ''}"
    rows = [
        (
            f"{name}, {label}",
            f"{median(run.rate for run in runs):,.0f}/s, "
            f"p50 {median(run.p50 for run in runs) * 1000:.1f} ms, "
            f"p99 {median(run.p99 for run in runs) * 1000:.0f} ms",
        )
        for name, runs in results.items()
    ]
    for name, runs in results.items():
        if name == BARE:
            continue
        pairs = list(zip(runs, results[BARE], strict=True))
        rates = [ours.rate / bare.rate for ours, bare in pairs]
        halves = [ours.p50 / bare.p50 for ours, bare in pairs]
        tails = [ours.p99 / bare.p99 for ours, bare in pairs]
        figures = f"rate {_spread(rates)}, p50 {_spread(halves)}, p99 {_spread(tails)}"
        rows.append((f"{name} : {BARE}, {label}", figures))
    return rows


def _spread(ratios: list[float]) -> str:
    return f"{median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f})"


def _wait_for(port: int) -> None:
    while True:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.05)
