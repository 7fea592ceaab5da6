"""A pytest plugin that starts real servers and sets the environment before settings are read.

The main process starts the servers of the `test` profile and chooses a database name and Redis
numbers for its run, so that concurrent runs do not share data. xdist's workers inherit them.
"""

import os
from collections.abc import Generator
from urllib.parse import urlsplit

import pytest

from flowzz.local.servers.handles import TEST, ensure_servers

ENVIRONMENT = {
    "DEBUG": "false",
    "SECRET_KEY": "a secret key for tests alone, never for use",
    "COINZZ_ENCRYPTION_KEY": "an encryption key for tests alone, never for use",
    "COINZZ_ENCRYPTION_KEY_FALLBACKS": "",
    "PUBLIC_BASE_URL": "https://flowzz.test",
    "FRONTEND_URL": "https://app.flowzz.test",
    "SSL_REDIRECT": "false",  # the tests' browsers use http
    "COINZZ_API_URL": "http://coinzz.test/api",
    "EMAIL_URL": "memorymail://",
    "ALERT_EMAILS": "equipe@flowzz.test",
}
MAX_WORKERS = 16
CONCURRENT_RUNS = 60


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests() -> Generator[None]:
    """Run before pytest-django, which reads the settings in the same hook."""
    os.environ.update(ENVIRONMENT)
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker is None:
        has_own_redis = "REDIS_URL" not in os.environ
        ensure_servers(os.environ, profile=TEST)
        # Django prepends `test_`, and appends the worker's name.
        set_database_name(f"flowzz_{os.getpid()}")
        if has_own_redis:
            add_to_redis_number(os.getpid() % CONCURRENT_RUNS * MAX_WORKERS)
    else:
        add_to_redis_number(int(worker.removeprefix("gw")) + 1)
    return (yield)


def set_database_name(name: str) -> None:
    url = urlsplit(os.environ["DATABASE_URL"])
    os.environ["DATABASE_URL"] = url._replace(path=f"/{name}").geturl()


def add_to_redis_number(steps: int) -> None:
    """Use a Redis database with a number that is higher by `steps`."""
    url = urlsplit(os.environ["REDIS_URL"])
    number = int(url.path.removeprefix("/") or 0) + steps
    os.environ["REDIS_URL"] = url._replace(path=f"/{number}").geturl()
