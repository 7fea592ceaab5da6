"""The circuit breaker that the processes of two workers share through Redis."""

import psycopg
import pytest
import redis
import requests

from sandbox.server import Sandbox
from tests.faults.stack import Stack
from tests.waiting import wait_until

pytestmark = pytest.mark.faults

SELLERS = 12  # more than the threads of a worker
CIRCUIT = "flowzz:breaker:coinzz"
SECONDS = 180.0
_RUNS = """
    SELECT run.state, run.error_code FROM integrations_syncrun AS run
    JOIN integrations_integration AS integration ON integration.id = run.integration_id
    WHERE integration.user_id = ANY(%s::uuid[])
"""
_END_PAUSES = "UPDATE integrations_syncrun SET not_before = now() WHERE state = 'QUEUED'"


class Sellers:
    """Sellers whose first sync gets 500 from Coinzz."""

    def __init__(self, stack: Stack, database: psycopg.Connection) -> None:
        self._database = database
        key = Sandbox().api_key()
        call = f"sellers.connect_seller({key!r})\n" * SELLERS
        user_ids = stack.run_code(f"from tests.faults import sellers\n{call}")
        self._user_ids = user_ids.split()

    def runs(self) -> list[tuple[str, str]]:
        return self._database.execute(_RUNS, [self._user_ids]).fetchall()

    def states(self) -> set[str]:
        return {state for state, _ in self.runs()}

    def end_pauses(self) -> None:
        self._database.execute(_END_PAUSES)


def test_open_circuit_postpones_runs_and_closes_after_a_probe(stack: Stack) -> None:
    control = f"{stack.sandbox_url}/_control/faults"
    requests.delete(control, timeout=5).raise_for_status()
    fault = {"fault": "status:500", "path": "sales", "times": None}
    requests.post(control, json=fault, timeout=5).raise_for_status()
    with stack.database() as database, redis.Redis.from_url(stack.valkey.url) as circuit:
        sellers = Sellers(stack, database)
        wait_until(lambda: circuit.hexists(CIRCUIT, "opened_at"), SECONDS)
        # An open circuit postpones a run and does not fail it.
        wait_until(lambda: ("QUEUED", "CIRCUIT_OPEN") in sellers.runs(), SECONDS)
        wait_until(lambda: "RUNNING" not in sellers.states(), SECONDS)
        assert sellers.states() == {"QUEUED"}
        assert all(
            b"CIRCUIT_OPEN" in stack.log(w.name).read_bytes() for w in stack.workers_of("sync")
        )

        requests.delete(control, timeout=5).raise_for_status()
        circuit.hset(CIRCUIT, "next_probe_at", 0)
        sellers.end_pauses()
        wait_until(lambda: not circuit.exists(CIRCUIT), SECONDS)

        def have_all_succeeded() -> bool:
            sellers.end_pauses()
            return sellers.states() == {"SUCCEEDED"}

        wait_until(have_all_succeeded, SECONDS)
