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
from integrations.sync.breaker import EXPIRY_SECONDS, BreakerState, CircuitBreaker

NAME = "tests"
OPEN_SECONDS = 60
SHORT = 0.02


@pytest.fixture
def redis() -> Iterator[Redis]:
    client = Redis.from_url(os.environ["REDIS_URL"])
    client.delete(f"flowzz:breaker:{NAME}")
    yield client
    client.delete(f"flowzz:breaker:{NAME}")
    client.close()


def make_breaker(
    redis: Redis, *, open_seconds: float = OPEN_SECONDS, probe_seconds: float = 180
) -> CircuitBreaker:
    return CircuitBreaker(redis, NAME, open_seconds=open_seconds, probe_seconds=probe_seconds)


@pytest.fixture
def breaker(redis: Redis) -> CircuitBreaker:
    return make_breaker(redis)


@pytest.fixture
def other_process(redis: Redis) -> CircuitBreaker:
    """The same circuit in another process."""
    return make_breaker(redis)


def fail(breaker: CircuitBreaker, times: int) -> None:
    for _ in range(times):
        breaker.before_call()
        breaker.failed()


def is_allowed(breaker: CircuitBreaker) -> bool:
    try:
        breaker.before_call()
    except CircuitOpen:
        return False
    return True


def make_half_open(redis: Redis) -> None:
    """Open the circuit and wait until a probe is allowed."""
    fail(make_breaker(redis, open_seconds=SHORT), 5)
    time.sleep(2 * SHORT)


def test_new_circuit_is_closed(breaker: CircuitBreaker) -> None:
    breaker.before_call()

    assert breaker.state() == BreakerState("closed")


def test_five_consecutive_failures_open_the_circuit_for_all_processes(
    breaker: CircuitBreaker, other_process: CircuitBreaker
) -> None:
    fail(breaker, 3)
    fail(other_process, 1)
    assert other_process.state() == BreakerState("closed", failures=4)

    fail(breaker, 1)

    assert not is_allowed(breaker)
    assert not is_allowed(other_process)


def test_success_resets_the_count_of_failures(breaker: CircuitBreaker) -> None:
    fail(breaker, 4)
    breaker.succeeded()
    fail(breaker, 4)

    assert breaker.state() == BreakerState("closed", failures=4)


def test_open_circuit_reports_the_seconds_to_wait(breaker: CircuitBreaker) -> None:
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


def test_state_has_the_time_of_the_opening(breaker: CircuitBreaker) -> None:
    fail(breaker, 5)

    state = breaker.state()

    assert (state.state, state.failures) == ("open", 5)
    assert state.opened_at is not None
    assert abs(datetime.now(UTC) - state.opened_at) < timedelta(seconds=5)
    assert 0 < state.retry_after <= OPEN_SECONDS


def test_half_open_circuit_allows_one_probe(
    redis: Redis, breaker: CircuitBreaker, other_process: CircuitBreaker
) -> None:
    make_half_open(redis)
    assert breaker.state().state == "half_open"

    assert is_allowed(other_process)

    assert not is_allowed(breaker)
    assert not is_allowed(other_process)
    assert breaker.state().state == "half_open"


def test_one_of_many_concurrent_calls_is_the_probe(redis: Redis) -> None:
    processes = [make_breaker(redis) for _ in range(16)]
    make_half_open(redis)

    with ThreadPoolExecutor(len(processes)) as pool:
        allowed = list(pool.map(is_allowed, processes))

    assert sorted(allowed) == [False] * 15 + [True]


def test_successful_probe_closes_the_circuit(
    redis: Redis, breaker: CircuitBreaker, other_process: CircuitBreaker
) -> None:
    make_half_open(redis)
    breaker.before_call()

    breaker.succeeded()

    assert other_process.state() == BreakerState("closed")
    assert is_allowed(other_process)


def test_ignored_result_leaves_the_count_of_failures_as_it_is(breaker: CircuitBreaker) -> None:
    fail(breaker, 4)

    breaker.before_call()
    breaker.ignored()

    assert breaker.state().failures == 4
    fail(breaker, 1)
    assert breaker.state().state == "open"
    breaker.ignored()
    assert breaker.state().state == "open"


def test_ignored_probe_leaves_its_turn_to_the_next_call(
    redis: Redis, breaker: CircuitBreaker, other_process: CircuitBreaker
) -> None:
    make_half_open(redis)
    breaker.before_call()
    assert not is_allowed(other_process)

    breaker.ignored()

    assert breaker.state().state == "half_open"
    assert is_allowed(other_process)
    assert not is_allowed(breaker)


def test_failed_probe_keeps_the_time_of_the_opening(redis: Redis, breaker: CircuitBreaker) -> None:
    make_half_open(redis)
    opened_at = breaker.state().opened_at

    fail(breaker, 1)

    state = breaker.state()
    assert (state.state, state.failures, state.opened_at) == ("open", 6, opened_at)
    assert not is_allowed(breaker)


def test_failed_probe_is_followed_by_another(redis: Redis, breaker: CircuitBreaker) -> None:
    make_half_open(redis)
    fail(make_breaker(redis, open_seconds=SHORT), 1)

    time.sleep(2 * SHORT)

    assert is_allowed(breaker)
    assert not is_allowed(breaker)


def test_probe_of_a_dead_process_is_followed_by_another(
    redis: Redis, breaker: CircuitBreaker
) -> None:
    make_half_open(redis)
    make_breaker(redis, probe_seconds=SHORT).before_call()

    time.sleep(2 * SHORT)

    assert is_allowed(breaker)
    assert not is_allowed(breaker)


def test_wait_during_a_probe_is_at_most_the_open_time(
    redis: Redis, breaker: CircuitBreaker
) -> None:
    make_half_open(redis)
    breaker.before_call()

    assert breaker.state().retry_after == OPEN_SECONDS


@pytest.mark.parametrize("succeeds", [True, False])
def test_call_that_started_before_the_opening_is_ignored(
    breaker: CircuitBreaker, other_process: CircuitBreaker, succeeds: bool
) -> None:
    other_process.before_call()
    fail(breaker, 5)
    before = breaker.state()
    time.sleep(SHORT)

    other_process.succeeded() if succeeds else other_process.failed()

    after = breaker.state()
    assert after.state == "open"
    assert after.opened_at == before.opened_at
    assert after.retry_after < before.retry_after


def test_circuits_are_independent_by_name(redis: Redis, breaker: CircuitBreaker) -> None:
    fail(breaker, 5)

    assert CircuitBreaker(redis, "another").state() == BreakerState("closed")


def test_redis_key_contains_the_name(redis: Redis, breaker: CircuitBreaker) -> None:
    fail(breaker, 5)

    assert redis.keys(f"flowzz:breaker:{NAME}*") == [f"flowzz:breaker:{NAME}".encode()]


def test_closed_circuit_has_no_key_in_redis(redis: Redis, breaker: CircuitBreaker) -> None:
    fail(breaker, 4)
    breaker.succeeded()

    assert redis.keys(f"flowzz:breaker:{NAME}*") == []


def test_works_with_a_client_that_decodes_responses() -> None:
    client = Redis.from_url(os.environ["REDIS_URL"], decode_responses=True)
    breaker = CircuitBreaker(client, NAME, open_seconds=OPEN_SECONDS)

    fail(breaker, 5)
    state = breaker.state().state
    client.delete(f"flowzz:breaker:{NAME}")
    client.close()

    assert state == "open"


def test_calls_are_allowed_and_one_line_is_logged_without_redis(
    caplog: pytest.LogCaptureFixture,
) -> None:
    unreachable = Redis(port=1, retry=Retry(NoBackoff(), 0))
    breaker = CircuitBreaker(unreachable, NAME)

    fail(breaker, 10)
    breaker.succeeded()

    assert is_allowed(breaker)
    assert breaker.state() == BreakerState("closed")
    assert len(caplog.records) == 1


def test_each_outage_of_redis_is_logged_once(
    redis: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    breaker = make_breaker(redis)
    key = f"flowzz:breaker:{NAME}"

    for _ in range(2):
        redis.set(key, "not a hash: every command fails")
        breaker.before_call()
        breaker.before_call()
        redis.delete(key)
        breaker.before_call()

    assert len(caplog.records) == 2


def test_error_can_be_pickled(breaker: CircuitBreaker) -> None:
    fail(breaker, 5)
    with pytest.raises(CircuitOpen) as raised:
        breaker.before_call()

    copy = pickle.loads(pickle.dumps(raised.value))

    assert (copy.message, copy.retry_after) == (raised.value.message, raised.value.retry_after)


def test_circuit_that_nobody_calls_is_forgotten(redis: Redis, breaker: CircuitBreaker) -> None:
    fail(breaker, 5)
    left = redis.pttl(f"flowzz:breaker:{NAME}")
    assert 0 < left <= EXPIRY_SECONDS * 1000
    redis.pexpire(f"flowzz:breaker:{NAME}", 1)
    time.sleep(SHORT)

    assert breaker.state() == BreakerState("closed")
    assert is_allowed(breaker)


def test_circuit_is_not_forgotten_while_probes_fail(redis: Redis) -> None:
    breaker = make_breaker(redis, open_seconds=SHORT)
    fail(breaker, 5)
    redis.persist(f"flowzz:breaker:{NAME}")
    time.sleep(2 * SHORT)
    breaker.before_call()
    assert redis.pttl(f"flowzz:breaker:{NAME}") > 0
    redis.persist(f"flowzz:breaker:{NAME}")
    breaker.failed()
    assert redis.pttl(f"flowzz:breaker:{NAME}") > 0
