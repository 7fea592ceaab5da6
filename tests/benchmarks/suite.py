"""Runs the measurements and prints their table."""

import os
import platform
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

import django

django.setup()

from django.core.management import call_command
from django.db import connection

from flowzz.core import redis
from tests.benchmarks import intake, metrics, processing, streams
from tests.benchmarks.orders import bodies
from tests.benchmarks.peers import ready_rows, textbook
from tests.benchmarks.syncing import comparison
from tests.benchmarks.volume import bloat, growth
from tests.benchmarks.workers import latency, scaling
from tests.integrations.sellers import Seller

ORDERS = 10_000
TASKS = 1_000


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
    seller = Seller("caixa@flowzz.test")
    new = processing.measure_drain(seller, bodies(ORDERS))
    changed = processing.measure_drain(seller, bodies(ORDERS, changed=True))
    rows_new, rows_changed = ready_rows.measure(seller, Seller("linhas@flowzz.test"))
    student = Seller("aluna@flowzz.test")
    tasks_new = textbook.measure(student, bodies(TASKS))
    tasks_changed = textbook.measure(student, bodies(TASKS, changed=True))
    return [
        (f"events drained, {ORDERS:,} new orders", f"{new:,.0f}/s"),
        (f"events drained, {ORDERS:,} changed orders", f"{changed:,.0f}/s"),
        ("plain psycopg, ready-made rows of sales", f"{rows_new:,.0f}/s, {rows_changed:,.0f}/s"),
        ("drain : plain psycopg", f"{new / rows_new:.2f}, {changed / rows_changed:.2f}"),
        (f"a Celery task an event, {TASKS:,} sent", f"{tasks_new:,.0f}/s, {tasks_changed:,.0f}/s"),
        ("drain : a task an event", f"{new / tasks_new:.1f}, {changed / tasks_changed:.1f}"),
    ]


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
