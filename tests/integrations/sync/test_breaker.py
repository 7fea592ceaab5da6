import math
import os
import pickle
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from integrations.providers.errors import CircuitOpen
from integrations.sync.breaker import BreakerState, CircuitBreaker

NAME = "of-these-tests"
OPEN_SECONDS = 60
MOMENT = 0.02


@pytest.fixture
def redis() -> Iterator[Redis]:
    client = Redis.from_url(os.environ["REDIS_URL"])
    client.delete(f"flowzz:breaker:{NAME}")
    yield client
    client.delete(f"flowzz:breaker:{NAME}")
    client.close()


def breaker_of_a_process(
    redis: Redis, *, open_seconds: float = OPEN_SECONDS, probe_seconds: float = 180
) -> CircuitBreaker:
    return CircuitBreaker(redis, NAME, open_seconds=open_seconds, probe_seconds=probe_seconds)


@pytest.fixture
def breaker(redis: Redis) -> CircuitBreaker:
    return breaker_of_a_process(redis)


@pytest.fixture
def elsewhere(redis: Redis) -> CircuitBreaker:
    """The same circuit, seen by another process."""
    return breaker_of_a_process(redis)


def fail(breaker: CircuitBreaker, times: int) -> None:
    for _ in range(times):
        breaker.before_call()
        breaker.failed()


def is_let_through(breaker: CircuitBreaker) -> bool:
    try:
        breaker.before_call()
    except CircuitOpen:
        return False
    return True


def open_for_a_moment(redis: Redis) -> None:
    """Leave the circuit half open: it was open, and the time for a probe has come."""
    fail(breaker_of_a_process(redis, open_seconds=MOMENT), 5)
    time.sleep(2 * MOMENT)


def test_a_new_circuit_is_closed(breaker: CircuitBreaker) -> None:
    breaker.before_call()

    assert breaker.state() == BreakerState("closed")


def test_five_failures_in_a_row_open_it_for_everybody(
    breaker: CircuitBreaker, elsewhere: CircuitBreaker
) -> None:
    fail(breaker, 3)
    fail(elsewhere, 1)
    assert elsewhere.state() == BreakerState("closed", failures=4)

    fail(breaker, 1)

    assert not is_let_through(breaker)
    assert not is_let_through(elsewhere)


def test_a_success_in_between_starts_the_count_again(breaker: CircuitBreaker) -> None:
    fail(breaker, 4)
    breaker.succeeded()
    fail(breaker, 4)

    assert breaker.state() == BreakerState("closed", failures=4)


def test_an_open_circuit_says_how_long_to_wait(breaker: CircuitBreaker) -> None:
    fail(breaker, 5)

    with pytest.raises(CircuitOpen) as raised:
        breaker.before_call()

    assert raised.value.retry_after is not None
    assert 0 < raised.value.retry_after <= OPEN_SECONDS
    assert raised.value.message == (
        "A plataforma de vendas não está respondendo. "
        f"Nova tentativa em {math.ceil(raised.value.retry_after)} s."
    )
    assert not raised.value.permanent


def test_the_state_says_since_when_it_is_open(breaker: CircuitBreaker) -> None:
    fail(breaker, 5)

    state = breaker.state()

    assert (state.state, state.failures) == ("open", 5)
    assert state.opened_at is not None
    assert abs(datetime.now(UTC) - state.opened_at) < timedelta(seconds=5)
    assert 0 < state.retry_after <= OPEN_SECONDS


def test_after_a_while_one_process_may_probe(
    redis: Redis, breaker: CircuitBreaker, elsewhere: CircuitBreaker
) -> None:
    open_for_a_moment(redis)
    assert breaker.state().state == "half_open"

    assert is_let_through(elsewhere)

    assert not is_let_through(breaker)
    assert not is_let_through(elsewhere)
    assert breaker.state().state == "half_open"


def test_of_many_at_once_a_single_one_probes(redis: Redis) -> None:
    processes = [breaker_of_a_process(redis) for _ in range(16)]
    open_for_a_moment(redis)

    with ThreadPoolExecutor(len(processes)) as pool:
        let_through = list(pool.map(is_let_through, processes))

    assert sorted(let_through) == [False] * 15 + [True]


def test_a_probe_that_succeeds_closes_it(
    redis: Redis, breaker: CircuitBreaker, elsewhere: CircuitBreaker
) -> None:
    open_for_a_moment(redis)
    breaker.before_call()

    breaker.succeeded()

    assert elsewhere.state() == BreakerState("closed")
    assert is_let_through(elsewhere)


def test_a_probe_that_fails_keeps_it_open_since_the_same_moment(
    redis: Redis, breaker: CircuitBreaker
) -> None:
    open_for_a_moment(redis)
    opened_at = breaker.state().opened_at

    fail(breaker, 1)

    state = breaker.state()
    assert (state.state, state.failures, state.opened_at) == ("open", 6, opened_at)
    assert not is_let_through(breaker)


def test_after_a_probe_that_failed_comes_another(redis: Redis, breaker: CircuitBreaker) -> None:
    open_for_a_moment(redis)
    fail(breaker_of_a_process(redis, open_seconds=MOMENT), 1)

    time.sleep(2 * MOMENT)

    assert is_let_through(breaker)
    assert not is_let_through(breaker)


def test_a_probe_whose_process_died_is_followed_by_another(
    redis: Redis, breaker: CircuitBreaker
) -> None:
    open_for_a_moment(redis)
    breaker_of_a_process(redis, probe_seconds=MOMENT).before_call()

    time.sleep(2 * MOMENT)

    assert is_let_through(breaker)
    assert not is_let_through(breaker)


def test_while_a_probe_is_under_way_the_wait_is_no_longer_than_an_open_circuit(
    redis: Redis, breaker: CircuitBreaker
) -> None:
    open_for_a_moment(redis)
    breaker.before_call()

    assert breaker.state().retry_after == OPEN_SECONDS


@pytest.mark.parametrize("succeeds", [True, False])
def test_a_call_begun_before_the_opening_changes_nothing(
    breaker: CircuitBreaker, elsewhere: CircuitBreaker, succeeds: bool
) -> None:
    elsewhere.before_call()
    fail(breaker, 5)
    before = breaker.state()
    time.sleep(MOMENT)

    elsewhere.succeeded() if succeeds else elsewhere.failed()

    after = breaker.state()
    assert after.state == "open"
    assert after.opened_at == before.opened_at
    assert after.retry_after < before.retry_after


def test_circuits_of_two_names_do_not_meet(redis: Redis, breaker: CircuitBreaker) -> None:
    fail(breaker, 5)

    assert CircuitBreaker(redis, "another").state() == BreakerState("closed")


def test_its_only_key_holds_the_name(redis: Redis, breaker: CircuitBreaker) -> None:
    fail(breaker, 5)

    assert redis.keys(f"flowzz:breaker:{NAME}*") == [f"flowzz:breaker:{NAME}".encode()]


def test_a_closed_circuit_leaves_nothing_in_redis(redis: Redis, breaker: CircuitBreaker) -> None:
    fail(breaker, 4)
    breaker.succeeded()

    assert redis.keys(f"flowzz:breaker:{NAME}*") == []


def test_texts_for_answers_make_no_difference() -> None:
    client = Redis.from_url(os.environ["REDIS_URL"], decode_responses=True)
    breaker = CircuitBreaker(client, NAME, open_seconds=OPEN_SECONDS)

    fail(breaker, 5)
    state = breaker.state().state
    client.delete(f"flowzz:breaker:{NAME}")
    client.close()

    assert state == "open"


def test_without_redis_calls_go_through_and_one_line_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    nowhere = Redis(port=1, retry=Retry(NoBackoff(), 0))
    breaker = CircuitBreaker(nowhere, NAME)

    fail(breaker, 10)
    breaker.succeeded()

    assert is_let_through(breaker)
    assert breaker.state() == BreakerState("closed")
    assert len(caplog.records) == 1


def test_a_lost_redis_is_logged_again_after_it_came_back(
    redis: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    breaker = breaker_of_a_process(redis)
    key = f"flowzz:breaker:{NAME}"

    for _ in range(2):
        redis.set(key, "no hash: stands for a Redis that answers every command with an error")
        breaker.before_call()
        breaker.before_call()
        redis.delete(key)
        breaker.before_call()

    assert len(caplog.records) == 2


def test_the_error_survives_the_way_back_from_a_worker(breaker: CircuitBreaker) -> None:
    fail(breaker, 5)
    with pytest.raises(CircuitOpen) as raised:
        breaker.before_call()

    copy = pickle.loads(pickle.dumps(raised.value))

    assert (copy.message, copy.retry_after) == (raised.value.message, raised.value.retry_after)
