"""Webhooks acknowledged, compared with peers: in one run, each contender in turn, repeatedly."""

import socket
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from statistics import median

from django.db import connection

from tests.benchmarks.peers import PEERS, stripe_events
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
STRIPE = "dj-stripe's endpoint, a signed event"
STRIPE_RATE = 2_000
"""Events a second that are made ready for dj-stripe, several times more than it takes."""
WSGI = ("--interface", "wsgi", "--blocking-threads", "8")
TEXTBOOK = "a textbook DRF view: INSERT, then a Celery task"
Results = dict[str, list[Load]]


@contextmanager
def web_server(*application: str, python: str | Path = sys.executable) -> Iterator[int]:
    """Run Granian with two workers, as `up` does, on a free port; by default with the product."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = int(probe.getsockname()[1])
    server = subprocess.Popen(
        [
            *(str(python), "-m", "granian", "--port", str(port), "--workers", "2"),
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
            web_server(*WSGI, "tests.benchmarks.webhooks.peers:application")
        )
        stripe = servers.enter_context(_stripe_server())
        targets = {BARE: (peers, "/bare"), OURS: (ours, seller.path)}
        for port, path in (*targets.values(), (peers, "/textbook")):
            wrk.run(port, path, connections=16, seconds=WARM_UP_SECONDS)
        for connections in (16, 1):
            results: Results = defaultdict(list)
            for _ in range(ROUNDS):
                for name, (port, path) in targets.items():
                    results[name].append(_load(port, path, connections))
                if stripe:
                    results[STRIPE].append(_stripe_load(stripe, connections))
                if connections > 1:
                    results[TEXTBOOK].append(_load(peers, "/textbook", connections))
                    with inbox_worker():
                        results[DRAINING].append(_load(ours, seller.path, connections))
            rows += _rows(results, connections)
    with connection.cursor() as cursor:  # or workers of later benchmarks would drain them
        cursor.execute("TRUNCATE integrations_webhookevent, integrations_webhookpayload CASCADE")
    return rows


@contextmanager
def _stripe_server() -> Iterator[int | None]:
    """Run dj-stripe's endpoint where `make peers` has installed it, and wrk is there."""
    if not (wrk.WRK and PEERS.exists()):
        yield None
        return
    module = "tests.benchmarks.peers.stripe_endpoint"
    subprocess.run([PEERS, "-m", module], check=True)
    with web_server(*WSGI, f"{module}:application", python=PEERS) as port:
        _stripe_load(port, 16, WARM_UP_SECONDS)
        yield port


def _stripe_load(port: int, connections: int, seconds: int = SECONDS) -> Load:
    events = stripe_events.signed(STRIPE_RATE * seconds)
    path = stripe_events.PATH
    return wrk.run_signed(port, path, events, connections=connections, seconds=seconds)


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
    pairs_to_compare = [(name, BARE) for name in results if name not in (BARE, STRIPE)]
    pairs_to_compare += [(OURS, STRIPE)] if STRIPE in results else []
    for name, peer in pairs_to_compare:
        pairs = list(zip(results[name], results[peer], strict=True))
        rates = [ours.rate / bare.rate for ours, bare in pairs]
        halves = [ours.p50 / bare.p50 for ours, bare in pairs]
        tails = [ours.p99 / bare.p99 for ours, bare in pairs]
        figures = f"rate {spread(rates)}, p50 {spread(halves)}, p99 {spread(tails)}"
        rows.append((f"{name} : {peer}, {label}", figures))
    return rows


def spread(ratios: list[float]) -> str:
    """Return the median of ratios and their range."""
    return f"{median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f})"


def _wait_for(port: int) -> None:
    while True:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.05)
