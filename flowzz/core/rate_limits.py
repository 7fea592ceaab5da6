"""Rate limits, counted over a sliding window in Redis.

While Redis is away each process counts for itself, and asks Redis again every few seconds.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache, partial
from math import floor
from operator import methodcaller
from time import monotonic
from typing import TypeAlias, TypeVar

import structlog
from django.conf import settings
from limits import RateLimitItem, parse_many
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from redis import Redis, RedisError

from flowzz.core import redis
from flowzz.core.redis_metrics import Counter, Fields, record

REFUSED = Counter("flowzz_rate_limited", "Requests over a limit.", "limit")

AWAY_SECONDS = 5.0
"""How long a process does not ask Redis after it has failed."""
CREDIT_SHARE = 20
"""A key has credit for one part of so many of what it has left."""
CREDIT_SECONDS = 1.0
MAX_CREDITS = 10_000
"""Keys with credit. Beyond them all credit is forgotten, to bound the memory."""

Counters: TypeAlias = RedisStorage | MemoryStorage
T = TypeVar("T")

log = structlog.stdlib.get_logger(__name__)

# Counts the wanted number of requests of each key, or as many as the limit allows. Returns for each
# key how many were counted, the seconds until the next one is allowed, and how many are left.
# The window slides: the requests of the fixed window before count by the share of it that is still
# within the last `window` seconds; those of the present one count in full.
_TAKE = """
local limit, window, time = tonumber(ARGV[1]), tonumber(ARGV[2]), redis.call('TIME')
local now = (tonumber(time[1]) + tonumber(time[2]) / 1e6) / window
local elapsed, result = now - math.floor(now), {}
for number, key in ipairs(KEYS) do
    local current_key = key .. ':' .. math.floor(now)
    local previous = tonumber(redis.call('GET', key .. ':' .. math.floor(now) - 1) or 0)
    local current = tonumber(redis.call('GET', current_key) or 0)
    local counted = math.floor(previous * (1 - elapsed)) + current
    local taken = math.max(0, math.min(tonumber(ARGV[number + 2]), limit - counted))
    if taken > 0 then
        redis.call('INCRBY', current_key, taken)
        redis.call('EXPIREAT', current_key, (math.floor(now) + 2) * window)
    end
    result[#result + 1] = taken
    local next = math.min(window / math.max(previous, 1), window * (1 - elapsed))
    result[#result + 1] = math.ceil(next)
    result[#result + 1] = math.max(0, limit - counted - taken)
end
return result
"""


@dataclass(frozen=True, slots=True)
class LimitStatus:
    """What a key has left of a limit. `window` and `reset_after` are in seconds.

    After `reset_after` a part of the limit is available again, not all: the window slides.
    """

    limit: int
    window: int
    remaining: int
    reset_after: float

    def after_one(self) -> "LimitStatus":
        """Return the status once another request is counted."""
        return replace(self, remaining=max(0, self.remaining - 1))


@dataclass(frozen=True, slots=True)
class Allowance:
    """How many requests of a key are allowed, the seconds until one more is, and what is left."""

    count: int
    retry_after: float
    remaining: int = 0


class Credit:
    """Requests that a process lets pass at once, and counts in Redis afterwards.

    A key gets a twentieth of what it has left, for a second: twenty processes together pass no
    limit, and near a limit each request is counted first.
    """

    def __init__(self) -> None:
        self._left: dict[str, tuple[int, float]] = {}

    def spend(self, key: str, count: int) -> bool:
        """Return whether so many requests may pass."""
        left, until = self._left.get(key, (0, 0.0))
        if count > left or monotonic() > until:
            return False
        self._left[key] = left - count, until
        return True

    def grant(self, allowances: Mapping[str, Allowance]) -> None:
        if len(self._left) > MAX_CREDITS:
            self._left.clear()
        until = monotonic() + CREDIT_SECONDS
        for key, allowance in allowances.items():
            self._left[key] = allowance.remaining // CREDIT_SHARE, until


class RateLimitExceeded(Exception):
    """A request over the limit. `retry_after` is in seconds."""

    def __init__(self, status: LimitStatus | None) -> None:
        super().__init__()
        self.status = status
        self.retry_after = status.reset_after if status else 1.0


class RateLimit:
    """A named limit, counted per key. `rate` returns its current value, such as `1200/minute`.

    Of several rates, separated by `;`, each applies.
    """

    def __init__(self, name: str, rate: Callable[[], str]) -> None:
        self._name = name
        self._rate = rate

    def hit(self, key: str) -> None:
        """Count a request. Raises RateLimitExceeded."""
        for item in self._items:
            if not _with_storage(partial(self._is_counted, item, key)):
                raise self._exceeded(self._status(item, key))

    def check(self, key: str) -> LimitStatus:
        """Return what the key has left of the first rate. Raises RateLimitExceeded."""
        statuses = [self._status(item, key) for item in self._items]
        for status in statuses:
            if not status.remaining:
                raise self._exceeded(status)
        return statuses[0]

    def clear(self, key: str) -> None:
        """Forget the requests that were counted."""
        for item in self._items:
            counter = item.key_for(self._name, key)
            _with_storage(methodcaller("clear_sliding_window", counter, item.get_expiry()))

    def take_command(self, counts: Mapping[str, int]) -> redis.Command:
        """Return the command that counts the requests of several keys, as many as are allowed.

        They are counted apart from those of `hit`. `allowances` reads its result.
        """
        keys = [f"flowzz:rate_limit:{self._name}:{key}" for key in counts]
        item = self._items[0]
        limit = (item.amount, item.get_expiry())
        return "EVAL", _TAKE, len(keys), *keys, *limit, *counts.values()

    @staticmethod
    def allowances(keys: Iterable[str], taken: Sequence[int]) -> dict[str, Allowance]:
        """Return by key what the command returned."""
        values = zip(taken[::3], taken[1::3], taken[2::3], strict=True)
        return {key: Allowance(*three) for key, three in zip(keys, values, strict=True)}

    def refused(self, count: int) -> Fields:
        """Return the increments that count requests that were not allowed."""
        return REFUSED.increments({self._name: count} if count else {})

    def status(self, key: str) -> LimitStatus:
        """Return what the key has left of the first rate."""
        return self._status(self._items[0], key)

    def _is_counted(self, item: RateLimitItem, key: str, storage: Counters) -> bool:
        return SlidingWindowCounterRateLimiter(storage).hit(item, self._name, key)

    def _exceeded(self, status: LimitStatus) -> RateLimitExceeded:
        record(REFUSED.increments({self._name: 1}))
        return RateLimitExceeded(status)

    def _status(self, item: RateLimitItem, key: str) -> LimitStatus:
        window = item.get_expiry()
        previous, previous_seconds, current, current_seconds = _with_storage(
            lambda storage: storage.get_sliding_window(item.key_for(self._name, key), window)
        )
        # `get_window_stats` does the same, but reports no reset time in a window's first moment.
        remaining = item.amount - floor(previous * previous_seconds / window + current)
        # A window is stored for twice its length.
        resets = [current_seconds - window if current else window]
        if previous:
            resets.append(previous_seconds % (window / previous))
        return LimitStatus(item.amount, window, max(0, remaining), max(1.0, min(resets)))

    @property
    def _items(self) -> list[RateLimitItem]:
        return _parse(self._rate())


@lru_cache(maxsize=64)
def _parse(rate: str) -> list[RateLimitItem]:
    return parse_many(rate)


def _with_storage(call: Callable[[Counters], T]) -> T:
    """Call with Redis, or while it is away with counters of this process."""
    if not is_redis_away():
        try:
            return call(_storage(redis.client()))
        except RedisError as error:
            log.warning("rate_limit_counted_in_process", cause=type(error).__name__)
            redis_has_failed()
    return call(_process_storage())


def is_redis_away() -> bool:
    """Return whether Redis has just failed, so that each request would wait for it."""
    return monotonic() < _redis_pause.until


def redis_has_failed() -> None:
    """Have this process not ask Redis about limits for a few seconds."""
    _redis_pause.until = monotonic() + AWAY_SECONDS


def redis_has_answered() -> None:
    _redis_pause.until = 0.0


@dataclass
class _RedisPause:
    until: float = 0.0
    """When to ask Redis again, by `time.monotonic`."""


_redis_pause = _RedisPause()


@cache
def _process_storage() -> Counters:
    return MemoryStorage()


class _Storage(RedisStorage):
    """Imports no client but the one that is used: a second one takes a third of a second."""

    DEPENDENCIES = {"redis": None}


@cache
def _storage(client: Redis) -> Counters:
    pool = client.connection_pool
    return _Storage(settings.REDIS_URL, connection_pool=pool, key_prefix="flowzz:rate_limit")
