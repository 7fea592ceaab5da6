"""The load on a stack: its sellers, the generator's process, and the wait until all is done."""

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
from tests.faults import load
from tests.faults.orders import Plan, Seller
from tests.faults.stack import Stack
from tests.waiting import wait_until

CLIENTS = 12
LOAD_SECONDS = 600.0
CATCH_UP_SECONDS = 400.0
FALLBACK_BUFFER = "flowzz:fallback-buffer"


class Load:
    """The load generator's process, and what it has noted so far."""

    def __init__(self, stack: Stack, told: Plan, *, clients: int, pause: float) -> None:
        lives = stack.directory / "plan.json"
        lives.write_text(told.write())
        self._notes = stack.directory / "notes.jsonl"
        self._notes.write_text("")
        arguments = [str(lives), str(self._notes), str(clients), str(pause), *stack.web_urls]
        with stack.log("load").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.load", *arguments],
                cwd=PROJECT,
                stdout=log,
                stderr=log,
                preexec_fn=die_with_parent(signal.SIGKILL),  # noqa: PLW1509 - one thread here
            )

    @property
    def is_over(self) -> bool:
        return self._process.poll() is not None

    def wait_for(self, tries: int) -> None:
        """Wait until so many tries are made."""
        wait_until(lambda: self.is_over or self._count() >= tries, LOAD_SECONDS)

    def finish(self) -> list[load.Try]:
        """Wait until all is told."""
        wait_until(lambda: self.is_over, LOAD_SECONDS)
        assert self._process.returncode == 0, "the load generator failed"
        return load.read(self._notes)

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()

    def _count(self) -> int:
        return self._notes.read_bytes().count(b"\n")


@contextmanager
def loading(
    stack: Stack, told: Plan, *, clients: int = CLIENTS, pause: float = 0.0
) -> Iterator[Load]:
    """Tell all of the plan, each client resting `pause` seconds between its tellings."""
    generator = Load(stack, told, clients=clients, pause=pause)
    try:
        yield generator
    finally:
        generator.stop()


def enrol(stack: Stack, count: int) -> list[Seller]:
    """New sellers, once all that an earlier fault has hit is there again."""
    stack.wait_until_ready()
    answer = stack.ask(f"from tests.faults import sellers; sellers.enrol({count})")
    return [Seller(**fields) for fields in json.loads(answer)]


def catch_up(stack: Stack, database: psycopg.Connection) -> float:
    """Wait until nothing is left to do of what has come by now; return the seconds it took."""
    began = time.monotonic()
    come_by_now = datetime.now(UTC)

    def is_done() -> bool:
        time.sleep(0.1)
        stack.tend()
        return not buffered(stack) and not waiting(database, come_by_now)

    wait_until(is_done, CATCH_UP_SECONDS)
    return time.monotonic() - began


def buffered(stack: Stack) -> int:
    """Return the number of webhooks in the fallback buffer."""
    with redis.Redis.from_url(stack.valkey.url) as client:
        return int(client.llen(FALLBACK_BUFFER))


_WAITING = """
    SELECT count(*) FROM integrations_webhookevent
    WHERE state IN ('PENDING', 'RETRY') AND received_at <= %s
"""


def waiting(database: psycopg.Connection, come_by: datetime) -> int:
    """Events not yet done with."""
    row = database.execute(_WAITING, [come_by]).fetchone()
    assert row is not None
    return int(row[0])
