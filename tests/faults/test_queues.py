"""Queues that do not wait for each other, broken messages, and a Redis that refuses writes."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

import pytest
import redis
import requests

from flowzz.local import processes
from sandbox.server import Sandbox
from tests import payloads
from tests.faults.load.orders import Seller
from tests.faults.load.process import create_sellers
from tests.faults.stack import Stack
from tests.processes import is_alive
from tests.waiting import wait_until

pytestmark = pytest.mark.faults

SECONDS = 120.0
QUEUE = "flowzz:celery:{}"
_RUNNING = """
    SELECT count(*) FROM integrations_syncrun run
    JOIN integrations_integration integration ON integration.id = run.integration_id
    WHERE run.state = 'RUNNING' AND integration.user_id = ANY(%s::uuid[])
"""
_SALES = "SELECT count(*) FROM sales_sale WHERE user_id = %s"
_CANCEL_RUNS = """
    UPDATE integrations_syncrun SET state = 'CANCELLED', lease = NULL
    WHERE state IN ('QUEUED', 'RUNNING') RETURNING id::text
"""


def send(stack: Stack, seller: Seller, number: str) -> None:
    url = stack.web_urls[0] + seller.path
    requests.post(url, json=payloads.order(number), timeout=30).raise_for_status()


def wait_for_sales(stack: Stack, seller: Seller, count: int) -> None:
    with stack.database() as database:
        wait_until(
            lambda: database.execute(_SALES, [seller.user_id]).fetchone() == (count,), SECONDS
        )


def cancel_runs(stack: Stack) -> None:
    with stack.database() as database:
        for (run_id,) in database.execute(_CANCEL_RUNS):
            stack.note("job_cancelled", job_id=run_id)


@contextmanager
def slow_syncs(stack: Stack, count: int) -> Iterator[None]:
    """Run syncs of new sellers that wait for Coinzz for longer than any test.

    The scheduled runs of earlier tests' sellers, which would take threads, are cancelled.
    """
    cancel_runs(stack)
    control = f"{stack.sandbox_url}/_control/faults"
    requests.delete(control, timeout=5).raise_for_status()
    slow = {"fault": "slow:20", "path": "sales", "times": None}
    requests.post(control, json=slow, timeout=5).raise_for_status()
    call = f"sellers.connect_seller({Sandbox().api_key()!r})\n" * count
    user_ids = stack.run_code(f"from tests.faults import sellers\n{call}").split()
    with stack.database() as database:
        wait_until(lambda: database.execute(_RUNNING, [user_ids]).fetchone() == (count,), SECONDS)
        try:
            yield
            assert database.execute(_RUNNING, [user_ids]).fetchone() == (count,)
        finally:
            cancel_runs(stack)
            requests.delete(control, timeout=5).raise_for_status()


def test_slow_syncs_delay_no_webhook(stack: Stack) -> None:
    """All threads of the first worker wait for Coinzz, and a webhook is visible meanwhile."""
    (seller,) = create_sellers(stack, 1)
    with slow_syncs(stack, 10):
        send(stack, seller, "ordlento")
        wait_for_sales(stack, seller, 1)


def malformed_messages(task: str) -> list[bytes]:
    """Return messages that Celery can't read, and that no task of ours accepts."""
    with_redis = {
        "body": "W10=",
        "content-type": "application/json",
        "content-encoding": "utf-8",
        "headers": {"task": task, "id": "1", "lang": "py"},
        "properties": {
            "delivery_tag": "1",
            "body_encoding": "base64",
            "delivery_info": {"exchange": "", "routing_key": "inbox"},
        },
    }
    changes: list[dict[str, object]] = [
        {"body": "bm8ganNvbg=="},
        {"body": "!"},
        {"content-type": "application/x-python-serialize"},
        {"content-encoding": "no-such-encoding"},
        {"headers": {}},
        {"headers": None},
        {"headers": {"task": "no.such.task", "id": "2"}},
        {"headers": {"task": task, "id": "3", "eta": "no time"}},
        {"properties": {}},
        {"properties": None},
    ]
    messages = [json.dumps(with_redis | change).encode() for change in changes]
    return [
        *messages,
        json.dumps(with_redis).encode(),
        b"",
        b"no json",
        b"[]",
        b"7",
        b"null",
        b"\xff",
    ]


def test_malformed_messages_are_discarded(stack: Stack) -> None:
    (seller,) = create_sellers(stack, 1)
    before = {worker.name: worker.pid for worker in stack.workers}
    with redis.Redis.from_url(stack.valkey.url) as broker:
        for queue in processes.QUEUES:
            for message in malformed_messages("integrations.tasks.drain_inbox"):
                broker.lpush(QUEUE.format(queue), message)
        send(stack, seller, "ordvalido")
        wait_for_sales(stack, seller, 1)
        wait_until(lambda: not any(broker.llen(QUEUE.format(q)) for q in processes.QUEUES), SECONDS)

    assert [worker.name for worker in stack.workers if worker.has_ended] == []
    assert {worker.name: worker.pid for worker in stack.workers} == before


def readiness(stack: Stack) -> tuple[int, str]:
    response = requests.get(f"{stack.web_urls[0]}/health/ready", timeout=30)
    return response.status_code, response.json()["checks"]["redis"]


@pytest.mark.parametrize(
    ("refuse", "restore"),
    [
        (("maxmemory", "1"), ("maxmemory", "0")),
        (("min-replicas-to-write", "1"), ("min-replicas-to-write", "0")),
    ],
    ids=["full", "read_only"],
)
def test_redis_that_refuses_writes_is_reported_and_survived(
    stack: Stack, random: Random, refuse: tuple[str, str], restore: tuple[str, str]
) -> None:
    first, second = create_sellers(stack, 2)
    before = {worker.name: worker.pid for worker in stack.workers}
    with redis.Redis.from_url(stack.valkey.url) as server:
        server.config_set("maxmemory-policy", "noeviction")
        server.config_set(*refuse)
        try:
            wait_until(lambda: readiness(stack) == (503, "refuses writes"), SECONDS)
            send(stack, first, "ordcheio")
            wait_for_beats(stack, 2)
        finally:
            server.config_set(*restore)
        wait_until(lambda: readiness(stack) == (200, "ok"), SECONDS)
        send(stack, second, "orddepois")
        wait_for_sales(stack, first, 1)
        wait_for_sales(stack, second, 1)

    assert all(is_alive(pid) for pid in before.values())
    assert {worker.name: worker.pid for worker in stack.workers} == before


def wait_for_beats(stack: Stack, count: int) -> None:
    """Wait until beat has tried to send so many sweeps."""
    log = stack.log(stack.beat.name)
    start = log.read_bytes().count(b"enqueue_due_work")
    wait_until(
        lambda: (
            log.read_bytes().count(b"enqueue_due_work") >= start + count or stack.beat.has_ended
        ),
        SECONDS,
    )
