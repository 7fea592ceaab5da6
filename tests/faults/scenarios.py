"""What is done to a stack under load; each scenario ends with the auditor's report."""

import shutil
import time
from collections.abc import Callable, Sequence
from random import Random
from typing import NamedTuple

import psycopg

from tests.faults import load
from tests.faults.audit import Report, audit, audit_inbox, audit_verdicts
from tests.faults.loading import CLIENTS, buffered, catch_up, enrol, loading
from tests.faults.orders import anything, crowd, plan
from tests.faults.slow import SlowClients
from tests.faults.stack import Stack, kill_process
from tests.faults.syncing import KilledSync

SELLERS = 20
BEFORE = 5
"""A fault begins when one of so many tellings is made."""


def kills(
    stack: Stack, *, tellings: int, times: int, dice: Random, in_real_time: bool = False
) -> Report:
    """Processes of every kind killed at random moments, a run of the sync in its middle first."""
    report = Report("worker, beat and web processes killed (-9)")
    told = plan(enrol(stack, SELLERS), tellings=tellings, dice=dice)
    with stack.database() as database, loading(stack, told) as generator:
        sync = KilledSync(stack, database)
        report.faults = sync.kills
        if not in_real_time:
            sync.let_lease_expire()
        while report.faults < times:
            time.sleep(dice.uniform(0.1, 0.8))
            stack.tend()
            report.faults += _strike(stack, dice)
        report.expect("load was over before the last kill", generator.is_over, False)
        tries = generator.finish()
        report.recovery_seconds = catch_up(stack, database)
        audit(report, told, tries, database)
        sync.audit(report)
    return report


def _strike(stack: Stack, dice: Random) -> bool:
    """Kill one process, a program's main one or one of its workers; whether one was killed."""
    program = dice.choice(stack.programs)
    children = program.children()
    if children and dice.random() < 0.6:  # which the program itself starts again
        return kill_process(dice.choice(children))
    program.kill()
    program.restart()
    return True


def without_redis(
    stack: Stack, *, tellings: int, seconds: float, keep_data: bool, dice: Random
) -> Report:
    """Redis killed under load and started again, with what it held or with nothing."""
    report = Report(f"Redis killed, data {'kept' if keep_data else 'lost'}", faults=1)

    def strike() -> None:
        stack.valkey.kill()
        if not keep_data:
            shutil.rmtree(stack.valkey.data)

    outage = Outage(strike, seconds, mend=stack.valkey.start)
    _suffer(outage, stack, report, tellings=tellings, dice=dice)
    report.expect("answers", set(report.statuses), {load.OK})
    return report


def without_database(stack: Stack, *, tellings: int, seconds: float, dice: Random) -> Report:
    """PostgreSQL stopped under load: Redis keeps what comes, and gives it back in its order."""
    report = Report("PostgreSQL stopped", faults=1)

    def mend() -> None:
        report.expect("the fallback buffer has webhooks", buffered(stack) > 0, True)
        stack.postgres.start()

    outage = Outage(stack.postgres.stop, seconds, mend)
    _suffer(outage, stack, report, tellings=tellings, dice=dice)
    report.expect("answers", set(report.statuses), {load.OK})
    return report


def without_both(stack: Stack, *, tellings: int, seconds: float, dice: Random) -> Report:
    """Both killed at once: refused with a time to come back, until they are there again."""
    report = Report("PostgreSQL and Redis killed", faults=2)

    def strike() -> None:
        stack.postgres.kill()
        stack.valkey.kill()

    def mend() -> None:
        stack.valkey.start()
        stack.postgres.start()

    outage = Outage(strike, seconds, mend)
    _audit_refusals(report, _suffer(outage, stack, report, tellings=tellings, dice=dice))
    return report


class Outage(NamedTuple):
    """How servers go, for how long, and how they come back."""

    strike: Callable[[], None]
    seconds: float
    mend: Callable[[], None]


def _suffer(
    outage: Outage, stack: Stack, report: Report, *, tellings: int, dice: Random
) -> list[load.Try]:
    """Let an outage happen in the middle of a load, and audit what all of it has come to."""
    told = plan(enrol(stack, SELLERS), tellings=tellings, dice=dice)
    with loading(stack, told, pause=_pause(tellings, outage.seconds)) as generator:
        generator.wait_for(tellings // BEFORE)
        outage.strike()
        time.sleep(outage.seconds)
        report.expect("load was over before the fault", generator.is_over, False)
        outage.mend()
        with stack.database() as database:
            report.recovery_seconds = catch_up(stack, database)
            tries = generator.finish()
            catch_up(stack, database)
            audit(report, told, tries, database)
    return tries


def _pause(tellings: int, seconds: float) -> float:
    """Seconds between a client's tellings, so that the load outlasts its fault on any machine."""
    return 1.25 * seconds * CLIENTS / (tellings - tellings // BEFORE)


def _audit_refusals(report: Report, tries: Sequence[load.Try]) -> None:
    report.expect("answers", set(report.statuses), {load.OK, load.UNAVAILABLE})
    waits = {one.retry_after for one in tries if one.status == load.UNAVAILABLE}
    report.expect("Retry-After of refusals", waits, {"30"})


def crowded(
    stack: Stack, *, sellers: int, orders: int, tellers: int, clients: int, dice: Random
) -> Report:
    """The same orders told by several clients at once, to several web processes."""
    report = Report(f"each order told by {tellers} clients at once")
    told = crowd(enrol(stack, sellers), orders=orders, tellers=tellers, dice=dice)
    with stack.database() as database, loading(stack, told, clients=clients) as generator:
        tries = generator.finish()
        report.recovery_seconds = catch_up(stack, database)
        audit(report, told, tries, database)
        report.expect("answers", set(report.statuses), {load.OK})
        report.expect("deadlocks", _deadlocks(database), 0)
    return report


def anything_at_all(stack: Stack, *, tellings: int, dice: Random) -> Report:
    """Valid, mutated and broken bodies: each is kept and judged, whatever it is."""
    report = Report("bodies of every kind")
    told = anything(enrol(stack, SELLERS), tellings=tellings, dice=dice)
    with stack.database() as database, loading(stack, told) as generator:
        tries = generator.finish()
        report.recovery_seconds = catch_up(stack, database)
        audit_verdicts(report, audit_inbox(report, told, tries, database))
        report.expect("answers", set(report.statuses), {load.OK})
    return report


def beside_slow_clients(stack: Stack, *, tellings: int, slow: int, dice: Random) -> Report:
    """Clients that send a byte a second, half of them heads, half bodies, at each web server."""
    report = Report("clients that send a byte a second", faults=slow * len(stack.web_urls))
    told = plan(enrol(stack, SELLERS), tellings=tellings, dice=dice)
    with SlowClients(stack.web_urls, each=slow) as clients, stack.database() as database:
        with loading(stack, told) as generator:
            tries = generator.finish()
        report.recovery_seconds = catch_up(stack, database)
        audit(report, told, tries, database)
        report.expect("answers", set(report.statuses), {load.OK})
        report.expect("slow clients got rid of", clients.are_gone(), True)
    return report


def _deadlocks(database: psycopg.Connection) -> int:
    row = database.execute(
        "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    ).fetchone()
    assert row is not None
    return int(row[0])
