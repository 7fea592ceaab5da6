"""Runs the load generator as a process, and waits until the stack has processed its webhooks."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import psycopg
import redis

from flowzz.local.servers.child_process import die_with_parent
from flowzz.local.servers.paths import PROJECT
from tests.faults.load import generator
from tests.faults.load.orders import LoadPlan, Seller
from tests.faults.stack import Stack
from tests.waiting import wait_until

CLIENTS = 12
LOAD_SECONDS = 600.0
PROCESSING_SECONDS = 400.0
FALLBACK_BUFFER = "flowzz:fallback-buffer"


class LoadProcess:
    """The load generator's process and its results."""

    def __init__(self, stack: Stack, plan: LoadPlan, *, clients: int, pause: float) -> None:
        plan_file = stack.directory / "plan.json"
        plan_file.write_text(plan.to_json())
        self._results = stack.directory / "results.jsonl"
        self._results.write_text("")
        arguments = [str(plan_file), str(self._results), str(clients), str(pause), *stack.web_urls]
        with stack.log("load").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.load.generator", *arguments],
                cwd=PROJECT,
                stdout=log,
                stderr=log,
                preexec_fn=die_with_parent(signal.SIGKILL),  # noqa: PLW1509 - one thread here
            )

    @property
    def has_ended(self) -> bool:
        return self._process.poll() is not None

    def wait_for(self, attempts: int) -> None:
        """Wait until so many attempts are recorded."""
        wait_until(lambda: self.has_ended or self._attempt_count() >= attempts, LOAD_SECONDS)

    def stop_after_begun_sequences(self) -> None:
        self._process.terminate()

    def finish(self) -> list[generator.Attempt]:
        """Wait until all webhooks are acknowledged, and return all attempts."""
        wait_until(lambda: self.has_ended, LOAD_SECONDS)
        assert self._process.returncode == 0, "the load generator failed"
        return generator.read_attempts(self._results)

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()

    def _attempt_count(self) -> int:
        return self._results.read_bytes().count(b"\n")


@contextmanager
def running_load(
    stack: Stack, plan: LoadPlan, *, clients: int = CLIENTS, pause: float = 0.0
) -> Iterator[LoadProcess]:
    """Send the plan's webhooks. Each client waits `pause` seconds after each webhook."""
    process = LoadProcess(stack, plan, clients=clients, pause=pause)
    try:
        yield process
    finally:
        process.stop()


def create_sellers(stack: Stack, count: int) -> list[Seller]:
    """Create sellers, once the stack has recovered from an earlier fault."""
    stack.wait_until_ready()
    code = f"from tests.faults import sellers; sellers.create_sellers({count})"
    return [Seller(**seller) for seller in json.loads(stack.run_code(code))]


def wait_until_processed(stack: Stack, database: psycopg.Connection) -> float:
    """Wait until every webhook received so far is processed, and return the seconds it took."""
    started = time.monotonic()
    now = datetime.now(UTC)

    def is_processed() -> bool:
        time.sleep(0.1)
        stack.restart_ended()
        return not buffered(stack) and not unprocessed(database, now)

    wait_until(is_processed, PROCESSING_SECONDS)
    return time.monotonic() - started


def buffered(stack: Stack) -> int:
    """Return the number of webhooks in the fallback buffer."""
    with redis.Redis.from_url(stack.valkey.url) as client:
        return int(client.llen(FALLBACK_BUFFER))


_UNPROCESSED = """
    SELECT count(*) FROM integrations_webhookevent
    WHERE state IN ('PENDING', 'RETRY') AND received_at <= %s
"""


def unprocessed(database: psycopg.Connection, received_until: datetime) -> int:
    """Return the number of unfinished events received until a time."""
    row = database.execute(_UNPROCESSED, [received_until]).fetchone()
    assert row is not None
    return int(row[0])
