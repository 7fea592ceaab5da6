"""Observations end alike in whatever order they come, unless two of them lead to each other."""

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
from sales.statuses import SHIPPING_MOVES, STATUS_MOVES, SaleStatus, SaleStatusField, ShippingStatus

NOON = datetime(2026, 3, 2, 15, tzinfo=UTC)
ORDER = SaleFacts(external_id="ord1", total_price=Decimal("1.00"))
BOTH_AXES = [
    pytest.param(SaleStatusField.STATUS, SaleStatus.values, STATUS_MOVES, id="status"),
    pytest.param(SaleStatusField.SHIPPING, ShippingStatus.values, SHIPPING_MOVES, id="shipping"),
]

Told = tuple[int, str]


def end_of(axis: SaleStatusField, told: Iterable[Told]) -> str:
    """Where a sale stands once it was told of these states, each at its hour."""
    ledger = SaleBatch(uuid.uuid4(), "loja", ())
    for hour, state in told:
        seen = ChangeSource(
            observed_at=NOON + timedelta(hours=hour), origin=Origin.EVENT, origin_id=uuid.uuid4()
        )
        told_of: dict[str, Any] = {axis.value: state}
        facts = replace(ORDER, **told_of)
        sale = ledger.get("ord1")
        if sale:
            ledger.update(sale, facts, seen)
        else:
            sale = ledger.open(facts, None, None, seen).sale
    return str(getattr(sale, axis.value))


def ends_of(axis: SaleStatusField, states: Sequence[str]) -> set[str]:
    """Where a sale may end that was in these states one after the other, told in any order."""
    return {end_of(axis, told) for told in permutations(enumerate(states))}


@pytest.mark.parametrize(("axis", "states", "moves"), BOTH_AXES)
def test_three_states_end_alike_in_any_order_where_none_has_a_way_back(
    axis: SaleStatusField, states: list[str], moves: dict[str, frozenset[str]]
) -> None:
    one_way = [
        told
        for told in product(states, repeat=3)
        if not any(b in moves[a] and a in moves[b] for a, b in combinations(told, 2))
    ]

    ends = {told: ends_of(axis, told) for told in one_way}

    assert ends == {told: {end_of(axis, enumerate(told))} for told in one_way}


def test_three_states_with_a_way_back_end_as_seldom_otherwise_as_is_known() -> None:
    """Kept is where a sale stands and when it was last moved, not all that it was told: of those
    that were both paid and cancelled, a third state that moved nothing is forgotten.
    """
    otherwise = {
        told
        for told in product(SaleStatus.values, repeat=3)
        if ends_of(SaleStatusField.STATUS, told)
        != {end_of(SaleStatusField.STATUS, enumerate(told))}
    }

    paid, cancelled = "PAID", "CANCELLED"
    assert otherwise == {
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
