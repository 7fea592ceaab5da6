"""The fault scenarios. Each one runs a fault under load and returns the audit's report."""

import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from random import Random
from typing import NamedTuple

import psycopg

from tests.faults.audit import Report, audit, audit_inbox, audit_results, p99
from tests.faults.intake.server_faults import frozen, frozen_redis, full_redis, locked, read_only
from tests.faults.load import generator
from tests.faults.load.neighbours import slow_neighbours
from tests.faults.load.orders import (
    LoadPlan,
    plan_concurrent_senders,
    plan_generated_bodies,
    plan_orders,
)
from tests.faults.load.process import (
    CLIENTS,
    LoadProcess,
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
WEBHOOKS_PER_KILL = 600
"""More than are sent: the audit stops the load after the last kill."""
PAUSE_SECONDS = 0.05
"""After each webhook of a client: leaves the processes time to start again."""
ATTEMPTS_BEFORE_KILLS = 100
FIRST_COMMIT_SECONDS = 3.0
"""A commit that a fault meets fails after 2.5 seconds, and webhooks are buffered from then on."""


Fault = Callable[[Stack], AbstractContextManager[object]]
FAULTS: dict[str, Fault] = {
    "PostgreSQL read-only": read_only,
    "a table locked": partial(locked, table="integrations_webhookpayload"),
    "PostgreSQL frozen": frozen,
    "Redis full": full_redis,
    "Redis frozen": frozen_redis,
    "slow neighbours": slow_neighbours,
}
"""What comes and goes while processes are killed."""
KILLS_BETWEEN_CHANGES = 3
KILL_PAUSES = 0.1, 1.3
"""Seconds before each kill. A program needs two seconds of CPU to start: killed more often, most
would be killed while they start and do no work, on two cores."""


def kills(stack: Stack, *, times: int, random: Random, real_lease: bool = False) -> Report:
    """Kill processes of every kind at random times, first those that run a sync."""
    report = Report("worker, beat and web processes killed (-9)")
    with stack.database() as database, load_during_kills(stack, times, random) as load:
        sync = SlowSync(stack, database)
        report.faults = sync.kill_workers()
        if not real_lease:
            sync.let_lease_expire()
        report.faults += _kill(stack, times - report.faults, random)
        _stop_and_audit(report, stack, load, database)
        sync.audit(report)
    return report


def kills_during(name: str, stack: Stack, *, times: int, random: Random) -> Report:
    """Kill processes at random times while one of the FAULTS comes and goes."""
    report = Report(f"killed (-9) while {name}")
    with stack.database() as database, load_during_kills(stack, times, random) as load:
        load.process.wait_for(ATTEMPTS_BEFORE_KILLS)
        while report.faults < times:
            with FAULTS[name](stack):
                report.faults += _kill(stack, KILLS_BETWEEN_CHANGES, random)
            report.faults += _kill(stack, KILLS_BETWEEN_CHANGES, random)
        _stop_and_audit(report, stack, load, database)
    return report


def _kill(stack: Stack, times: int, random: Random) -> int:
    """Kill so many processes at random times, and return their number."""
    killed = 0
    while killed < times:
        time.sleep(random.uniform(*KILL_PAUSES))
        stack.restart_ended()
        killed += _kill_one(stack, random)
    return killed


def _kill_one(stack: Stack, random: Random) -> bool:
    """Kill a main process or a worker process. Returns False if it had ended already."""
    program = random.choice(stack.programs)
    children = program.children()
    if children and random.random() < 0.6:  # the program restarts its worker processes itself
        return kill_process(random.choice(children))
    program.kill()
    program.restart()
    return True


class Load(NamedTuple):
    plan: LoadPlan
    process: LoadProcess


@contextmanager
def load_during_kills(stack: Stack, kills: int, random: Random) -> Iterator[Load]:
    """Send webhooks until `_stop_and_audit`."""
    sellers = create_sellers(stack, SELLERS)
    webhooks = (10 + kills) * WEBHOOKS_PER_KILL
    plan = plan_orders(sellers, webhooks=webhooks, random=random)
    with running_load(stack, plan, pause=PAUSE_SECONDS) as process:
        yield Load(plan, process)


def _stop_and_audit(report: Report, stack: Stack, load: Load, database: psycopg.Connection) -> None:
    report.expect("the load ended before the last kill", load.process.has_ended, False)
    load.process.stop_after_begun_sequences()
    attempts = load.process.finish()
    report.recovery_seconds = wait_until_processed(stack, database)
    audit(report, load.plan.sent({attempt.key for attempt in attempts}), attempts, stack)


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
    seconds_to_begin: float = 0.0


def _run_outage(
    outage: Outage, stack: Stack, report: Report, *, webhooks: int, random: Random
) -> list[generator.Attempt]:
    """Run an outage in the middle of a load, and audit the result."""
    plan = plan_orders(create_sellers(stack, SELLERS), webhooks=webhooks, random=random)
    duration = outage.seconds_to_begin + outage.seconds
    with running_load(stack, plan, pause=_pause(webhooks, duration)) as process:
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


def during(name: str, stack: Stack, *, webhooks: int, seconds: float, random: Random) -> Report:
    """Send webhooks during one of the FAULTS. The p99 leaves out the first commits that fail."""
    report, fault = Report(f"{name}, for {seconds:g} s", faults=1), ExitStack()
    started = ended = 0.0

    def begin() -> None:
        nonlocal started
        fault.enter_context(FAULTS[name](stack))
        started = time.time()

    def end() -> None:
        nonlocal ended
        ended = time.time()
        fault.close()

    outage = Outage(begin, seconds, end, seconds_to_begin=10.0)
    attempts = _run_outage(outage, stack, report, webhooks=webhooks, random=random)
    report.expect("responses", set(report.statuses), {generator.OK})
    settled = (started + FIRST_COMMIT_SECONDS, ended)
    waits = [item.seconds for item in attempts if settled[0] < item.started < settled[1]]
    report.p99_seconds = p99(waits)
    return report


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
