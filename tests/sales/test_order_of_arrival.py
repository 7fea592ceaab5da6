"""The final status of a sale does not depend on the order in which its reports arrive.

The exceptions are statuses with transitions both ways, such as paid and cancelled: a sale stores
its status and the time of its newest report, but not all reports.
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
from sales.models import ChangeSource, Origin
from sales.recording import SaleBatch
from sales.statuses import (
    OPEN_REFUND,
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
    pytest.param(STATUS, [*SaleStatus.values, OPEN_REFUND], STATUS_TRANSITIONS, id="status"),
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
        facts = replace(ORDER, **reported_values(field, status))
        sale = batch.get("ord1")
        if sale:
            batch.update(sale, facts, source)
        else:
            sale = batch.create(facts, None, None, source).sale
    assert sale
    return OPEN_REFUND if sale.is_refund_open else str(getattr(sale, field.value))


def reported_values(field: SaleStatusField, status: str) -> dict[str, Any]:
    if status == OPEN_REFUND:
        return {"status": SaleStatus.REFUNDED, "status_word": "reclamado", "is_refund_open": True}
    return {field.value: status, f"{field.value}_word": status.lower()}


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
