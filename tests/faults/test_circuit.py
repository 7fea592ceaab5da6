"""The circuit breaker of two workers' processes, which share it through Redis."""

import psycopg
import pytest
import redis
import requests

from sandbox.server import Sandbox
from tests.faults.stack import Stack
from tests.waiting import wait_until

pytestmark = pytest.mark.faults

SELLERS = 6
CIRCUIT = "flowzz:breaker:coinzz"
SECONDS = 180.0
_RUNS = """
    SELECT run.state, run.error_code FROM integrations_syncrun AS run
    JOIN integrations_integration AS integration ON integration.id = run.integration_id
    WHERE integration.user_id = ANY(%s::uuid[])
"""
_LET_TIME_PASS = "UPDATE integrations_syncrun SET not_before = now() WHERE state = 'QUEUED'"


class Sellers:
    """Sellers whose first sync meets a Coinzz that answers 500."""

    def __init__(self, stack: Stack, database: psycopg.Connection) -> None:
        self._database = database
        key = Sandbox().api_key()
        call = f"sellers.connect_one({key!r})\n" * SELLERS
        told = stack.ask(f"from tests.faults import sellers\n{call}")
        self._users = told.split()

    def runs(self) -> list[tuple[str, str]]:
        return self._database.execute(_RUNS, [self._users]).fetchall()

    def states(self) -> set[str]:
        return {state for state, _ in self.runs()}

    def let_time_pass(self) -> None:
        self._database.execute(_LET_TIME_PASS)


def test_the_circuit_opens_postpones_probes_and_closes(stack: Stack) -> None:
    control = f"{stack.sandbox_url}/_control/faults"
    requests.delete(control, timeout=5).raise_for_status()
    fault = {"fault": "status:500", "path": "sales", "times": None}
    requests.post(control, json=fault, timeout=5).raise_for_status()
    with stack.database() as database, redis.Redis.from_url(stack.valkey.url) as circuit:
        sellers = Sellers(stack, database)
        wait_until(lambda: circuit.hexists(CIRCUIT, "opened_at"), SECONDS)
        # Who meets the open circuit is put off; nobody fails by it.
        wait_until(lambda: ("QUEUED", "CIRCUIT_OPEN") in sellers.runs(), SECONDS)
        wait_until(lambda: "RUNNING" not in sellers.states(), SECONDS)
        assert sellers.states() == {"QUEUED"}
        assert all(b"CIRCUIT_OPEN" in stack.log(w.name).read_bytes() for w in stack.workers)

        requests.delete(control, timeout=5).raise_for_status()
        circuit.hset(CIRCUIT, "next_probe_at", 0)
        sellers.let_time_pass()
        wait_until(lambda: not circuit.exists(CIRCUIT), SECONDS)

        def all_have_succeeded() -> bool:
            sellers.let_time_pass()
            return sellers.states() == {"SUCCEEDED"}

        wait_until(all_have_succeeded, SECONDS)
