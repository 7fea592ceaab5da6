"""A slow sync under way, and the sales that it must store whatever happens to its worker."""

import psycopg
import requests

from sandbox.server import Sandbox
from tests.faults.audit import Report
from tests.faults.stack import Stack
from tests.waiting import wait_until

SALES = 1000
RUN_SECONDS = 200.0
LEASE_SECONDS = 120.0

_PAGES = """
    SELECT run.pages FROM integrations_syncrun AS run
    JOIN integrations_integration AS integration ON integration.id = run.integration_id
    WHERE integration.user_id = %s AND run.state = 'RUNNING'
"""
_RUNS = """
    SELECT run.state, run.processed, run.created, run.errors, run.started_at = sync_cursor,
        (SELECT count(*) FROM sales_sale AS sale WHERE sale.user_id = integration.user_id)
    FROM integrations_syncrun AS run
    JOIN integrations_integration AS integration ON integration.id = run.integration_id
    WHERE integration.user_id = %s
"""
_OLD_LEASES = """
    UPDATE integrations_syncrun SET heartbeat_at = heartbeat_at - interval '2 minutes'
    WHERE state = 'RUNNING' RETURNING lease::text
"""


class SlowSync:
    """A user's first sync, which has stored two pages."""

    def __init__(self, stack: Stack, database: psycopg.Connection) -> None:
        self._stack, self._database = stack, database
        control = f"{stack.sandbox_url}/_control/faults"
        slow = {"fault": "slow:0.3", "path": "sales", "times": None}
        requests.post(control, json=slow, timeout=5).raise_for_status()
        key = Sandbox().api_key()
        user_id = stack.run_code(
            f"from tests.faults import sellers; sellers.connect_seller({key!r})"
        )
        self._user_id = user_id.strip()
        wait_until(lambda: self._pages() >= 2, RUN_SECONDS)

    def kill_workers(self) -> int:
        """Kill all workers of syncs, and return their number."""
        workers = self._stack.workers_of("sync")
        for worker in workers:
            worker.kill()
            worker.restart()
        return len(workers)

    def let_lease_expire(self) -> None:
        """Pretend that the lease's two minutes have passed."""
        for (lease,) in self._database.execute(_OLD_LEASES):
            self._stack.note("lease_aged", lease=lease)

    def audit(self, report: Report) -> None:
        """Expect that another worker resumed the run and that each sale is stored once."""
        wait_until(self._is_over, LEASE_SECONDS + RUN_SECONDS)
        expected = ("SUCCEEDED", SALES, SALES, 0, True, SALES)
        report.expect("runs of the sync", self._runs(), [expected])

    def _pages(self) -> int:
        row = self._database.execute(_PAGES, [self._user_id]).fetchone()
        return int(row[0]) if row else 0

    def _is_over(self) -> bool:
        return not {run[0] for run in self._runs()} & {"QUEUED", "RUNNING"}

    def _runs(self) -> list[tuple[object, ...]]:
        return self._database.execute(_RUNS, [self._user_id]).fetchall()
