"""The product's settings, with no limit on what a load generator sends."""

from flowzz.settings import *  # noqa: F403 - the point of it

ROOT_URLCONF = "tests.benchmarks.bare"
RATE_LIMIT_WEBHOOK = "1000000/second"
SYNC_PAGE_SIZE = 200
