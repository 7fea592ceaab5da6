"""Rate limits, counted in Redis over a sliding window; without Redis nobody is refused."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Self

import structlog
from limits import RateLimitItem, parse
from limits.storage import RedisStorage
from redis import Redis, RedisError
from redis.commands.core import Script

from flowzz.core import redis
from flowzz.core.redis_metrics import Counter, record

REFUSED = Counter("flowzz_rate_limited", "Requests over a limit.", "limit")
# The library's own scripts, which count and which tell the count, in one journey to Redis.
_HIT = f"""
local function hit()
{RedisStorage.SCRIPT_ACQUIRE_SLIDING_WINDOW.decode()}
end
local function window(ARGV)
{RedisStorage.SCRIPT_SLIDING_WINDOW.decode()}
end
local is_allowed = hit()
return {{is_allowed and 1 or 0, unpack(window({{ARGV[2]}}))}}
"""

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class LimitStatus:
    """What a key has left of a limit; `window` and `reset_after` are in seconds.

    After `reset_after` some of it is free again, not all: the window slides.
    """

    limit: int
    window: int
    remaining: int
    reset_after: float

    @classmethod
    def of(cls, item: RateLimitItem, counts: list[bytes | int | None]) -> Self:
        """From counts and milliseconds to live of the window before and of the one now."""
        before, before_left, now, now_left = (max(0, int(count or 0)) for count in counts)
        window = item.get_expiry()
        weighted = before * before_left // (window * 1000) + now
        resets = [now_left / 1000 - window]  # it is kept for two windows
        if before:
            resets.append(before_left / 1000 % (window / before))
        return cls(
            limit=item.amount,
            window=window,
            remaining=max(0, item.amount - weighted),
            reset_after=max(1.0, min(resets)),
        )


class RateExceeded(Exception):
    """Too many hits; `retry_after` is in seconds."""

    def __init__(self, standing: LimitStatus) -> None:
        super().__init__()
        self.standing = standing
        self.retry_after = standing.reset_after


class Rate:
    """A limit of its own name, such as `1200/minute` at the moment, for each of its keys."""

    def __init__(self, name: str, limit: Callable[[], str]) -> None:
        self._name = name
        self._limit = limit

    @property
    def item(self) -> RateLimitItem:
        return _parsed(self._limit())

    def hit(self, key: str) -> LimitStatus | None:
        """Count one; None where Redis can't be asked. Raises RateExceeded over the limit."""
        item = self.item
        window = f"flowzz:rate:{{{item.key_for(self._name, key)}}}"
        try:
            is_allowed, *counts = _script(redis.client())(
                [f"{window}/-1", window], [item.amount, item.get_expiry(), 1]
            )
        except RedisError as error:
            log.warning("rate_not_counted", cause=type(error).__name__)
            return None
        standing = LimitStatus.of(item, counts)
        if is_allowed:
            return standing
        record(REFUSED.by({self._name: 1}))
        raise RateExceeded(standing)


@lru_cache(maxsize=64)
def _parsed(limit: str) -> RateLimitItem:
    return parse(limit)


@cache
def _script(client: Redis) -> Script:
    return client.register_script(_HIT)
