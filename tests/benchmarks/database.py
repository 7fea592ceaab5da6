"""A new database and an unused Redis number for a benchmark."""

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
def own_database(*, keep: bool = False) -> Iterator[None]:
    """Set the environment to a new database on the same server, and drop it at the end.

    With `keep` the database of the previous run is used, and it is not dropped.
    """
    ensure_servers(os.environ)
    server_url = os.environ["DATABASE_URL"]
    os.environ.update(
        ENVIRONMENT,
        DATABASE_URL=re.sub(r"/[^/?]+($|\?)", rf"/{DATABASE}\1", server_url),
        REDIS_URL=re.sub(r"(:\d+)(/\d*)?$", rf"\1/{REDIS_DATABASE}", os.environ["REDIS_URL"]),
        DJANGO_SETTINGS_MODULE="tests.benchmarks.settings",
        LOG_LEVEL="WARNING",
    )
    with psycopg.connect(server_url, autocommit=True) as administrator:
        if not keep:
            administrator.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        with suppress(psycopg.errors.DuplicateDatabase):
            administrator.execute(f"CREATE DATABASE {DATABASE}")
        try:
            yield
        finally:
            if not keep:
                administrator.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")
