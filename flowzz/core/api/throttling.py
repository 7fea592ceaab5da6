"""The API's limits: per user, and for logins per address; and the headers that tell them.

RateLimit-Limit, -Remaining and -Reset, and RateLimit-Policy, are those of
draft-ietf-httpapi-ratelimit-headers-06: whole numbers that a line of code reads, and the latest
form that the libraries for frontends know (ratelimit-header-parser).
"""

from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Network, ip_address
from math import ceil
from typing import TYPE_CHECKING, ClassVar

from django.http import HttpRequest, HttpResponse
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from flowzz.core.rate_limits import LimitStatus, Rate, RateExceeded
from flowzz.core.runtime_settings.definitions import RuntimeSetting, rate_setting

if TYPE_CHECKING:  # the views read their defaults, this module among them, while being imported
    from rest_framework.views import APIView

API_RATE = rate_setting(
    "RATE_LIMIT_API", "Chamadas de um usuário à API", "Todas as chamadas juntas."
)
LOGIN_RATE = rate_setting(
    "RATE_LIMIT_LOGIN", "Tentativas de login de um endereço IP", "Na API e nesta administração."
)
SCHEMA_RATE = rate_setting(
    "RATE_LIMIT_SCHEMA", "Leituras da descrição da API por um endereço IP", "Em /api/schema."
)

_STANDINGS = "flowzz.rate_standings"
"""Where a request carries what it left of each limit."""


class RateThrottle(BaseThrottle):
    """Counts in Redis, for all processes; `limit` is the setting that says how many."""

    name: ClassVar[str]
    limit: ClassVar[RuntimeSetting[str]]
    retry_after: float | None = None

    def allow_request(self, request: Request, view: "APIView") -> bool:
        key = self.key(request)
        if key is None:
            return True
        try:
            standing = Rate(self.name, self.limit.value).hit(key)
        except RateExceeded as exceeded:
            self.retry_after = exceeded.retry_after
            _carry(request, exceeded.standing)
            return False
        if standing:
            _carry(request, standing)
        return True

    def key(self, request: Request) -> str | None:
        """Whom to count for; nobody unless logged in."""
        return str(request.user.pk) if request.user.is_authenticated else None

    def wait(self) -> float | None:
        return self.retry_after


class ApiThrottle(RateThrottle):
    name = "api"
    limit = API_RATE


class LoginThrottle(RateThrottle):
    """By address: the one that the last trusted proxy saw (REST_FRAMEWORK's NUM_PROXIES)."""

    name = "login"
    limit = LOGIN_RATE

    def key(self, request: Request) -> str | None:
        address = self.get_ident(request)
        return client_at(address) if address else None


class SchemaThrottle(LoginThrottle):
    """By address as well: each reading makes the description anew, a tenth of a second."""

    name = "schema"
    limit = SCHEMA_RATE


def address_of(request: HttpRequest) -> str:
    """Where a request comes from, as the last trusted proxy saw it."""
    return LoginThrottle().get_ident(Request(request)) or ""


def client_at(address: str) -> str:
    """Whom to count for an address: without its port, which some proxies add; of IPv6 the /64.

    A client has 2⁶⁴ IPv6 addresses to choose from, and would have as many limits.
    """
    is_with_port = address.startswith("[") or address.count(":") == 1
    host = address.rpartition(":")[0].strip("[]") if is_with_port else address
    try:
        version = ip_address(host)
    except ValueError:
        return address
    if isinstance(version, IPv4Address):
        return host
    mapped = version.ipv4_mapped
    return str(mapped or IPv6Network((version, 64), strict=False))


class RateLimitHeadersMiddleware:
    """Tells of every counted request what is left: of the limit that is nearest to its end."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        standings: list[LimitStatus] = request.META.get(_STANDINGS, [])
        if standings:
            nearest = min(standings, key=lambda standing: standing.remaining)
            response["RateLimit-Limit"] = str(nearest.limit)
            response["RateLimit-Remaining"] = str(nearest.remaining)
            response["RateLimit-Reset"] = str(ceil(nearest.reset_after))
            response["RateLimit-Policy"] = ", ".join(
                f"{standing.limit};w={standing.window}" for standing in standings
            )
        return response


def _carry(request: Request, standing: LimitStatus) -> None:
    request.META.setdefault(_STANDINGS, []).append(standing)
