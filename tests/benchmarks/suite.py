"""Runs the measurements and prints their table."""

import os
import platform
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from statistics import median

import django

django.setup()

from django.core.management import call_command
from django.db import connection

from flowzz.core import redis
from tests.benchmarks import intake, metrics, processing, streams
from tests.benchmarks.intake import spread
from tests.benchmarks.peers import ready_rows, textbook
from tests.benchmarks.processing import NewAndChanged
from tests.benchmarks.syncing import comparison
from tests.benchmarks.volume import bloat, growth
from tests.benchmarks.workers import latency, scaling
from tests.integrations.sellers import Seller

ORDERS = 10_000
TASKS = 300
ROUNDS = 3


def run() -> None:
    names = sys.argv[1:] or list(_ALL)
    if unknown := set(names) - _ALL.keys():
        sys.exit(f"Unknown: {', '.join(unknown)}. Choose from {', '.join(_ALL)}.")
    call_command("migrate", verbosity=0)
    redis.client().flushdb()
    print(_machine(), "", "| measured | figure |", "| --- | ---: |", sep="\n")  # noqa: T201 - output
    try:
        for name in names:
            _print(_ALL[name])
    finally:
        redis.client().flushdb()
        connection.close()


def _print(measurement: Callable[[], list[tuple[str, str]]]) -> None:
    for name, figure in measurement():
        print(f"| {name} | {figure} |", flush=True)  # noqa: T201 - output


def _drain() -> list[tuple[str, str]]:
    """Drain new orders and then the same ones changed, each contender in turn, repeatedly."""
    ours, plain, tasks = [], [], []
    for number in range(ROUNDS):
        seller, student = Seller(f"caixa{number}@flowzz.test"), Seller(f"aluna{number}@flowzz.test")
        ours.append(processing.measure_new_and_changed(seller, processing.measure_drain, ORDERS))
        plain.append(ready_rows.measure(seller, Seller(f"linhas{number}@flowzz.test")))
        tasks.append(processing.measure_new_and_changed(student, textbook.measure, TASKS))
    return [
        (f"events drained, {ORDERS:,} new, {ORDERS:,} changed orders", _medians(ours)),
        ("plain psycopg, ready-made rows of sales", _medians(plain)),
        (f"a Celery task an event, {TASKS:,} new, {TASKS:,} changed orders", _medians(tasks)),
        ("drain : plain psycopg", _ratios(ours, plain)),
        ("drain : a Celery task an event", _ratios(ours, tasks)),
    ]


def _medians(rates: list[NewAndChanged]) -> str:
    return ", ".join(f"{median(column):,.0f}/s" for column in zip(*rates, strict=True))


def _ratios(ours: list[NewAndChanged], peer: list[NewAndChanged]) -> str:
    """Return the ratios of new and of changed orders, compared within each round."""
    pairs = zip(zip(*ours, strict=True), zip(*peer, strict=True), strict=True)
    return ", ".join(
        spread([mine / theirs for mine, theirs in zip(*columns, strict=True)]) for columns in pairs
    )


def _sync() -> list[tuple[str, str]]:
    seller = Seller("busca@flowzz.test")
    with processing.sandbox(seller, ORDERS) as coinzz:
        first, new = processing.measure_sync(seller)
        unchanged = processing.measure_sync(seller)[1]
        coinzz.control("POST", "change", count=ORDERS)
        second, changed = processing.measure_sync(seller)
    return [
        (f"sales synced, {first.created:,} new", f"{new:,.0f}/s"),
        (f"sales synced, {first.processed:,} unchanged", f"{unchanged:,.0f}/s"),
        (f"sales synced, {second.updated:,} of {second.processed:,} changed", f"{changed:,.0f}/s"),
    ]


def _statements() -> list[tuple[str, str]]:
    seller = Seller("lote@flowzz.test")
    return [
        (f"SQL statements for {size} new, {size} changed orders", f"{counts[0]}, {counts[1]}")
        for size in (5, 500)
        for counts in [processing.count_statements(seller, size)]
    ]


def _machine() -> str:
    """Return a description of the machine and the versions."""
    model = platform.machine()
    with suppress(OSError), Path("/proc/cpuinfo").open(encoding="utf-8") as lines:
        model = next(line.split(":", 1)[1].strip() for line in lines if "model name" in line)
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        postgres = cursor.fetchone()[0]
    libraries = ", ".join(f"{name} {version(name)}" for name in ("Django", "psycopg", "granian"))
    return (
        f"{os.cpu_count()} cores ({model}), {platform.system()}, Python "
        f"{platform.python_version()}, PostgreSQL {postgres} (durable), {libraries}; "
        "load generator and database on the same cores."
    )


_ALL = {
    "intake": intake.measure,
    "drain": _drain,
    "sync": _sync,
    "clock": comparison.measure,
    "memory": comparison.measure_memory,
    "statements": _statements,
    "metrics": metrics.measure,
    "streams": streams.measure,
    "visible": latency.measure,
    "neighbours": latency.measure_beside_syncs,
    "processes": scaling.measure,
    "growth": growth.measure,
    "backlog": growth.measure_backlog,
    "bloat": bloat.measure,
}
