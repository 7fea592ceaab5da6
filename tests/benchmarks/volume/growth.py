"""What work costs in a small and in a large database, and beside a backlog that waits.

Reads in both databases are compared by CPU time: the large one is read when it was just filled,
and PostgreSQL still writes it to the disk beside.

`python -m tests.benchmarks growth backlog`; BENCH_GROWTH is the number of sales of the large one.
"""

import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, TypeAlias

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test import Client as Browser

from flowzz.accounts.models import User
from flowzz.core import redis
from integrations import connection as connections
from integrations.inbox import drain
from tests.api_client import Frontend
from tests.benchmarks import processing
from tests.benchmarks.admin.filled_database import fill_with_sellers
from tests.benchmarks.orders import bodies
from tests.integrations.sellers import Seller

SMALL, LARGE = 10_000, int(os.environ.get("BENCH_GROWTH", "1000000"))
ORDERS, READS, BATCHES = 2_000, 15, 5
Clock: TypeAlias = Callable[[], float]
PAGES = {
    "health": "/health/ready",
    "metrics": "/metrics",
    "first page": "/admin/",
    "list of sales": "/admin/sales/sale/",
    "list of events": "/admin/integrations/webhookevent/",
    "list of integrations": "/admin/integrations/integration/",
}
_BACKLOG = """
    WITH event AS (
        INSERT INTO integrations_webhookevent (id, integration_id, provider, body_size, body_hash,
            received_at, state, kind, external_id, outcome, reason, error, cause, attempts,
            is_replay)
        SELECT uuidv7(interval '-1 hour' * n / %(count)s), %(integration)s, 'coinzz', 2000,
            sha256(n::text::bytea), now() - interval '1 hour' * n / %(count)s, 'PENDING',
            '', '', '', '', '', '', 0, false
        FROM generate_series(1, %(count)s) AS n
        RETURNING id
    )
    INSERT INTO integrations_webhookpayload (event_id, body, headers)
    SELECT id, convert_to(replace(%(body)s, 'ord00000', 'o' || translate(id::text, '-', '')),
        'UTF8'), '{}' FROM event
"""


def measure() -> list[tuple[str, str]]:
    """Return seconds of each kind of work in both databases, and their ratio; CPU time of reads."""
    costs = []
    for sales in (SMALL, LARGE):
        _fill(sales)
        costs.append(_costs())
    small, large = costs
    return [
        (
            f"{name}, {SMALL:,} and {LARGE:,} sales",
            f"{small[name] * 1000:,.2f} ms, {seconds * 1000:,.2f} ms, {seconds / small[name]:.2f}",
        )
        for name, seconds in large.items()
    ]


def measure_backlog() -> list[tuple[str, str]]:
    """Return the pages' times, and the rate of draining, while a paused integration's events wait.

    The integration is then resumed.
    """
    _fill(SMALL)
    _drain_rate(Seller("primeira@flowzz.test"))  # fills this process's caches
    usual = _drain_rate(Seller("sempre@flowzz.test"))
    seller = Seller("fila@flowzz.test")
    connections.pause(seller.integration)
    body = bodies(1)[0].decode()
    with connection.cursor() as cursor:
        cursor.execute(
            _BACKLOG, {"count": LARGE, "integration": seller.integration.id, "body": body}
        )
        cursor.execute("VACUUM ANALYZE")
    rows = [
        (f"{name} beside {LARGE:,} waiting events", f"{seconds * 1000:,.0f} ms")
        for name, seconds in _read_pages().items()
    ]
    connections.resume(seller.integration)
    resumed = _drain_rate(seller, is_filled=True)
    label = "events drained without a backlog, from it after the resumption"
    return [*rows, (label, f"{usual:,.0f}/s, {resumed:,.0f}/s, {resumed / usual:.2f}")]


def _fill(sales: int) -> None:
    call_command("flush", interactive=False, verbosity=0)
    redis.client().flushdb()
    fill_with_sellers(sales)
    with connection.cursor() as cursor:
        cursor.execute("CHECKPOINT")


def _costs() -> dict[str, float]:
    seller = Seller("custo@flowzz.test")
    drained = processing.measure_drain(seller, bodies(ORDERS))
    with processing.sandbox(seller, ORDERS) as coinzz:
        _, new = processing.measure_sync(seller)
        coinzz.control("POST", "change", count=ORDERS)
        _, changed = processing.measure_sync(seller)
    largest = User.objects.get(email="vendedora0@flowzz.test")
    frontend = Frontend(largest)
    frontend.defaults["SERVER_NAME"] = "127.0.0.1"
    return {
        "a drained webhook": 1 / drained,
        "a synced new sale": 1 / new,
        "a synced changed sale": 1 / changed,
        "metrics of 30 days": _time(
            partial(_read, frontend, "/api/v1/dashboard/metrics"), _cpu_seconds
        ),
        **_read_pages(_cpu_seconds),
    }


def _read_pages(clock: Clock = time.perf_counter) -> dict[str, float]:
    browser = Browser(SERVER_NAME="127.0.0.1")
    staff = User.objects.filter(email="medida@flowzz.test").first()
    browser.force_login(staff or User.objects.create_superuser("medida@flowzz.test"))
    return {name: _time(partial(_read, browser, path), clock) for name, path in PAGES.items()}


def _read(browser: Browser, path: str) -> None:
    redis.client().flushdb()  # the dashboard's cache
    response = browser.get(path)
    assert response.status_code in (200, 503), response.content


def _time(work: Callable[[], Any], clock: Clock) -> float:
    work()
    times = []
    for _ in range(READS):
        started = clock()
        work()
        times.append(clock() - started)
    return median(times)


def _cpu_seconds() -> float:
    """Return the CPU time of this process and of the PostgreSQL process that serves it."""
    connection.ensure_connection()
    server = connection.connection.info.backend_pid
    nanoseconds = Path(f"/proc/{server}/schedstat").read_text().split()[0]
    return time.process_time() + int(nanoseconds) / 1e9


def _drain_rate(seller: Seller, *, is_filled: bool = False) -> float:
    """Return the events drained a second, of the first batches."""
    events = BATCHES * settings.INBOX_BATCH_SIZE
    if not is_filled:
        seller.receive(*bodies(events))
    started = time.perf_counter()
    for _ in range(BATCHES):
        drain.drain_batch(seller.integration.id)
    return events / (time.perf_counter() - started)
