"""The transition tables of a sale's statuses."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales.statuses import (
    OPEN_REFUND,
    SHIPPING_TRANSITIONS,
    STATUS_TRANSITIONS,
    SaleStatus,
    ShippingStatus,
    Transition,
    TransitionTable,
    classify_transition,
)

STATES = [*SaleStatus.values, OPEN_REFUND]
BOTH_TABLES = [
    pytest.param(STATUS_TRANSITIONS, STATES, id="status"),
    pytest.param(SHIPPING_TRANSITIONS, ShippingStatus.values, id="shipping"),
]


def status_after(
    table: TransitionTable, current: str, reported: str, *, is_late: bool = False
) -> str:
    transition = classify_transition(table, current, reported, is_late=is_late)
    return reported if transition is Transition.FORWARD else current


@pytest.mark.parametrize(
    ("current", "allowed"),
    [
        ("PENDING", {"PAID", "SHIPPED", "DELIVERED", "CANCELLED", "REFUNDED", OPEN_REFUND}),
        ("PAID", {"SHIPPED", "DELIVERED", "CANCELLED", "REFUNDED", OPEN_REFUND}),
        ("SHIPPED", {"DELIVERED", "CANCELLED", "REFUNDED", OPEN_REFUND}),
        ("DELIVERED", {"CANCELLED", "REFUNDED", OPEN_REFUND}),
        ("CANCELLED", {"PAID", "SHIPPED", "DELIVERED", "REFUNDED", OPEN_REFUND}),
        (OPEN_REFUND, {"PAID", "SHIPPED", "DELIVERED", "REFUNDED"}),
        ("REFUNDED", {OPEN_REFUND}),
    ],
)
def test_status_transitions(current: str, allowed: set[str]) -> None:
    transitions = {
        reported: classify_transition(STATUS_TRANSITIONS, current, reported) for reported in STATES
    }

    refused = set(STATES) - allowed - {current}
    assert transitions == (
        {current: Transition.NONE}
        | dict.fromkeys(allowed, Transition.FORWARD)
        | dict.fromkeys(refused, Transition.BACKWARD)
    )


@pytest.mark.parametrize(
    ("current", "allowed"),
    [
        ("PENDING", {"SHIPPED", "DELIVERED", "FAILED", "RETURNED", "CANCELLED"}),
        ("SHIPPED", {"DELIVERED", "FAILED", "RETURNED", "CANCELLED"}),
        ("FAILED", {"PENDING", "SHIPPED", "DELIVERED", "RETURNED", "CANCELLED"}),
        ("CANCELLED", {"SHIPPED", "DELIVERED", "RETURNED"}),
        ("DELIVERED", {"RETURNED"}),
        ("RETURNED", set()),
    ],
)
def test_shipping_transitions(current: str, allowed: set[str]) -> None:
    assert SHIPPING_TRANSITIONS[current] == allowed


@pytest.mark.parametrize(("table", "statuses"), BOTH_TABLES)
def test_table_has_every_status_and_no_other(table: TransitionTable, statuses: list[str]) -> None:
    assert set(table) == set(statuses)
    assert {status for allowed in table.values() for status in allowed} <= set(statuses)


@pytest.mark.parametrize("is_late", [False, True])
@pytest.mark.parametrize(("table", "statuses"), BOTH_TABLES)
def test_same_status_is_no_transition(
    table: TransitionTable, statuses: list[str], is_late: bool
) -> None:
    transitions = {
        classify_transition(table, status, status, is_late=is_late) for status in statuses
    }
    assert transitions == {Transition.NONE}


@given(st.lists(st.tuples(st.sampled_from(SaleStatus.values), st.booleans())))
def test_refunded_sale_stays_refunded(reports: list[tuple[str, bool]]) -> None:
    status: str = SaleStatus.REFUNDED
    for reported, is_late in reports:
        status = status_after(STATUS_TRANSITIONS, status, reported, is_late=is_late)

    assert status == SaleStatus.REFUNDED


@given(st.lists(st.sampled_from(SaleStatus.values)))
def test_sale_never_returns_to_pending(reports: list[str]) -> None:
    status = "PAID"
    for reported in reports:
        status = status_after(STATUS_TRANSITIONS, status, reported)

    assert status != SaleStatus.PENDING


@pytest.mark.parametrize(("table", "statuses"), BOTH_TABLES)
def test_late_report_ends_as_in_the_right_order(
    table: TransitionTable, statuses: list[str]
) -> None:
    pairs = list(product(statuses, repeat=2))

    in_order = {(older, newer): status_after(table, older, newer) for older, newer in pairs}
    swapped = {
        (older, newer): status_after(table, newer, older, is_late=True) for older, newer in pairs
    }

    assert swapped == in_order


@pytest.mark.parametrize(("table", "statuses"), BOTH_TABLES)
def test_late_report_makes_no_transition_that_a_timely_one_would_not(
    table: TransitionTable, statuses: list[str]
) -> None:
    for current, reported in product(statuses, repeat=2):
        if classify_transition(table, current, reported, is_late=True) == Transition.FORWARD:
            assert classify_transition(table, current, reported) == Transition.FORWARD


def test_late_cancellation_does_not_undo_a_later_payment() -> None:
    timely = classify_transition(STATUS_TRANSITIONS, "PAID", "CANCELLED")
    late = classify_transition(STATUS_TRANSITIONS, "PAID", "CANCELLED", is_late=True)
    assert (timely, late) == (Transition.FORWARD, Transition.BACKWARD)
