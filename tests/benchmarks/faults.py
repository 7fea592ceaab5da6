"""`make bench-faults`: the fault scenarios at full length, as the table of docs/faults.md."""

import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random

from tests.faults import scenarios
from tests.faults.audit import Report
from tests.faults.stack import Stack

Scenario = Callable[[Stack], Report]
HEADER = "| fault | faults | sent | acknowledged | applied | lost | doubled | recovery |"
RULE = "| --- |" + " ---: |" * 7


def full_length(dice: Random) -> list[Scenario]:
    return [
        partial(scenarios.kills, tellings=6_000, times=40, in_real_time=True, dice=dice),
        partial(scenarios.without_redis, tellings=2_500, seconds=10, keep_data=True, dice=dice),
        partial(scenarios.without_redis, tellings=2_500, seconds=10, keep_data=False, dice=dice),
        partial(scenarios.without_database, tellings=3_500, seconds=20, dice=dice),
        partial(scenarios.without_both, tellings=1_500, seconds=10, dice=dice),
        partial(scenarios.crowded, sellers=50, orders=150, tellers=8, clients=16, dice=dice),
        partial(scenarios.anything_at_all, tellings=20_000, dice=dice),
        partial(scenarios.beside_slow_clients, tellings=1_000, slow=100, dice=dice),
    ]


def row(report: Report) -> str:
    cells = [
        report.scenario,
        report.faults,
        report.tries,
        report.acknowledged,
        report.applied,
        report.lost,
        report.doubled,
        f"{report.recovery_seconds:.1f} s",
    ]
    return f"| {' | '.join(map(str, cells))} |"


def main() -> int:
    """Print a row as each scenario ends; 1 where an auditor has found a problem."""
    problems = []
    print(HEADER, RULE, sep="\n", flush=True)  # noqa: T201 - the table
    with (
        tempfile.TemporaryDirectory() as directory,
        Stack(Path(directory), webs=2, workers=2) as stack,
    ):
        for scenario in full_length(Random(1)):
            report = scenario(stack)
            problems += report.problems
            print(row(report), flush=True)  # noqa: T201 - the table
    print(*problems, sep="\n", file=sys.stderr)  # noqa: T201 - what the table doesn't show
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
