"""The auditor: compares what was acknowledged with what the database holds in the end."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import psycopg

from tests.faults.load import AGENT, OK, Try
from tests.faults.orders import Plan, Sale

UNDER_WAY = {"PENDING", "RETRY"}
OUR_FAULTS = {
    "under way",
    "parser_fault",
    "refused_by_database",
    "attempts_exhausted",
    "fault",
}


@dataclass
class Report:
    """The outcome of a scenario; `problems` is empty where everything is as it must be."""

    scenario: str
    faults: int = 0
    tries: int = 0
    acknowledged: int = 0
    applied: int = 0
    lost: int = 0
    doubled: int = 0
    recovery_seconds: float = 0.0
    """From the end of the fault until what had come by then was done."""
    problems: list[str] = field(default_factory=list)
    statuses: Counter[int | None] = field(default_factory=Counter)

    def expect(self, what: str, found: object, expected: object) -> None:
        if found != expected:
            self.problems.append(f"{what}: {_short(found)} instead of {_short(expected)}")


class Event(NamedTuple):
    agent: str
    integration_id: str
    state: str
    outcome: str
    reason: str

    @property
    def key(self) -> str:
        return self.agent.removeprefix(AGENT).rsplit("/", 1)[0]


def audit(
    report: Report,
    plan: Plan,
    tries: Sequence[Try],
    database: psycopg.Connection,
) -> None:
    """Complete the report."""
    events = audit_inbox(report, plan, tries, database)
    _audit_outcomes(report, plan, events)
    _audit_sales(report, plan.sales, database)
    _audit_counts(report, plan.sales, database)


def audit_inbox(
    report: Report, plan: Plan, tries: Sequence[Try], database: psycopg.Connection
) -> list[Event]:
    """Compare what was told with what is kept, and return it."""
    report.tries, report.statuses = len(tries), Counter(one.status for one in tries)
    acknowledged = Counter(one.agent for one in tries if one.status == OK)
    report.acknowledged = acknowledged.total()
    integrations = list({seller.integration_id for seller, _ in plan.lives})
    events = [Event(*row) for row in database.execute(_EVENTS, [integrations])]
    _compare(report, acknowledged, tries, events)
    return events


def audit_verdicts(report: Report, events: Sequence[Event]) -> None:
    """Each event is judged, and none was a fault of ours."""
    report.applied = sum(_judged(event) == "applied" for event in events)
    found = Counter(event.reason or _judged(event) for event in events)
    report.expect("faults of ours", found.keys() & OUR_FAULTS, set())


_EVENTS = """
    SELECT headers->>'User-Agent', integration_id::text, state, outcome, reason
    FROM integrations_webhookevent AS event
    LEFT JOIN integrations_webhookpayload AS payload ON payload.event_id = event.id
    WHERE integration_id = ANY(%s)
"""


def _compare(
    report: Report, acknowledged: Counter[str], tries: Sequence[Try], events: Sequence[Event]
) -> None:
    """Each acknowledged try is there once; one without an answer may be there, once."""
    stored = Counter(event.agent for event in events)
    report.lost = (acknowledged - stored).total()
    report.doubled = sum(count - 1 for count in stored.values())
    report.expect("lost events", report.lost, 0)
    report.expect("events stored twice", report.doubled, 0)
    report.expect("events nobody sent", stored.keys() - {one.agent for one in tries}, set())


def _audit_outcomes(report: Report, plan: Plan, events: Sequence[Event]) -> None:
    """Of each body exactly one event counts, and the others are duplicates; broken ones wait."""
    owners = {t.key: seller.integration_id for seller, told in plan.lives for t in told}
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for event in events:
        report.expect(f"owner of {event.key}", event.integration_id, owners[event.key])
        found[event.key][_judged(event)] += 1
    report.expect("bodies in the inbox", found.keys(), owners.keys())
    for key, judged in found.items():
        counted = judged.pop("quarantined" if key in plan.broken else "applied", 0)
        is_right = counted > 0 if key in plan.broken else counted == 1
        if not is_right or judged.keys() - {"duplicate"}:
            report.problems.append(f"{key}: {counted} counted, and {dict(judged)}")
        report.applied += counted


def _judged(event: Event) -> str:
    if event.state in UNDER_WAY:
        return "under way"
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


def _audit_sales(report: Report, sales: Iterable[Sale], database: psycopg.Connection) -> None:
    expected = {(sale.seller.user_id, sale.number): sale for sale in sales}
    users = {user_id for user_id, _ in expected}
    found = {(row[0], row[1]): row[2:] for row in database.execute(_SALES) if row[0] in users}
    report.expect("sales", found.keys(), expected.keys())
    for name, row in found.items():
        sale = expected[name]
        status, shipping, document, extra, *histories = row
        last = sale.stages[-1]
        report.expect(
            f"{name}", (status, shipping, document), (last.status, last.shipping, sale.buyer)
        )
        report.expect(f"marks of {name}", set(extra or ()) & sale.marks, set(sale.marks))
        report.expect(f"history of {name}", histories, _histories(sale))


def _histories(sale: Sale) -> list[Any]:
    statuses = _moves([stage.status for stage in sale.stages])
    shipping = _moves([stage.shipping for stage in sale.stages])
    return [statuses, shipping[1:] or None]  # that nothing is sent yet is no event


def _moves(states: Sequence[str]) -> list[str]:
    before = ["", *states]
    return [f"{a}>{b}" for a, b in zip(before, states, strict=False) if a != b]


def _audit_counts(report: Report, sales: Sequence[Sale], database: psycopg.Connection) -> None:
    """No client twice, and the integrations' own counts as well."""
    sold = Counter(sale.seller.user_id for sale in sales)
    buyers = Counter(user_id for user_id, _ in {(s.seller.user_id, s.buyer) for s in sales})
    report.expect("sales counted", _of(sold, _SYNCED, database), sold)
    report.expect("clients", _of(buyers, _CLIENTS, database), buyers)


_SYNCED = "SELECT user_id::text, sales_synced FROM integrations_integration"
_CLIENTS = "SELECT user_id::text, count(*) FROM clients_client GROUP BY user_id"


def _of(users: Iterable[str], query: Any, database: psycopg.Connection) -> dict[str, int]:
    return {user_id: n for user_id, n in database.execute(query) if user_id in users}


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) < 200 else f"{text[:200]}…"
