"""The final status of a sale does not depend on the order in which its reports arrive.

The exceptions are statuses with transitions both ways, such as paid and cancelled.
"""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import combinations, permutations, product
from typing import Any

import pytest

from sales.facts import SaleFacts
from sales.models import Origin
from sales.recording import ChangeSource, SaleBatch
from sales.statuses import (
    SHIPPING_TRANSITIONS,
    STATUS_TRANSITIONS,
    SaleStatus,
    SaleStatusField,
    ShippingStatus,
    TransitionTable,
)

NOON = datetime(2026, 3, 2, 15, tzinfo=UTC)
ORDER = SaleFacts(external_id="ord1", total_price=Decimal("1.00"))
STATUS = SaleStatusField.STATUS
BOTH_FIELDS = [
    pytest.param(STATUS, SaleStatus.values, STATUS_TRANSITIONS, id="status"),
    pytest.param(
        SaleStatusField.SHIPPING, ShippingStatus.values, SHIPPING_TRANSITIONS, id="shipping"
    ),
]

Report = tuple[int, str]
"""An hour and the status reported for it."""


def final_status(field: SaleStatusField, reports: Iterable[Report]) -> str:
    """Return the status of a new sale after these reports, in their order of arrival."""
    batch = SaleBatch(uuid.uuid4(), "loja", ())
    for hour, status in reports:
        source = ChangeSource(
            observed_at=NOON + timedelta(hours=hour), origin=Origin.EVENT, origin_id=uuid.uuid4()
        )
        reported: dict[str, Any] = {field.value: status}
        facts = replace(ORDER, **reported)
        sale = batch.get("ord1")
        if sale:
            batch.update(sale, facts, source)
        else:
            sale = batch.create(facts, None, None, source).sale
    return str(getattr(sale, field.value))


def final_statuses(field: SaleStatusField, statuses: Sequence[str]) -> set[str]:
    """Return the final statuses over all orders of arrival."""
    return {final_status(field, reports) for reports in permutations(enumerate(statuses))}


@pytest.mark.parametrize(("field", "statuses", "table"), BOTH_FIELDS)
def test_three_reports_end_alike_in_any_order_if_no_transition_is_reversible(
    field: SaleStatusField, statuses: list[str], table: TransitionTable
) -> None:
    one_way = [
        reported
        for reported in product(statuses, repeat=3)
        if not any(b in table[a] and a in table[b] for a, b in combinations(reported, 2))
    ]

    ends = {reported: final_statuses(field, reported) for reported in one_way}

    assert ends == {reported: {final_status(field, enumerate(reported))} for reported in one_way}


def test_known_exceptions_with_reversible_transitions() -> None:
    """A sale stores its status and the time of its newest report, but not all reports.

    After both a payment and a cancellation, a third status that made no transition is lost.
    """
    exceptions = {
        reported
        for reported in product(SaleStatus.values, repeat=3)
        if final_statuses(STATUS, reported) != {final_status(STATUS, enumerate(reported))}
    }

    paid, cancelled = "PAID", "CANCELLED"
    assert exceptions == {
        (cancelled, paid, cancelled),
        (cancelled, paid, "PENDING"),
        (cancelled, paid, "SHIPPED"),
        (cancelled, paid, "DELIVERED"),
        (cancelled, "SHIPPED", paid),
        (cancelled, "DELIVERED", paid),
        (paid, cancelled, paid),
        (paid, cancelled, "PENDING"),
        ("SHIPPED", cancelled, paid),
        ("DELIVERED", cancelled, paid),
    }
