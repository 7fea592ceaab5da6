"""The process's client of Redis."""

from functools import cache

import redis
from django.conf import settings


@cache
def client() -> redis.Redis:
    """Return a thread-safe client with a timeout of a second, so that no caller blocks longer."""
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=settings.REDIS_TIMEOUT_SECONDS,
        socket_connect_timeout=settings.REDIS_TIMEOUT_SECONDS,
    )
