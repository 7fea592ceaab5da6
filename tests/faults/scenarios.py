"""The fault scenarios. Each one runs a fault under load and returns the audit's report."""

import shutil
import time
from collections.abc import Callable, Sequence
from random import Random
from typing import NamedTuple

import psycopg

from tests.faults.audit import Report, audit, audit_inbox, audit_results
from tests.faults.load import generator
from tests.faults.load.orders import plan_concurrent_senders, plan_generated_bodies, plan_orders
from tests.faults.load.process import (
    CLIENTS,
    buffered,
    create_sellers,
    running_load,
    wait_until_processed,
)
from tests.faults.load.slow_clients import SlowClients
from tests.faults.stack import Stack, kill_process
from tests.faults.syncing import SlowSync

SELLERS = 20
FAULT_AFTER = 1 / 5
"""The share of the webhooks that is sent before a fault begins."""


def kills(
    stack: Stack, *, webhooks: int, times: int, random: Random, real_lease: bool = False
) -> Report:
    """Kill processes of every kind at random times, first those that run a sync."""
    report = Report("worker, beat and web processes killed (-9)")
    plan = plan_orders(create_sellers(stack, SELLERS), webhooks=webhooks, random=random)
    with stack.database() as database, running_load(stack, plan) as process:
        sync = SlowSync(stack, database)
        report.faults = sync.kill_workers()
        if not real_lease:
            sync.let_lease_expire()
        while report.faults < times:
            time.sleep(random.uniform(0.1, 0.8))
            stack.restart_ended()
            report.faults += _kill_one(stack, random)
        report.expect("the load ended before the last kill", process.has_ended, False)
        attempts = process.finish()
        report.recovery_seconds = wait_until_processed(stack, database)
        audit(report, plan, attempts, stack)
        sync.audit(report)
    return report


def _kill_one(stack: Stack, random: Random) -> bool:
    """Kill a main process or a worker process. Returns False if it had ended already."""
    program = random.choice(stack.programs)
    children = program.children()
    if children and random.random() < 0.6:  # the program restarts its worker processes itself
        return kill_process(random.choice(children))
    program.kill()
    program.restart()
    return True


def without_redis(
    stack: Stack, *, webhooks: int, seconds: float, keep_data: bool, random: Random
) -> Report:
    """Kill Redis under load, and restart it with or without its data."""
    report = Report(f"Redis killed, data {'kept' if keep_data else 'lost'}", faults=1)

    def fail() -> None:
        stack.valkey.kill()
        if not keep_data:
            shutil.rmtree(stack.valkey.data)

    outage = Outage(fail, seconds, restore=stack.valkey.start)
    _run_outage(outage, stack, report, webhooks=webhooks, random=random)
    report.expect("responses", set(report.statuses), {generator.OK})
    return report


def without_database(stack: Stack, *, webhooks: int, seconds: float, random: Random) -> Report:
    """Stop PostgreSQL under load: webhooks are buffered in Redis and keep their order."""
    report = Report("PostgreSQL stopped", faults=1)

    def restore() -> None:
        report.expect("the fallback buffer has webhooks", buffered(stack) > 0, True)
        stack.postgres.start()

    outage = Outage(stack.postgres.stop, seconds, restore)
    _run_outage(outage, stack, report, webhooks=webhooks, random=random)
    report.expect("responses", set(report.statuses), {generator.OK})
    return report


def without_both(stack: Stack, *, webhooks: int, seconds: float, random: Random) -> Report:
    """Kill PostgreSQL and Redis: webhooks are refused with Retry-After until both are back."""
    report = Report("PostgreSQL and Redis killed", faults=2)

    def fail() -> None:
        stack.postgres.kill()
        stack.valkey.kill()

    def restore() -> None:
        stack.valkey.start()
        stack.postgres.start()

    outage = Outage(fail, seconds, restore)
    _audit_refusals(report, _run_outage(outage, stack, report, webhooks=webhooks, random=random))
    return report


class Outage(NamedTuple):
    """How servers fail, for how many seconds, and how they are restored."""

    fail: Callable[[], None]
    seconds: float
    restore: Callable[[], None]


def _run_outage(
    outage: Outage, stack: Stack, report: Report, *, webhooks: int, random: Random
) -> list[generator.Attempt]:
    """Run an outage in the middle of a load, and audit the result."""
    plan = plan_orders(create_sellers(stack, SELLERS), webhooks=webhooks, random=random)
    with running_load(stack, plan, pause=_pause(webhooks, outage.seconds)) as process:
        process.wait_for(int(webhooks * FAULT_AFTER))
        outage.fail()
        time.sleep(outage.seconds)
        report.expect("the load ended before the fault", process.has_ended, False)
        outage.restore()
        with stack.database() as database:
            report.recovery_seconds = wait_until_processed(stack, database)
            attempts = process.finish()
            wait_until_processed(stack, database)
            audit(report, plan, attempts, stack)
    return attempts


def _pause(webhooks: int, seconds: float) -> float:
    """Return a pause of each client that makes the load last longer than the fault."""
    return 1.25 * seconds * CLIENTS / (webhooks * (1 - FAULT_AFTER))


def _audit_refusals(report: Report, attempts: Sequence[generator.Attempt]) -> None:
    report.expect("responses", set(report.statuses), {generator.OK, generator.UNAVAILABLE})
    waits = {attempt.retry_after for attempt in attempts if attempt.status == generator.UNAVAILABLE}
    report.expect("Retry-After of refusals", waits, {"30"})


def concurrent_senders(
    stack: Stack, *, sellers: int, orders: int, senders: int, clients: int, random: Random
) -> Report:
    """Send each order from several clients at the same time, to several web processes."""
    report = Report(f"each order sent by {senders} clients at the same time")
    plan = plan_concurrent_senders(
        create_sellers(stack, sellers), orders=orders, senders=senders, random=random
    )
    with stack.database() as database, running_load(stack, plan, clients=clients) as process:
        attempts = process.finish()
        report.recovery_seconds = wait_until_processed(stack, database)
        audit(report, plan, attempts, stack)
        report.expect("responses", set(report.statuses), {generator.OK})
        report.expect("deadlocks", _deadlocks(database), 0)
    return report


def generated_bodies(stack: Stack, *, webhooks: int, random: Random) -> Report:
    """Send valid, mutated and broken bodies: each one is stored and gets a final state."""
    report = Report("bodies of every kind")
    plan = plan_generated_bodies(create_sellers(stack, SELLERS), webhooks=webhooks, random=random)
    with stack.database() as database, running_load(stack, plan) as process:
        attempts = process.finish()
        report.recovery_seconds = wait_until_processed(stack, database)
        audit_results(report, audit_inbox(report, plan, attempts, stack))
        report.expect("responses", set(report.statuses), {generator.OK})
    return report


def cut_off_host(stack: Stack, *, webhooks: int, random: Random) -> Report:
    """Stop all workers of a host in the middle of their work, and resume them afterwards."""
    report = Report("the workers of a machine cut off, and back again", faults=1)
    plan = plan_orders(create_sellers(stack, SELLERS), webhooks=webhooks, random=random)
    with stack.database() as database, running_load(stack, plan) as process:
        sync = SlowSync(stack, database)
        process.wait_for(int(webhooks * FAULT_AFTER))
        for worker in stack.workers_on(1):
            worker.pause()
        try:
            attempts = process.finish()
            report.recovery_seconds = wait_until_processed(stack, database)
            sync.let_lease_expire()
            sync.audit(report)
        finally:
            for worker in stack.workers_on(1):
                worker.resume()
        stack.wait_until_ready()
        audit(report, plan, attempts, stack)
        sync.audit(report)
    return report


def slow_clients(stack: Stack, *, webhooks: int, slow: int, random: Random) -> Report:
    """Add clients at each web server that send one byte per second of a head or a body."""
    report = Report("clients that send a byte per second", faults=slow * len(stack.web_urls))
    plan = plan_orders(create_sellers(stack, SELLERS), webhooks=webhooks, random=random)
    with SlowClients(stack.web_urls, each=slow) as clients, stack.database() as database:
        with running_load(stack, plan) as process:
            attempts = process.finish()
        report.recovery_seconds = wait_until_processed(stack, database)
        audit(report, plan, attempts, stack)
        report.expect("responses", set(report.statuses), {generator.OK})
        clients.wait_until_disconnected()
    return report


def _deadlocks(database: psycopg.Connection) -> int:
    row = database.execute(
        "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    ).fetchone()
    assert row is not None
    return int(row[0])
