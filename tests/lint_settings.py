"""The settings for the type checker's Django plugin: they load, but no server is behind them."""

import os

from tests.servers import ENVIRONMENT

os.environ |= ENVIRONMENT | {
    "DATABASE_URL": "postgres://nobody@127.0.0.1/none",
    "REDIS_URL": "redis://127.0.0.1/0",
}

from flowzz.settings import *  # noqa: F403 - once the environment is complete
