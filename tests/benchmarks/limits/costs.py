"""Measures each call by the clock, and by the memory that the process needed beyond what it had."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from itertools import pairwise
from typing import Any, NamedTuple
from uuid import uuid4

import django

django.setup()

from django.core.management import call_command
from django.test import override_settings

from flowzz.core import redis
from flowzz.core.db.jobs import Job
from integrations.imports import import_jobs
from integrations.models import SalesImport
from integrations.providers.coinzz import COINZZ
from tests import processes
from tests.integrations.sellers import Seller
from tests.security.limits import worst_calls, worst_cases
from tests.security.limits.worst_calls import Call, size_of

SHOWN = 30
MAX_SECONDS, MAX_MB = 1.0, 100.0
SETTINGS = {
    **dict.fromkeys(("RATE_LIMIT_API", "RATE_LIMIT_SYNC"), "100000/hour"),
    "ALLOWED_HOSTS": ["*"],
    "COINZZ_API_URL": "http://127.0.0.1:9",  # nothing listens there
}


BEATS: list[float] = []
"""When the current call renewed a job's lease, or could have: between two it holds its worker."""


class Cost(NamedTuple):
    """Seconds by the clock and of CPU, the least of two calls; MB of memory and of the response."""

    name: str
    seconds: float
    cpu: float
    memory: float
    response: float
    step: float
    """Seconds of the longest step: all of them for what is no job."""

    def __str__(self) -> str:
        step, memory = f"{self.step * 1000:.0f} ms", f"{self.memory:.0f} MB"
        if self.step > MAX_SECONDS:
            step = f"**{step}**"
        if self.memory > MAX_MB:
            memory = f"**{memory}**"
        times = f"{self.seconds * 1000:.0f} ms | {step} | {self.cpu * 1000:.0f} ms"
        return f"| {self.name} | {times} | {memory} | {self.response:.2f} MB |"


@override_settings(**SETTINGS)
def run(names: list[str]) -> None:
    call_command("migrate", verbosity=0)
    redis.client().flushdb()
    costs = []
    _note_beats()
    for call in _calls():
        if not names or any(name in call.name for name in names):
            costs.append(_measure(call))
            print(costs[-1], file=sys.stderr, flush=True)  # noqa: T201 - progress
    costs.sort(key=lambda cost: -max(cost.step / MAX_SECONDS, cost.memory / MAX_MB))
    columns = "time | longest step | CPU | memory | response"
    header = f"| of {len(costs)} calls, the most expensive | {columns} |"
    print(header, "| --- |" + " ---: |" * 5, *costs[:SHOWN], sep="\n")  # noqa: T201 - output


def _note_beats() -> None:
    for name in ("heartbeat", "keep_alive"):
        setattr(Job, name, _noted(getattr(Job, name)))


def _noted(method: Callable[..., None]) -> Callable[..., None]:
    def noted(*arguments: Any, **changes: Any) -> None:
        BEATS.append(time.perf_counter())
        method(*arguments, **changes)

    return noted


def _calls() -> Iterator[Call]:
    rows = worst_cases.fill()
    worst_cases.make_imports(Seller("arquivos@flowzz.test").integration, 1_000_000)
    yield from worst_calls.every_page(rows)
    yield from worst_calls.other_calls(rows)
    yield from worst_calls.readers(worst_cases.BODY_BYTES)
    for name, content in worst_cases.worst_files(import_jobs.MAX_BYTES):
        yield Call(f"upload of a file: {name}", partial(_upload, content, is_preview=True))
        yield Call(f"import of a file: {name}", partial(_import, content))


def _import(content: bytes) -> None:
    if row := _upload(content, is_preview=False):
        import_jobs.execute(row.id)


def _upload(content: bytes, *, is_preview: bool) -> SalesImport | None:
    """Send a file for a new seller. Returns None if it is refused at once."""
    with suppress(import_jobs.FileRefused):
        return import_jobs.receive(
            user_id=Seller(f"{uuid4()}@flowzz.test").integration.user_id,
            provider=COINZZ,
            content=content,
            is_preview=is_preview,
        )
    return None


def _measure(call: Call) -> Cost:
    memory_before = processes.restart_memory_peak()
    seconds, cpu, steps, size = [], [], [], 0
    for _ in range(2):
        BEATS.clear()
        started, cpu_started = time.perf_counter(), time.process_time()
        response = call.run()
        size = size_of(response)
        seconds.append(time.perf_counter() - started)
        cpu.append(time.process_time() - cpu_started)
        marks = [started, *BEATS, started + seconds[-1]]
        steps.append(max(after - before for before, after in pairwise(marks)))
        del response
    memory = (processes.memory_peak() - memory_before) / 1024**2
    return Cost(call.name, min(seconds), min(cpu), memory, size / 1e6, min(steps))
