"""A worker of the queue `inbox` that has just started."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from flowzz.core import redis
from flowzz.core.workers import heartbeat
from flowzz.local import processes
from tests.waiting import wait_until

START_SECONDS = 120.0


@contextmanager
def running_worker(*, concurrency: int = 2) -> Iterator[None]:
    """Run a worker with so many processes, from the time when it accepts work."""
    (spec,) = (spec for spec in processes.workers() if spec.name == "worker-inbox")
    redis.client().delete(heartbeat.KEY)
    worker = subprocess.Popen([*spec.command, "--concurrency", str(concurrency)], env=os.environ)
    try:
        wait_until(lambda: heartbeat.ages()["inbox"] is not None, START_SECONDS)
        yield
    finally:
        worker.terminate()
        worker.wait()
