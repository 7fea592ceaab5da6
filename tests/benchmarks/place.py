"""A database and a Redis number of a benchmark's own, dropped after it."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg

from flowzz.local.servers.handles import ensure_servers
from tests.servers import ENVIRONMENT

DATABASE = "flowzz_benchmarks"
REDIS_DATABASE = 15


@contextmanager
def own_database(*, is_kept: bool = False) -> Iterator[None]:
    """Make the environment name a new database beside the one there is; drop it at the end.

    One that is kept is the last run's, where there is one, and stays for the next.
    """
    ensure_servers(os.environ)
    beside = os.environ["DATABASE_URL"]
    os.environ.update(
        ENVIRONMENT,
        DATABASE_URL=re.sub(r"/[^/?]+($|\?)", rf"/{DATABASE}\1", beside),
        REDIS_URL=re.sub(r"(:\d+)(/\d*)?$", rf"\1/{REDIS_DATABASE}", os.environ["REDIS_URL"]),
        DJANGO_SETTINGS_MODULE="tests.benchmarks.settings",
        LOG_LEVEL="WARNING",
    )
    with psycopg.connect(beside, autocommit=True) as administrator:
        if not is_kept:
            administrator.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        with suppress(psycopg.errors.DuplicateDatabase):
            administrator.execute(f"CREATE DATABASE {DATABASE}")
        try:
            yield
        finally:
            if not is_kept:
                administrator.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")
