"""The time from a webhook's arrival until its sale is visible, with a worker just started."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.db import connection

from tests.benchmarks.intake import web_server
from tests.benchmarks.load import send
from tests.benchmarks.orders import bodies
from tests.benchmarks.workers.worker import running_worker
from tests.faults.load.process import create_sellers
from tests.faults.stack import Stack
from tests.faults.test_queues import send as send_order
from tests.faults.test_queues import slow_syncs, wait_for_sales
from tests.integrations.sellers import Seller
from tests.waiting import wait_until

RATES, SECONDS = (200, 1000), 10
PROCESSING_SECONDS = 300.0
WARM_UP = 100
SLOW_SYNCS, WEBHOOKS = 8, 50
_MILLISECONDS = "1000 * extract(epoch FROM finished_at - received_at)"
_UNFINISHED = """
    SELECT count(*) FROM integrations_webhookevent
    WHERE integration_id = %s AND state IN ('PENDING', 'RETRY')
"""
_LATENCIES = f"""
    SELECT (array_agg({_MILLISECONDS} ORDER BY received_at, id))[1],
        percentile_cont(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY {_MILLISECONDS})
    FROM integrations_webhookevent WHERE integration_id = %s
"""


def measure() -> list[tuple[str, str]]:
    return [
        (f"received → visible at {rate:,}/s, a worker that has just started", _measure(rate))
        for rate in RATES
    ]


def measure_beside_syncs() -> list[tuple[str, str]]:
    """Send a webhook at a time while all threads for syncs wait for Coinzz."""
    with TemporaryDirectory() as folder, Stack(Path(folder), webs=1, hosts=1) as stack:
        (seller,) = create_sellers(stack, 1)
        with slow_syncs(stack, SLOW_SYNCS), stack.database() as database:
            for number in range(WEBHOOKS):
                send_order(stack, seller, f"ord{number:05}")
                wait_for_sales(stack, seller, number + 1)
            row = database.execute(_LATENCIES, [seller.integration_id]).fetchone()
    assert row
    first, (p50, p95, _) = row
    label = f"received → visible beside {SLOW_SYNCS} slow syncs, one at a time"
    return [(label, f"first {first:.0f} ms, p50 {p50:.0f} ms, p95 {p95:.0f} ms")]


def _measure(rate: int) -> str:
    seller, other = Seller(f"ritmo{rate}@flowzz.test"), Seller(f"antes{rate}@flowzz.test")
    with web_server() as port:
        send(port, other.path, bodies(WARM_UP))  # the web processes, without a worker
        with running_worker():
            load = send(port, seller.path, bodies(rate * SECONDS), rate=rate)
            wait_until(lambda: _read(_UNFINISHED, seller) == (0,), PROCESSING_SECONDS)
    first, (p50, p95, p99) = _read(_LATENCIES, seller)
    return (
        f"first {first:.0f} ms, p50 {p50:.0f} ms, p95 {p95:.0f} ms, p99 {p99:.0f} ms "
        f"({load.rate:,.0f}/s reached)"
    )


def _read(query: str, seller: Seller) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(query, [seller.integration.id])
        return cursor.fetchone()
