"""Measures each call by the clock, and by the memory that the process needed beyond what it had."""

import ctypes
import gc
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import django

django.setup()

from django.core.management import call_command
from django.test import override_settings

from flowzz.core import redis
from integrations.imports import import_jobs
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


class Cost(NamedTuple):
    """Seconds by the clock and of CPU, the least of two calls; MB of memory and of the response."""

    name: str
    seconds: float
    cpu: float
    memory: float
    response: float

    def __str__(self) -> str:
        seconds, memory = f"{self.seconds * 1000:.0f} ms", f"{self.memory:.0f} MB"
        if self.seconds > MAX_SECONDS:
            seconds = f"**{seconds}**"
        if self.memory > MAX_MB:
            memory = f"**{memory}**"
        cpu = f"{self.cpu * 1000:.0f} ms"
        return f"| {self.name} | {seconds} | {cpu} | {memory} | {self.response:.2f} MB |"


@override_settings(**SETTINGS)
def run(names: list[str]) -> None:
    call_command("migrate", verbosity=0)
    redis.client().flushdb()
    costs = []
    for call in _calls():
        if not names or any(name in call.name for name in names):
            costs.append(_measure(call))
            print(costs[-1], file=sys.stderr, flush=True)  # noqa: T201 - progress
    costs.sort(key=lambda cost: -max(cost.seconds / MAX_SECONDS, cost.memory / MAX_MB))
    header = (
        f"| of {len(costs)} calls, the most expensive | time | of it Python | memory | response |"
    )
    print(header, "| --- | ---: | ---: | ---: | ---: |", *costs[:SHOWN], sep="\n")  # noqa: T201 - output


def _calls() -> Iterator[Call]:
    rows = worst_cases.fill()
    worst_cases.make_imports(Seller("arquivos@flowzz.test").integration, 1_000_000)
    yield from worst_calls.every_page(rows)
    yield from worst_calls.other_calls(rows)
    yield from worst_calls.readers(worst_cases.BODY_BYTES)
    yield from worst_calls.files(import_jobs.MAX_BYTES)


def _measure(call: Call) -> Cost:
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")  # resets VmHWM
    before = _kilobytes("VmRSS")
    seconds, cpu, size = [], [], 0
    for _ in range(2):
        started, cpu_started = time.perf_counter(), time.process_time()
        response = call.run()
        size = size_of(response)
        seconds.append(time.perf_counter() - started)
        cpu.append(time.process_time() - cpu_started)
        del response
    return Cost(
        call.name, min(seconds), min(cpu), (_kilobytes("VmHWM") - before) / 1024, size / 1e6
    )


def _kilobytes(name: str) -> int:
    status = Path("/proc/self/status").read_text()
    match = re.search(rf"^{name}:\s+(\d+) kB$", status, re.MULTILINE)
    assert match
    return int(match[1])
