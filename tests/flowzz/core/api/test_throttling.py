"""Rate limits of the API, their headers, and the IP address that requests are counted by."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings as configured
from pytest_django.fixtures import Settings
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from flowzz.core import rate_limits, redis
from flowzz.core.api import throttling
from flowzz.core.api.throttling import LoginThrottle, ip_key, network_key
from tests.api_client import Frontend, error, status_and_body
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def frontend() -> Frontend:
    return Frontend(UserFactory.create())


@pytest.mark.parametrize(
    ("proxies", "forwarded", "ip"),
    [
        (0, "203.0.113.7", "10.0.0.1"),
        (1, "", "10.0.0.1"),
        (1, "6.6.6.6, 203.0.113.7", "203.0.113.7"),
        (2, "6.6.6.6, 203.0.113.7, 10.0.0.2", "203.0.113.7"),
        (2, "203.0.113.7", "203.0.113.7"),
    ],
)
def test_ip_address_is_the_one_reported_by_the_last_trusted_proxy(
    settings: Settings, proxies: int, forwarded: str, ip: str
) -> None:
    settings.REST_FRAMEWORK = configured.REST_FRAMEWORK | {"NUM_PROXIES": proxies}
    request = APIRequestFactory(REMOTE_ADDR="10.0.0.1").post("/api/v1/auth/token")
    if forwarded:
        request.META["HTTP_X_FORWARDED_FOR"] = forwarded
    assert LoginThrottle().key(Request(request)) == ip


@pytest.mark.parametrize(
    ("ip", "key"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("203.0.113.7:51234", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("[2001:db8:1:2::1]:51234", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("unknown", "unknown"),
        ("", ""),
    ],
)
def test_another_port_or_ipv6_address_of_a_client_has_the_same_limit(ip: str, key: str) -> None:
    assert ip_key(ip) == key


def test_api_calls_are_limited_by_user(settings: Settings, frontend: Frontend) -> None:
    settings.RATE_LIMIT_API = "2/hour"
    assert [frontend.fetch("sales").status_code for _ in range(2)] == [200, 200]

    response = frontend.fetch("clients")

    assert status_and_body(response) == (
        429,
        error(
            "RATE_LIMITED",
            "Muitas requisições em pouco tempo. Aguarde 60 minutos e tente novamente.",
        ),
    )
    assert 3_540 < int(response.headers["Retry-After"]) <= 3_600
    assert Frontend(UserFactory.create()).fetch("sales").status_code == 200


def test_api_description_is_limited_by_ip_address(settings: Settings) -> None:
    settings.RATE_LIMIT_SCHEMA = "1/hour"
    client = Frontend()
    assert client.get("/api/schema?version=%0A1").status_code == 200

    response = client.get("/api/schema")

    assert (response.status_code, response.json()["error"]) == (429, "RATE_LIMITED")
    assert Frontend().head("/api/schema").status_code == 200


def rate_limit_headers(response: Any) -> dict[str, str]:
    return {name: value for name, value in response.headers.items() if "RateLimit" in name}


def test_counted_responses_have_rate_limit_headers(settings: Settings, frontend: Frontend) -> None:
    settings.RATE_LIMIT_API = "4/hour"
    settings.RATE_LIMIT_SYNC = "2/minute"

    sales = frontend.fetch("sales")
    unchanged = frontend.get("/api/v1/sales", HTTP_IF_NONE_MATCH=sales.headers["ETag"])
    sync = frontend.send("integrations/coinzz/sync")
    missing = [frontend.fetch("sales/nada") for _ in range(2)][-1]
    refused = frontend.fetch("sales")

    responses = [sales, unchanged, sync, missing, refused]
    assert [response.status_code for response in responses] == [200, 304, 404, 404, 429]
    headers = [rate_limit_headers(response) for response in responses]
    resets = [int(limit.pop("RateLimit-Reset")) for limit in headers]
    assert all(3_500 < reset <= 3_600 for reset in resets)
    assert headers == [
        {"RateLimit-Limit": "4", "RateLimit-Remaining": remaining, "RateLimit-Policy": policy}
        for remaining, policy in [
            ("3", "4;w=3600"),
            ("3", "4;w=3600"),
            ("2", "4;w=3600, 2;w=60"),
            ("0", "4;w=3600"),
            ("0", "4;w=3600"),
        ]
    ]
    assert int(refused.headers["Retry-After"]) == resets[-1]
    assert rate_limit_headers(Frontend().fetch("sales")) == {}  # not counted


@pytest.mark.parametrize(
    "path", ["integrations/coinzz/status", f"integrations/coinzz/sync/{UUID(int=1)}"]
)
def test_polls_are_not_counted(settings: Settings, frontend: Frontend, path: str) -> None:
    settings.RATE_LIMIT_API = "1/hour"
    polls = [frontend.fetch(path) for _ in range(3)]
    assert [poll.status_code for poll in polls] == [404] * 3
    assert [rate_limit_headers(poll) for poll in polls] == [{}] * 3
    assert frontend.fetch("sales").headers["RateLimit-Remaining"] == "0"


def test_all_calls_together_are_bounded(
    frontend: Frontend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttling, "ALL_CALLS_RATE", "2/hour")
    sales = frontend.fetch("sales")
    unchanged = frontend.get("/api/v1/sales", HTTP_IF_NONE_MATCH=sales.headers["ETag"])
    refused = frontend.fetch("integrations/coinzz/status")
    assert [sales.status_code, unchanged.status_code, refused.status_code] == [200, 304, 429]
    assert rate_limit_headers(refused) == {}


def test_ipv6_network_of_a_site_has_ten_times_the_limit_of_an_address(settings: Settings) -> None:
    settings.RATE_LIMIT_SCHEMA = "1/hour"

    def fetch(subnet: int, site: str = "2001:db8:77") -> int:
        return Frontend().head("/api/schema", REMOTE_ADDR=f"{site}:{subnet:x}::1").status_code

    assert [fetch(subnet) for subnet in range(11)] == [*[200] * 10, 429]
    assert (fetch(0, "2001:db8:78"), fetch(0, "2001:db8:78")) == (200, 429)
    assert network_key("203.0.113.7") == ip_key("203.0.113.7")


@pytest.fixture
def _no_redis(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(rate_limits, "_redis_pause", rate_limits._RedisPause())
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    redis.client.cache_clear()
    yield
    redis.client.cache_clear()


@pytest.mark.usefixtures("_no_redis")
def test_without_redis_each_process_counts_for_itself(
    settings: Settings, frontend: Frontend, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.RATE_LIMIT_API = "2/hour"
    responses = [frontend.fetch("sales")]
    monkeypatch.setattr(rate_limits, "_storage", lambda client: pytest.fail("Redis was asked"))
    responses += [frontend.fetch("sales") for _ in range(2)]
    assert [response.status_code for response in responses] == [200, 200, 429]
    assert [response.headers["RateLimit-Remaining"] for response in responses] == ["1", "0", "0"]
