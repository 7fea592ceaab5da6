"""An empty Redis for each test."""

from tests.integrations.conftest import _empty_redis

__all__ = ["_empty_redis"]
