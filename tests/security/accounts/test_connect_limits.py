"""One user's connects, or a slow Coinzz, do not occupy the threads of the others."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection as database
from pytest_django.fixtures import Settings

from flowzz.accounts.models import User
from flowzz.core import redis
from tests.factories import UserFactory
from tests.integrations.api.test_connect import connect
from tests.sandbox.client import SandboxClient

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    return UserFactory.create()


@pytest.mark.django_db(transaction=True)
def test_one_key_of_a_user_is_tested_at_a_time(user: User, coinzz: SandboxClient) -> None:
    coinzz.control("POST", "faults", fault="slow:2", path="products", times=1)
    key = coinzz.sandbox.api_key()

    def connect_in_thread(_: int) -> tuple[int, str]:
        try:
            response = connect(user, key)
            return response.status_code, response.json().get("error", "")
        finally:
            database.close()

    with ThreadPoolExecutor(5) as threads:
        answers = sorted(threads.map(connect_in_thread, range(5)))
    assert answers == [(200, ""), *[(429, "CONNECT_IN_PROGRESS")] * 4]
    assert connect(user, key).status_code == 200


def test_without_redis_a_key_is_tested(
    user: User, coinzz: SandboxClient, settings: Settings
) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    redis.client.cache_clear()
    try:
        assert connect(user, coinzz.sandbox.api_key()).status_code == 200
    finally:
        redis.client.cache_clear()
