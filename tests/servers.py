"""A pytest plugin: real servers and a complete environment, before Django reads its settings.

The controlling process joins the servers of the `test` profile; xdist's workers inherit their
addresses, and each takes a Redis database of its own.
"""

import os
import re
from collections.abc import Generator

import pytest

from flowzz.embedded.servers import TEST, ensure_servers

ENVIRONMENT = {
    "DEBUG": "false",
    "SECRET_KEY": "a secret key for tests alone, never for use",
    "COINZZ_ENCRYPTION_KEY": "an encryption key for tests alone, never for use",
    "COINZZ_ENCRYPTION_KEY_FALLBACKS": "",
    "PUBLIC_BASE_URL": "https://flowzz.test",
    "COINZZ_API_URL": "http://coinzz.test/api",
    "EMAIL_URL": "memorymail://",
    "ALERT_EMAILS": "equipe@flowzz.test",
}


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests() -> Generator[None]:
    """Come before pytest-django, which reads the settings in this hook."""
    os.environ.update(ENVIRONMENT)
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker is None:
        ensure_servers(os.environ, profile=TEST)
    else:
        os.environ["REDIS_URL"] = own_database(os.environ["REDIS_URL"], worker)
    return (yield)


def own_database(redis_url: str, worker: str) -> str:
    """The address of the Redis database for an xdist worker (`gw0` has number 1)."""
    number = int(worker.removeprefix("gw")) + 1
    return re.sub(r"/\d*$", f"/{number}", redis_url)
