"""The IP address that requests are counted by, behind proxies."""

import pytest
from django.conf import settings as configured
from pytest_django.fixtures import Settings
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from flowzz.core.api.throttling import LoginThrottle, ip_key


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
