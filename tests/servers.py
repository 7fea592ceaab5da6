"""A pytest plugin: real servers and a complete environment, before Django reads its settings.

The controlling process joins the servers of the `test` profile and gives its run names of its
own, so that several runs don't meet; xdist's workers inherit them, each with its own number.
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
    "SSL_REDIRECT": "false",  # the tests' browsers speak http
    "COINZZ_API_URL": "http://coinzz.test/api",
    "EMAIL_URL": "memorymail://",
    "ALERT_EMAILS": "equipe@flowzz.test",
}
MOST_WORKERS = 16
RUNS = 60


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests() -> Generator[None]:
    """Come before pytest-django, which reads the settings in this hook."""
    os.environ.update(ENVIRONMENT)
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker is None:
        has_own_redis = "REDIS_URL" not in os.environ
        ensure_servers(os.environ, profile=TEST)
        # Django puts `test_` before it, and the worker's name after it.
        name_database(f"flowzz_{os.getpid()}")
        if has_own_redis:
            move_redis(os.getpid() % RUNS * MOST_WORKERS)
    else:
        move_redis(int(worker.removeprefix("gw")) + 1)
    return (yield)


def name_database(name: str) -> None:
    url = urlsplit(os.environ["DATABASE_URL"])
    os.environ["DATABASE_URL"] = url._replace(path=f"/{name}").geturl()


def move_redis(steps: int) -> None:
    """Take a Redis database with a higher number."""
    url = urlsplit(os.environ["REDIS_URL"])
    number = int(url.path.removeprefix("/") or 0) + steps
    os.environ["REDIS_URL"] = url._replace(path=f"/{number}").geturl()
