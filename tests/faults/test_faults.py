"""Real processes and servers, killed and stopped under load, and an auditor who counts."""

from random import Random

import pytest

from tests.faults import scenarios
from tests.faults.stack import Stack

pytestmark = pytest.mark.faults


def test_kills_lose_nothing_and_double_nothing(stack: Stack, dice: Random) -> None:
    report = scenarios.kills(stack, tellings=5_000, times=20, dice=dice)

    assert report.problems == []
    assert report.faults >= 20
    assert report.acknowledged >= 5_000


@pytest.mark.parametrize("keep_data", [True, False], ids=["data_kept", "data_lost"])
def test_intake_goes_on_without_redis_and_processing_catches_up(
    stack: Stack, dice: Random, keep_data: bool
) -> None:
    report = scenarios.without_redis(
        stack, tellings=1_500, seconds=4, keep_data=keep_data, dice=dice
    )

    assert report.problems == []
    assert report.recovery_seconds < 60


def test_redis_keeps_what_comes_while_the_database_is_stopped(stack: Stack, dice: Random) -> None:
    report = scenarios.without_database(stack, tellings=3_000, seconds=20, dice=dice)

    assert report.problems == []


def test_with_both_gone_senders_are_told_when_to_come_back(stack: Stack, dice: Random) -> None:
    report = scenarios.without_both(stack, tellings=1_000, seconds=4, dice=dice)

    assert report.problems == []


def test_every_body_is_kept_and_judged(stack: Stack, dice: Random) -> None:
    report = scenarios.anything_at_all(stack, tellings=20_000, dice=dice)

    assert report.problems == []
    assert report.acknowledged == 20_000


def test_slow_clients_hold_nobody_up(stack: Stack, dice: Random) -> None:
    report = scenarios.beside_slow_clients(stack, tellings=500, slow=100, dice=dice)

    assert report.problems == []


def test_orders_told_by_many_at_once_are_applied_in_turn(stack: Stack, dice: Random) -> None:
    report = scenarios.crowded(stack, sellers=50, orders=100, tellers=8, clients=16, dice=dice)

    assert report.problems == []
    assert report.acknowledged == 100 * 8 * 3
