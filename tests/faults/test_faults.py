"""Real processes and servers that are killed and stopped under load. An audit checks the data."""

from random import Random

import pytest

from tests.faults import scenarios
from tests.faults.stack import Stack

pytestmark = pytest.mark.faults


def test_killed_processes_neither_lose_nor_duplicate_events(stack: Stack, random: Random) -> None:
    report = scenarios.kills(stack, times=16, random=random)

    assert report.problems == []
    assert report.faults >= 16
    assert report.acknowledged >= 500


# A frozen server can swap two events of an order (docs/faults.md): in `make bench-faults` alone.
@pytest.mark.parametrize("name", [name for name in scenarios.FAULTS if name != "PostgreSQL frozen"])
def test_killed_processes_lose_nothing_while_servers_fail(
    stack: Stack, random: Random, name: str
) -> None:
    report = scenarios.kills_during(name, stack, times=6, random=random)

    assert report.problems == []
    assert report.faults == 6
    assert report.acknowledged >= 200


@pytest.mark.parametrize("keep_data", [True, False], ids=["data_kept", "data_lost"])
def test_webhooks_are_accepted_without_redis_and_processed_later(
    stack: Stack, random: Random, keep_data: bool
) -> None:
    report = scenarios.without_redis(
        stack, webhooks=1_500, seconds=4, keep_data=keep_data, random=random
    )

    assert report.problems == []
    assert report.recovery_seconds < 60


def test_webhooks_are_buffered_while_the_database_is_stopped(stack: Stack, random: Random) -> None:
    report = scenarios.without_database(stack, webhooks=3_000, seconds=20, random=random)

    assert report.problems == []


def test_webhooks_are_refused_with_retry_after_without_both(stack: Stack, random: Random) -> None:
    report = scenarios.without_both(stack, webhooks=1_000, seconds=4, random=random)

    assert report.problems == []


def test_every_body_is_stored_and_processed(stack: Stack, random: Random) -> None:
    report = scenarios.generated_bodies(stack, webhooks=8_000, random=random)

    assert report.problems == []
    assert report.acknowledged == 8_000


def test_slow_clients_do_not_delay_others(stack: Stack, random: Random) -> None:
    report = scenarios.slow_clients(stack, webhooks=500, slow=100, random=random)

    assert report.problems == []


def test_orders_of_concurrent_senders_are_applied_one_after_the_other(
    stack: Stack, random: Random
) -> None:
    report = scenarios.concurrent_senders(
        stack, sellers=50, orders=100, senders=8, clients=16, random=random
    )

    assert report.problems == []
    assert report.acknowledged == 100 * 8 * 3
