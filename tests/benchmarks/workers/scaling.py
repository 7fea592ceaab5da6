"""Two worker processes compared with one, for the events of many integrations."""

from uuid import UUID

from django.db import connection

from flowzz.core import redis
from integrations import dispatch
from tests.benchmarks.orders import bodies
from tests.benchmarks.workers.worker import running_worker
from tests.integrations.sellers import Seller
from tests.waiting import wait_until

INTEGRATIONS, EVENTS = 50, 200
PROCESSING_SECONDS = 300.0
# The first event of each process is not counted: it ends a batch that started before.
_RATE = """
    SELECT count(*) FILTER (WHERE finished_at IS NULL),
        count(*) FILTER (WHERE finished_at > first) / extract(epoch FROM max(finished_at) - first)
    FROM integrations_webhookevent,
        (SELECT min(finished_at) AS first FROM integrations_webhookevent
            WHERE integration_id = ANY(%s)) AS beginning
    WHERE integration_id = ANY(%s)
    GROUP BY first
"""


def measure() -> list[tuple[str, str]]:
    one, two = _measure(1), _measure(2)
    total = f"{INTEGRATIONS * EVENTS:,} events of {INTEGRATIONS} integrations"
    return [
        (f"{total}, 1 worker process", f"{one:,.0f}/s"),
        (f"{total}, 2 worker processes", f"{two:,.0f}/s"),
        ("2 worker processes : 1", f"{two / one:.2f}"),
    ]


def _measure(concurrency: int) -> float:
    redis.client().flushdb()
    ids = []
    for number in range(INTEGRATIONS):
        seller = Seller(f"loja{number}-{concurrency}@flowzz.test")
        seller.receive(*bodies(EVENTS))
        dispatch.enqueue_drain(seller.integration.id)
        ids.append(seller.integration.id)
    with running_worker(concurrency=concurrency):
        wait_until(lambda: _read(ids)[0] == 0, PROCESSING_SECONDS)
    return _read(ids)[1]


def _read(ids: list[UUID]) -> tuple[int, float]:
    """Return how many events are left, and how many were finished a second."""
    with connection.cursor() as cursor:
        cursor.execute(_RATE, [ids, ids])
        left, rate = cursor.fetchone()
        return left, float(rate or 0)
