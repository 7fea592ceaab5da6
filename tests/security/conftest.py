"""A sandbox as Coinzz, and an empty Redis for each test."""

from tests.integrations.conftest import _empty_redis, coinzz

__all__ = ["_empty_redis", "coinzz"]
