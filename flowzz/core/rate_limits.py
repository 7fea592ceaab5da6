"""Rate limits, counted in Redis over a sliding window. Without Redis no request is refused."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from math import floor

import structlog
from django.conf import settings
from limits import RateLimitItem, parse
from limits.storage import RedisStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from redis import Redis, RedisError

from flowzz.core import redis
from flowzz.core.redis_metrics import Counter, record

REFUSED = Counter("flowzz_rate_limited", "Requests over a limit.", "limit")

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class LimitStatus:
    """What a key has left of a limit. `window` and `reset_after` are in seconds.

    After `reset_after` a part of the limit is available again, not all: the window slides.
    """

    limit: int
    window: int
    remaining: int
    reset_after: float


class RateLimitExceeded(Exception):
    """A request over the limit. `retry_after` is in seconds."""

    def __init__(self, status: LimitStatus | None) -> None:
        super().__init__()
        self.status = status
        self.retry_after = status.reset_after if status else 1.0


class RateLimit:
    """A named limit, counted per key. `rate` returns its current value, such as `1200/minute`."""

    def __init__(self, name: str, rate: Callable[[], str]) -> None:
        self._name = name
        self._rate = rate

    def hit(self, key: str) -> bool:
        """Count a request; return False if Redis failed. Raises RateLimitExceeded."""
        return self._ask(SlidingWindowCounterRateLimiter.hit, key)

    def check(self, key: str) -> bool:
        """Do the same without counting the request."""
        return self._ask(SlidingWindowCounterRateLimiter.test, key)

    def _ask(self, question: Callable[..., bool], key: str) -> bool:
        try:
            limiter = SlidingWindowCounterRateLimiter(_storage(redis.client()))
            is_allowed = question(limiter, self._item, self._name, key)
        except RedisError as error:
            log.warning("rate_limit_not_counted", cause=type(error).__name__)
            return False
        if not is_allowed:
            record(REFUSED.increments({self._name: 1}))
            raise RateLimitExceeded(self.status(key))
        return True

    def status(self, key: str) -> LimitStatus | None:
        """Return what the key has left, or None if Redis failed."""
        item, window = self._item, self._item.get_expiry()
        try:
            previous, previous_seconds, current, current_seconds = _storage(
                redis.client()
            ).get_sliding_window(item.key_for(self._name, key), window)
        except RedisError:
            return None
        # `get_window_stats` does the same, but reports no reset time in a window's first moment.
        remaining = item.amount - floor(previous * previous_seconds / window + current)
        resets = [current_seconds - window]  # a window is stored for twice its length
        if previous:
            resets.append(previous_seconds % (window / previous))
        return LimitStatus(item.amount, window, max(0, remaining), max(1.0, min(resets)))

    @property
    def _item(self) -> RateLimitItem:
        return _parse(self._rate())


@lru_cache(maxsize=64)
def _parse(rate: str) -> RateLimitItem:
    return parse(rate)


@cache
def _storage(client: Redis) -> RedisStorage:
    pool = client.connection_pool
    return RedisStorage(settings.REDIS_URL, connection_pool=pool, key_prefix="flowzz:rate_limit")
