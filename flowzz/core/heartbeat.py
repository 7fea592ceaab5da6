"""Signs of life of beat and the workers, kept in Redis."""

from typing import Literal, cast

import structlog
from redis import RedisError

from flowzz.core import redis

log = structlog.stdlib.get_logger(__name__)

KEY = "flowzz:heartbeats"
LATE_SECONDS = 120.0

Part = Literal["beat", "worker"]
PARTS: tuple[Part, ...] = ("beat", "worker")


def beat(part: Part) -> None:
    """Note that a part lives; of several workers, any one."""
    try:
        redis.client().hset(KEY, part, str(_now()))
    except RedisError as error:
        log.warning("heartbeat_lost", part=part, cause=type(error).__name__)


def ages() -> dict[Part, float | None]:
    """Seconds since each part was heard from; None for never. Raises RedisError."""
    noted = cast(dict[bytes, bytes], redis.client().hgetall(KEY))
    now = _now()
    return {
        part: max(0.0, now - float(noted[part.encode()])) if part.encode() in noted else None
        for part in PARTS
    }


def _now() -> float:
    """By Redis' clock, since the parts' own may differ."""
    seconds, microseconds = redis.client().time()
    return seconds + microseconds / 1e6
