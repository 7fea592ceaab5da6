"""The product's settings, without a rate limit for the load generator."""

from flowzz.settings import *  # noqa: F403 - all settings

RATE_LIMIT_WEBHOOK = "1000000/second"
SYNC_PAGE_SIZE = 200
