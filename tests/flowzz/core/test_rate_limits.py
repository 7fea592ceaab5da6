"""What a process lets pass without asking Redis first."""

from time import monotonic
from unittest.mock import patch

from flowzz.core import rate_limits, redis
from flowzz.core.rate_limits import CREDIT_SECONDS, Allowance, Credit


def test_key_has_a_twentieth_of_what_is_left() -> None:
    credit = Credit()
    credit.grant({"first": Allowance(1, 0.0, remaining=59), "second": Allowance(1, 0.0)})

    assert [credit.spend("first", 1) for _ in range(3)] == [True, True, False]
    assert not credit.spend("second", 1)
    assert not credit.spend("third", 1)


def test_more_than_the_credit_spends_none_of_it() -> None:
    credit = Credit()
    credit.grant({"key": Allowance(1, 0.0, remaining=40)})

    assert not credit.spend("key", 3)
    assert credit.spend("key", 2)


def test_credit_ends_after_a_second() -> None:
    credit = Credit()
    credit.grant({"key": Allowance(1, 0.0, remaining=1_000)})
    assert credit.spend("key", 1)

    with patch.object(rate_limits, "monotonic", lambda: monotonic() + CREDIT_SECONDS):
        assert not credit.spend("key", 1)


def test_limits_in_redis_import_no_second_client() -> None:
    assert rate_limits._storage(redis.client()).dependencies.keys() == {"redis"}
