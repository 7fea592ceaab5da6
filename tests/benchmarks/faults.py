"""`make bench-faults`: the fault scenarios at full length. Prints the table of docs/faults.md.

`KILLS=100 make bench-faults` kills 100 processes instead of 1,000; FAULTS_SEED repeats its choices.
"""

import math
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from random import Random

from tests.faults import scenarios
from tests.faults.audit import Report
from tests.faults.stack import Stack

KILLS = 1000
KILLED = "killed (-9)"
"""In the names of the scenarios that kill programs."""
Scenario = Callable[[Stack], Report]
HEADER = (
    "| fault | faults | sent | acknowledged | applied | lost | duplicated | p99 | recovery | time |"
)
RULE = "| --- |" + " ---: |" * 9


def full_length(random: Random, kills: int) -> list[Scenario]:
    share = math.ceil(kills / (len(scenarios.FAULTS) + 1))
    return [
        partial(scenarios.kills, times=share, real_lease=True, random=random),
        *(
            partial(scenarios.kills_during, name, times=share, random=random)
            for name in scenarios.FAULTS
        ),
        *(
            partial(scenarios.during, name, webhooks=2_500, seconds=15, random=random)
            for name in scenarios.FAULTS
        ),
        partial(scenarios.without_redis, webhooks=2_500, seconds=10, keep_data=True, random=random),
        partial(
            scenarios.without_redis, webhooks=2_500, seconds=10, keep_data=False, random=random
        ),
        partial(scenarios.without_database, webhooks=3_500, seconds=20, random=random),
        partial(scenarios.without_both, webhooks=1_500, seconds=10, random=random),
        partial(
            scenarios.concurrent_senders,
            sellers=50,
            orders=150,
            senders=8,
            clients=16,
            random=random,
        ),
        partial(scenarios.generated_bodies, webhooks=20_000, random=random),
        partial(scenarios.slow_clients, webhooks=1_000, slow=100, random=random),
    ]


def row(report: Report, seconds: float) -> str:
    cells = [
        report.scenario,
        report.faults,
        report.attempts,
        report.acknowledged,
        report.applied,
        report.lost,
        report.duplicated,
        f"{report.p99_seconds * 1000:,.0f} ms",
        f"{report.recovery_seconds:.1f} s",
        f"{seconds:.0f} s",
    ]
    return f"| {' | '.join(map(str, cells))} |"


def main() -> int:
    """Print a row per scenario and the totals. Returns 1 if an audit found a problem."""
    seed, kills = int(os.environ.get("FAULTS_SEED", "1")), int(os.environ.get("KILLS", KILLS))
    random, started, reports = Random(seed), time.monotonic(), []
    print(f"FAULTS_SEED={seed} KILLS={kills}", file=sys.stderr, flush=True)  # noqa: T201 - to repeat it
    print(HEADER, RULE, sep="\n", flush=True)  # noqa: T201 - the table
    with (
        tempfile.TemporaryDirectory() as directory,
        Stack(Path(directory), webs=2, hosts=2) as stack,
    ):
        for scenario in full_length(random, kills):
            begun = time.monotonic()
            reports.append(scenario(stack))
            print(row(reports[-1], time.monotonic() - begun), flush=True)  # noqa: T201 - the table
    print(_totals(reports, seed, time.monotonic() - started))  # noqa: T201 - below the table
    problems = [
        f"{report.scenario}: {problem}" for report in reports for problem in report.problems
    ]
    print(*problems, sep="\n", file=sys.stderr)  # noqa: T201 - not in the table
    return 1 if problems else 0


def _totals(reports: Sequence[Report], seed: int, seconds: float) -> str:
    kills = sum(report.faults for report in reports if KILLED in report.scenario)
    lost, duplicated = (sum(getattr(r, name) for r in reports) for name in ("lost", "duplicated"))
    return (
        f"\nSeed {seed}: {kills} processes killed, {lost} webhooks lost, {duplicated} duplicated, "
        f"in {seconds / 60:.0f} minutes."
    )


if __name__ == "__main__":
    sys.exit(main())
