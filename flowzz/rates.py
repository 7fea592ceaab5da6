"""Rate limits, counted in Redis over a sliding window; without Redis nobody is refused."""

import time
from functools import cache

import structlog
from django.conf import settings
from limits import RateLimitItem, parse
from limits.storage import RedisStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from redis import RedisError

from flowzz.counters import Counter, record

REFUSED = Counter("flowzz_rate_limited", "Requests over a limit.", "limit")

log = structlog.stdlib.get_logger(__name__)


class RateExceeded(Exception):
    """Too many hits; `retry_after` is in seconds."""

    def __init__(self, retry_after: float) -> None:
        super().__init__()
        self.retry_after = retry_after


class Rate:
    """A limit of its own name, such as `1200/minute`, for each of its keys."""

    def __init__(self, name: str, limit: str) -> None:
        self._name = name
        self.item: RateLimitItem = parse(limit)

    def hit(self, key: str) -> None:
        """Count one; raises RateExceeded over the limit."""
        try:
            if _limiter().hit(self.item, self._name, key):
                return
            reset_at, _ = _limiter().get_window_stats(self.item, self._name, key)
        except RedisError as error:
            log.warning("rate_not_counted", cause=type(error).__name__)
            return
        record(REFUSED.by({self._name: 1}))
        # Redis' clock need not be ours: a wait is never longer than the limit's own time.
        wait = min(reset_at - time.time(), self.item.get_expiry())
        raise RateExceeded(max(1.0, wait))


@cache
def _limiter() -> SlidingWindowCounterRateLimiter:
    timeout = settings.REDIS_TIMEOUT_SECONDS
    storage = RedisStorage(
        settings.REDIS_URL,
        key_prefix="flowzz:rate",
        socket_timeout=timeout,
        socket_connect_timeout=timeout,
    )
    return SlidingWindowCounterRateLimiter(storage)
