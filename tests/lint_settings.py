"""The settings for the type checker's Django plugin. Their servers do not exist."""

import os

from tests.servers import ENVIRONMENT

os.environ |= ENVIRONMENT | {
    "DATABASE_URL": "postgres://nobody@127.0.0.1/none",
    "REDIS_URL": "redis://127.0.0.1/0",
}

from flowzz.settings import *  # noqa: F403 - needs the environment above
