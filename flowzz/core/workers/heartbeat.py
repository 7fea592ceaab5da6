"""Heartbeats of beat and of the workers of each queue, stored in Redis."""

from typing import Literal, cast, get_args

import structlog
from redis import RedisError

from flowzz.core import redis

log = structlog.stdlib.get_logger(__name__)

KEY = "flowzz:heartbeats"
LATE_SECONDS = 120.0

Component = Literal["beat", "control", "inbox", "sync", "bulk"]
COMPONENTS: tuple[Component, ...] = get_args(Component)


def record(component: Component) -> None:
    """Record that a component is alive; all workers of a queue are one component."""
    try:
        redis.client().hset(KEY, component, str(_now()))
    except RedisError as error:
        log.warning("heartbeat_not_recorded", component=component, cause=type(error).__name__)


def ages() -> dict[Component, float | None]:
    """Return the seconds since each component's heartbeat, None without one. Raises RedisError."""
    heartbeats = cast(dict[bytes, bytes], redis.client().hgetall(KEY))
    now = _now()
    return {
        component: max(0.0, now - float(heartbeats[key])) if key in heartbeats else None
        for component in COMPONENTS
        for key in [component.encode()]
    }


def _now() -> float:
    """Return the time of Redis's clock: the clocks of the components may differ."""
    seconds, microseconds = redis.client().time()
    return seconds + microseconds / 1e6
