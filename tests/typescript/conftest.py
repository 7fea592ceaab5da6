"""A Coinzz to talk to, and a Redis without yesterday's counts."""

from tests.integrations.conftest import _empty_redis, coinzz

__all__ = ["_empty_redis", "coinzz"]
