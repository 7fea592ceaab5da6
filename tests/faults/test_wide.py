"""Several machines: a pooler before the database, and a machine that is cut off."""

from pathlib import Path
from random import Random

import pytest

from tests.faults import scenarios
from tests.faults.pgbouncer import BINARY, SERVER_CONNECTIONS
from tests.faults.stack import Stack
from tests.faults.syncing import SlowSync

pytestmark = pytest.mark.faults

_SERVER_CONNECTIONS = """
    SELECT count(*) FROM pg_stat_activity
    WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
"""


@pytest.mark.skipif(not BINARY, reason="PgBouncer is not installed (apt install pgbouncer)")
def test_everything_works_behind_a_pooler_of_transactions(tmp_path: Path, random: Random) -> None:
    with Stack(tmp_path, webs=2, hosts=1, is_pooled=True) as stack, stack.database() as database:
        sync = SlowSync(stack, database)
        report = scenarios.concurrent_senders(
            stack, sellers=10, orders=50, senders=2, clients=4, random=random
        )
        sync.audit(report)
        connections = database.execute(_SERVER_CONNECTIONS).fetchone()
        failures = [
            program.name
            for program in stack.programs
            for event in (b"task_failed", b"request_failed", b"job_fault", b"database_failed")
            if event in stack.log(program.name).read_bytes()
        ]

    assert report.problems == []
    assert failures == []
    assert connections is not None
    assert connections[0] <= SERVER_CONNECTIONS


def test_machine_that_is_cut_off_loses_and_doubles_nothing(stack: Stack, random: Random) -> None:
    report = scenarios.cut_off_host(stack, webhooks=2_000, random=random)

    assert report.problems == []
    assert report.recovery_seconds < 60
