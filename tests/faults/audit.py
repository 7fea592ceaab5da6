"""The audit: compares the acknowledged webhooks with the final content of the database."""

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import psycopg

from tests.faults import history
from tests.faults.load.generator import AGENT, OK, Attempt
from tests.faults.load.orders import ExpectedSale, LoadPlan
from tests.faults.stack import Stack

UNFINISHED_STATES = {"PENDING", "RETRY"}
UNLOGGED_SHARE = 0.02
INTERNAL_ERRORS = {
    "unfinished",
    "parser_fault",
    "refused_by_database",
    "attempts_exhausted",
    "fault",
}


@dataclass
class Report:
    """The result of a scenario. `problems` is empty if it passed."""

    scenario: str
    faults: int = 0
    attempts: int = 0
    acknowledged: int = 0
    applied: int = 0
    lost: int = 0
    duplicated: int = 0
    p99_seconds: float = 0.0
    """99 % of the acknowledged attempts took at most this long."""
    recovery_seconds: float = 0.0
    """From the end of the fault until all events received by then were processed."""
    problems: list[str] = field(default_factory=list)
    statuses: Counter[int | None] = field(default_factory=Counter)

    def expect(self, name: str, actual: object, expected: object) -> None:
        if actual != expected:
            self.problems.append(f"{name}: {_short(actual)} instead of {_short(expected)}")


class Event(NamedTuple):
    id: str
    agent: str
    integration_id: str
    state: str
    outcome: str
    reason: str

    @property
    def key(self) -> str:
        return self.agent.removeprefix(AGENT).rsplit("/", 1)[0]


def audit(report: Report, plan: LoadPlan, attempts: Sequence[Attempt], stack: Stack) -> None:
    """Check events, sales, counts and logs, and complete the report."""
    events = audit_inbox(report, plan, attempts, stack)
    _audit_outcomes(report, plan, events)
    with stack.database() as database:
        _audit_sales(report, plan.sales, database)
        _audit_counts(report, plan.sales, database)


def audit_inbox(
    report: Report, plan: LoadPlan, attempts: Sequence[Attempt], stack: Stack
) -> list[Event]:
    """Compare the attempts and the logs with the stored events, and return the events."""
    report.attempts = len(attempts)
    report.statuses = Counter(attempt.status for attempt in attempts)
    acknowledged = Counter(attempt.agent for attempt in attempts if attempt.status == OK)
    report.acknowledged = acknowledged.total()
    report.p99_seconds = p99([item.seconds for item in attempts if item.status == OK])
    integrations = list({seller.integration_id for seller, _ in plan.sequences})
    with stack.database() as database:
        events = [Event(*row) for row in database.execute(_EVENTS, [integrations])]
    _compare(report, acknowledged, attempts, events)
    report.problems += check_logs(stack, [event.id for event in events])
    return events


def p99(values: Collection[float]) -> float:
    return sorted(values)[len(values) * 99 // 100] if values else math.nan


def check_logs(stack: Stack, event_ids: Sequence[str]) -> list[str]:
    """Return what the logs of all programs so far violate. They must name the given events."""
    lines = history.read_lines(stack.logs())
    with stack.database() as database:
        rows = database.execute(_RESULTS).fetchall()
    stored = [{"event": "stored", "event_id": id_, "result": result} for id_, result in rows]
    named = {line["event_id"] for line in lines if "event_id" in line}
    missing = [id_ for id_ in event_ids if id_ not in named]
    # A killed process may not have written the lines of its last batch.
    is_logged = len(missing) <= len(event_ids) * UNLOGGED_SHARE
    problems = [] if is_logged else [f"{len(missing)} events of {len(event_ids)} are in no log"]
    return [*problems, *history.check([*lines, *stored])]


def audit_results(report: Report, events: Sequence[Event]) -> None:
    """Check that each event is finished, and that none failed by an internal error."""
    report.applied = sum(_result(event) == "applied" for event in events)
    results = Counter(event.reason or _result(event) for event in events)
    report.expect("internal errors", results.keys() & INTERNAL_ERRORS, set())


_EVENTS = """
    SELECT event.id::text, headers->>'User-Agent', integration_id::text, state, outcome, reason
    FROM integrations_webhookevent AS event
    LEFT JOIN integrations_webhookpayload AS payload ON payload.event_id = event.id
    WHERE integration_id = ANY(%s)
"""


_RESULTS = """
    SELECT id::text, coalesce(nullif(outcome, ''), state) FROM integrations_webhookevent
"""


def _compare(
    report: Report, acknowledged: Counter[str], attempts: Sequence[Attempt], events: Sequence[Event]
) -> None:
    """Check that acknowledged attempts are stored once, and the others at most once."""
    stored = Counter(event.agent for event in events)
    report.lost = (acknowledged - stored).total()
    report.duplicated = sum(count - 1 for count in stored.values())
    report.expect("lost events", report.lost, 0)
    report.expect("events stored twice", report.duplicated, 0)
    sent = {attempt.agent for attempt in attempts}
    report.expect("events that were not sent", stored.keys() - sent, set())


def _audit_outcomes(report: Report, plan: LoadPlan, events: Sequence[Event]) -> None:
    """Check that one event of each body is applied, or quarantined if broken."""
    owners = {
        webhook.key: seller.integration_id
        for seller, webhooks in plan.sequences
        for webhook in webhooks
    }
    results: dict[str, Counter[str]] = defaultdict(Counter)
    for event in events:
        report.expect(f"owner of {event.key}", event.integration_id, owners[event.key])
        results[event.key][_result(event)] += 1
    report.expect("bodies in the inbox", results.keys(), owners.keys())
    for key, counts in results.items():
        expected = "quarantined" if key in plan.broken else "applied"
        count = counts.pop(expected, 0)
        is_correct = count > 0 if key in plan.broken else count == 1
        if not is_correct or counts.keys() - {"duplicate"}:
            report.problems.append(f"{key}: {count} {expected}, and {dict(counts)}")
        report.applied += count


def _result(event: Event) -> str:
    if event.state in UNFINISHED_STATES:
        return "unfinished"
    if event.state == "DONE" or event.outcome == "stale":
        return "applied"
    return event.outcome or event.state.lower()


_SALES = """
    WITH history AS (
        SELECT sale_id, field,
            array_agg(from_status || '>' || to_status ORDER BY changed_at, id) AS moves
        FROM sales_salestatuschange GROUP BY sale_id, field
    )
    SELECT sale.user_id::text, sale.external_id, sale.status, sale.shipping_status, client.cpf,
        sale.metadata->'extra', status.moves, shipping.moves
    FROM sales_sale AS sale JOIN clients_client AS client ON client.id = sale.client_id
    LEFT JOIN history AS status ON status.sale_id = sale.id AND status.field = 'status'
    LEFT JOIN history AS shipping ON shipping.sale_id = sale.id
        AND shipping.field = 'shipping_status'
"""


def _audit_sales(
    report: Report, sales: Iterable[ExpectedSale], database: psycopg.Connection
) -> None:
    expected = {(sale.seller.user_id, sale.number): sale for sale in sales}
    users = {user_id for user_id, _ in expected}
    actual = {(row[0], row[1]): row[2:] for row in database.execute(_SALES) if row[0] in users}
    report.expect("sales", actual.keys(), expected.keys())
    for name, row in actual.items():
        sale = expected[name]
        status, shipping, document, extra, *histories = row
        last = sale.stages[-1]
        report.expect(
            f"{name}", (status, shipping, document), (last.status, last.shipping, sale.buyer)
        )
        report.expect(f"markers of {name}", set(extra or ()) & sale.markers, set(sale.markers))
        report.expect(f"history of {name}", histories, _histories(sale))


def _histories(sale: ExpectedSale) -> list[Any]:
    statuses = _moves([stage.status for stage in sale.stages])
    shipping = _moves([stage.shipping for stage in sale.stages])
    return [statuses, shipping[1:] or None]  # the initial shipping status is not recorded


def _moves(states: Sequence[str]) -> list[str]:
    before = ["", *states]
    return [f"{a}>{b}" for a, b in zip(before, states, strict=False) if a != b]


def _audit_counts(
    report: Report, sales: Sequence[ExpectedSale], database: psycopg.Connection
) -> None:
    """Check that clients are unique and that the integrations' counts are correct."""
    sold = Counter(sale.seller.user_id for sale in sales)
    pairs = {(sale.seller.user_id, sale.buyer) for sale in sales}
    buyers = Counter(user_id for user_id, _ in pairs)
    report.expect("sales counted", _counts_of(sold, _SYNCED, database), sold)
    report.expect("clients", _counts_of(buyers, _CLIENTS, database), buyers)


_SYNCED = "SELECT user_id::text, sales_synced FROM integrations_integration"
_CLIENTS = "SELECT user_id::text, count(*) FROM clients_client GROUP BY user_id"


def _counts_of(users: Iterable[str], query: Any, database: psycopg.Connection) -> dict[str, int]:
    return {user_id: n for user_id, n in database.execute(query) if user_id in users}


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) < 200 else f"{text[:200]}…"
