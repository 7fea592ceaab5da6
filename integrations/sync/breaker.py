"""A circuit breaker for a provider's API, shared by all workers through Redis.

Closed: calls are allowed. After several consecutive failures it opens and refuses calls for a
while. Then it is half open: one call, the probe, is allowed and decides. All times are Redis'.
"""

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import structlog
from redis import Redis, RedisError

from flowzz.core.redis import client as redis_client
from integrations.providers.errors import CircuitOpen

log = structlog.stdlib.get_logger(__name__)

_MILLISECONDS = 1000

EXPIRY_SECONDS = 3600
"""A circuit closes without a probe if nobody calls for so long: nobody would close it."""

_CIRCUIT = """
local circuit, open_for = KEYS[1], tonumber(ARGV[1])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local opened_at = redis.call('HGET', circuit, 'opened_at')
if tonumber(redis.call('HGET', circuit, 'waits_since') or 0) > now then -- the clock was set back
    redis.call('HSET', circuit, 'waits_since', now, 'next_probe_at', now + open_for)
end
local probing = redis.call('HEXISTS', circuit, 'probing') == 1
local wait = 0
if opened_at then
    wait = math.min(redis.call('HGET', circuit, 'next_probe_at') - now, open_for)
end
local half_open = opened_at and (probing or wait <= 0)
"""

_EXPIRE = f"redis.call('PEXPIRE', circuit, {EXPIRY_SECONDS * _MILLISECONDS})"

# If the process of a probe dies, another probe is allowed after a while.
_BEFORE_CALL = f"""{_CIRCUIT}
if half_open and wait <= 0 then
    redis.call('HSET', circuit, 'probing', 1, 'waits_since', now, 'next_probe_at', now + ARGV[2])
    {_EXPIRE}
end
return math.max(wait, 0)
"""

# While the circuit is open, results of calls that started before are ignored.
_SUCCEEDED = f"{_CIRCUIT} if half_open or not opened_at then redis.call('DEL', circuit) end"

_FAILED = f"""{_CIRCUIT}
local failures = redis.call('HINCRBY', circuit, 'failures', 1)
local opens = not opened_at and failures >= tonumber(ARGV[2])
if opens then redis.call('HSET', circuit, 'opened_at', now) end
if opens or half_open then
    redis.call('HSET', circuit, 'waits_since', now, 'next_probe_at', now + open_for)
    redis.call('HDEL', circuit, 'probing')
end
{_EXPIRE}
"""

# A probe leaves its turn to the next call.
_IGNORED = f"""{_CIRCUIT}
if half_open then
    redis.call('HSET', circuit, 'waits_since', now, 'next_probe_at', now)
    redis.call('HDEL', circuit, 'probing')
    {_EXPIRE}
end
"""

_STATE = f"""{_CIRCUIT}
local failures = tonumber(redis.call('HGET', circuit, 'failures') or 0)
return {{failures, tonumber(opened_at or 0), half_open and 1 or 0, math.max(wait, 0)}}
"""


@dataclass(frozen=True, slots=True)
class BreakerState:
    state: Literal["closed", "open", "half_open"]
    failures: int = 0
    """Consecutive failures, including failed probes."""
    opened_at: datetime | None = None
    """When the circuit opened (UTC). A failed probe does not change this time."""
    retry_after: float = 0.0
    """Seconds until the next call is allowed."""


class CircuitBreaker:
    """The circuit breaker called `name`. All calls are allowed while Redis is unreachable.

    After `before_call`, the caller reports `succeeded`, `failed` or, for a response that concerns
    one account alone (a bad API key), `ignored`: it counts as neither.
    """

    def __init__(
        self,
        redis: Redis,
        name: str,
        *,
        failures: int = 5,
        open_seconds: float = 60,
        probe_seconds: float = 180,
    ) -> None:
        """A call with its retries must end within `probe_seconds`, or two probes may overlap."""
        self._redis = redis
        self._key = f"flowzz:breaker:{name}"
        self._failures = failures
        self._open_for = round(open_seconds * _MILLISECONDS)
        self._probe_for = round(probe_seconds * _MILLISECONDS)
        self._is_redis_lost = False

    def before_call(self) -> None:
        """Raise CircuitOpen, with the seconds to wait, if the call is not allowed now."""
        wait = self._run(_BEFORE_CALL, self._probe_for)
        if wait:
            seconds = wait / _MILLISECONDS
            raise CircuitOpen(
                "A plataforma de vendas não está respondendo. "
                f"Nova tentativa em {math.ceil(seconds)} s.",
                retry_after=seconds,
            )

    def succeeded(self) -> None:
        self._run(_SUCCEEDED)

    def failed(self) -> None:
        self._run(_FAILED, self._failures)

    def ignored(self) -> None:
        self._run(_IGNORED)

    def state(self) -> BreakerState:
        """Return the current state; closed if Redis is unreachable."""
        failures, opened_at, half_open, wait = self._run(_STATE) or (0, 0, 0, 0)
        return BreakerState(
            "half_open" if half_open else "open" if opened_at else "closed",
            failures=failures,
            opened_at=datetime.fromtimestamp(opened_at / _MILLISECONDS, UTC) if opened_at else None,
            retry_after=wait / _MILLISECONDS,
        )

    def _run(self, script: str, *arguments: int) -> Any:
        """Run a script. Returns None if Redis fails, and logs that once per outage."""
        try:
            result = self._redis.eval(script, 1, self._key, self._open_for, *arguments)
        except RedisError as error:
            if not self._is_redis_lost:
                log.warning("breaker_without_redis", reason=type(error).__name__)
            self._is_redis_lost = True
            return None
        self._is_redis_lost = False
        return result


def breaker_for(provider: str) -> CircuitBreaker:
    """Return the circuit breaker of a provider's API, shared by all processes."""
    return CircuitBreaker(redis_client(), provider)
