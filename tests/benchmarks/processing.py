"""Draining and syncing in one process, and the SQL statements of a batch."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias
from unittest.mock import patch

from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from flowzz.core.db.jobs import JobState
from integrations.inbox import drain
from integrations.models import SyncRun, Trigger
from integrations.providers.coinzz import COINZZ
from integrations.providers.coinzz.api.client import CoinzzClient
from integrations.providers.registry import get_provider
from integrations.secrets import field_encryption
from integrations.sync import runs
from sandbox.server import Sandbox
from tests.benchmarks.orders import bodies
from tests.integrations.sellers import Seller
from tests.sandbox.client import SandboxClient

NewAndChanged: TypeAlias = tuple[float, float]
Measurement: TypeAlias = Callable[[Seller, list[bytes]], float]


def measure_new_and_changed(seller: Seller, measure: Measurement, orders: int) -> NewAndChanged:
    """Return the events per second of new orders, then of the same orders changed."""
    return measure(seller, bodies(orders)), measure(seller, bodies(orders, changed=True))


def measure_drain(seller: Seller, sent: list[bytes]) -> float:
    """Drain the inbox, and return the events per second."""
    seller.receive(*sent)
    started = time.perf_counter()
    seller.drain()
    return len(sent) / (time.perf_counter() - started)


def count_statements(seller: Seller, size: int) -> tuple[int, int]:
    """Return the SQL statements of a batch of new orders and of a batch of changed ones."""
    counts = []
    for changed in (False, True):
        seller.receive(*bodies(size, changed=changed))
        with CaptureQueriesContext(connection) as queries:
            drain.drain_batch(seller.integration.id)
        counts.append(len(queries))
    return counts[0], counts[1]


@contextmanager
def sandbox(seller: Seller, sales: int) -> Iterator[SandboxClient]:
    """A sandbox that the seller is connected to."""
    with Sandbox(sales=sales) as coinzz:
        settings.COINZZ_API_URL = coinzz.api_url
        field_encryption.encrypt(seller.integration, "api_key", coinzz.api_key())
        seller.integration.save()
        yield SandboxClient(coinzz)


def measure_sync(seller: Seller) -> tuple[SyncRun, float]:
    """Run a full sync of pages that were fetched before; return its sales per second."""
    with get_provider(COINZZ).interactive_client(
        field_encryption.decrypt(seller.integration, "api_key")
    ) as client:
        pages = list(client.sales_pages(None, start_page=1, previous=None, total=None))
    run = runs.request_run(seller.integration, Trigger.USER, is_full=True)
    with patch.object(CoinzzClient, "fetch_sales", lambda _, since, page, *__: pages[page - 1]):
        started = time.perf_counter()
        runs.execute(run.id)
        seconds = time.perf_counter() - started
    run.refresh_from_db()
    assert run.state == JobState.SUCCEEDED, run.error
    return run, run.processed / seconds
