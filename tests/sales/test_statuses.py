from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales.statuses import (
    SHIPPING_MOVES,
    STATUS_MOVES,
    Move,
    SaleStatus,
    ShippingStatus,
    decide,
)

Moves = dict[str, frozenset[str]]

BOTH_AXES = [
    pytest.param(STATUS_MOVES, SaleStatus.values, id="status"),
    pytest.param(SHIPPING_MOVES, ShippingStatus.values, id="shipping"),
]


def apply(moves: Moves, current: str, observed: str, *, late: bool = False) -> str:
    forward = decide(moves, current, observed, late=late) == Move.FORWARD
    return observed if forward else current


@pytest.mark.parametrize(
    ("current", "onward"),
    [
        ("PENDING", {"PAID", "SHIPPED", "DELIVERED", "CANCELLED", "REFUNDED"}),
        ("PAID", {"SHIPPED", "DELIVERED", "CANCELLED", "REFUNDED"}),
        ("SHIPPED", {"DELIVERED", "CANCELLED", "REFUNDED"}),
        ("DELIVERED", {"CANCELLED", "REFUNDED"}),
        ("CANCELLED", {"PAID", "REFUNDED"}),
        ("REFUNDED", set()),
    ],
)
def test_a_sale_moves_as_the_table_says(current: str, onward: set[str]) -> None:
    moves = {status: decide(STATUS_MOVES, current, status) for status in SaleStatus.values}

    backward = set(SaleStatus.values) - onward - {current}
    assert moves == (
        {current: Move.NONE}
        | dict.fromkeys(onward, Move.FORWARD)
        | dict.fromkeys(backward, Move.BACKWARD)
    )


@pytest.mark.parametrize(
    ("current", "onward"),
    [
        ("PENDING", {"SHIPPED", "DELIVERED", "FAILED", "RETURNED", "CANCELLED"}),
        ("SHIPPED", {"DELIVERED", "FAILED", "RETURNED", "CANCELLED"}),
        ("FAILED", {"SHIPPED", "DELIVERED", "RETURNED", "CANCELLED"}),
        ("CANCELLED", {"SHIPPED", "DELIVERED", "RETURNED"}),
        ("DELIVERED", {"RETURNED"}),
        ("RETURNED", set()),
    ],
)
def test_a_parcel_moves_as_the_table_says(current: str, onward: set[str]) -> None:
    assert SHIPPING_MOVES[current] == onward


@pytest.mark.parametrize(("moves", "states"), BOTH_AXES)
def test_the_table_knows_every_state_and_no_other(moves: Moves, states: list[str]) -> None:
    assert set(moves) == set(states)
    assert frozenset().union(*moves.values()) <= set(states)


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize(("moves", "states"), BOTH_AXES)
def test_the_same_state_again_is_no_move(moves: Moves, states: list[str], late: bool) -> None:
    assert {decide(moves, state, state, late=late) for state in states} == {Move.NONE}


@given(st.lists(st.tuples(st.sampled_from(SaleStatus.values), st.booleans())))
def test_nothing_moves_a_refunded_sale(observations: list[tuple[str, bool]]) -> None:
    status: str = SaleStatus.REFUNDED
    for observed, late in observations:
        status = apply(STATUS_MOVES, status, observed, late=late)

    assert status == SaleStatus.REFUNDED


@given(st.lists(st.sampled_from(SaleStatus.values)))
def test_a_sale_never_becomes_pending_again(observations: list[str]) -> None:
    status = "PAID"
    for observed in observations:
        status = apply(STATUS_MOVES, status, observed)

    assert status != SaleStatus.PENDING


@pytest.mark.parametrize(("moves", "states"), BOTH_AXES)
def test_a_late_observation_ends_where_the_right_order_would_have(
    moves: Moves, states: list[str]
) -> None:
    pairs = list(product(states, repeat=2))

    in_order = {(older, newer): apply(moves, older, newer) for older, newer in pairs}
    swapped = {(older, newer): apply(moves, newer, older, late=True) for older, newer in pairs}

    assert swapped == in_order


@pytest.mark.parametrize(("moves", "states"), BOTH_AXES)
def test_a_late_observation_moves_nothing_that_a_timely_one_would_not(
    moves: Moves, states: list[str]
) -> None:
    for current, observed in product(states, repeat=2):
        if decide(moves, current, observed, late=True) == Move.FORWARD:
            assert decide(moves, current, observed) == Move.FORWARD


def test_a_late_cancellation_does_not_undo_a_payment_that_came_after_it() -> None:
    assert decide(STATUS_MOVES, "PAID", "CANCELLED", late=True) == Move.BACKWARD
    assert decide(STATUS_MOVES, "PAID", "CANCELLED") == Move.FORWARD
