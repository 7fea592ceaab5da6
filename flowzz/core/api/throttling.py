"""The API's rate limits, per user and per IP address, and their response headers.

The headers RateLimit-Limit, -Remaining, -Reset and -Policy follow
draft-ietf-httpapi-ratelimit-headers-06: plain integers, in the latest form that libraries for
frontends know (ratelimit-header-parser).
"""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from ipaddress import IPv4Address, IPv6Network, ip_address
from math import ceil
from typing import TYPE_CHECKING, ClassVar, Final

from django.http import HttpRequest, HttpResponse
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from flowzz.core.rate_limits import LimitStatus, RateLimit, RateLimitExceeded
from flowzz.core.runtime_settings.definitions import RuntimeSetting, rate_setting

if TYPE_CHECKING:  # the views import this module, named in their defaults, while being imported
    from rest_framework.views import APIView

API_RATE = rate_setting(
    "RATE_LIMIT_API", "Chamadas de uma conta à API", "Todas as chamadas juntas."
)
LOGIN_RATE = rate_setting(
    "RATE_LIMIT_LOGIN", "Tentativas de login de um endereço IP", "Na API e nesta administração."
)
SCHEMA_RATE = rate_setting(
    "RATE_LIMIT_SCHEMA", "Leituras da descrição da API por um endereço IP", "Em /api/schema."
)

NETWORK_FACTOR = 10
"""The limit of an IPv6 network (/48), as a multiple of the limit of an address."""

ALL_CALLS_RATE: Final = "600/minute"
"""The limit of all calls of a user, including polls of a status and 304 responses."""

_STATUSES = "flowzz.rate_limit_statuses"
"""The key in `request.META` of the statuses of the request's limits, by the limits' names."""
_COUNT = "flowzz.count_call"
"""The key in `request.META` of the function that counts an answered request."""


class RateThrottle(BaseThrottle):
    """Counts requests per user, in Redis for all processes."""

    name: ClassVar[str]
    rate: ClassVar[RuntimeSetting[str]]
    counts_refused: ClassVar[bool] = True
    """False: the view calls `count` for the requests that it accepts."""
    is_reported: ClassVar[bool] = True
    """Whether the response's headers tell what is left of the limit."""
    _retry_after: float | None = None

    def allow_request(self, request: Request, view: "APIView") -> bool:
        key = self.key(request)
        if key is None:
            return True
        try:
            status = self._ask(self._limit(request), key)
        except RateLimitExceeded as exceeded:
            status, self._retry_after = exceeded.status, exceeded.retry_after
        self._report(request, status)
        return self._retry_after is None

    def _ask(self, limit: RateLimit, key: str) -> LimitStatus | None:
        if not self.counts_refused:
            return limit.check(key)
        limit.hit(key)
        return limit.status(key) if self.is_reported else None

    @classmethod
    def require(cls, request: Request, view: "APIView") -> None:
        """Raise Throttled if the limit is reached: for a view that first answers repeated calls."""
        throttle = cls()
        if not throttle.allow_request(request, view):
            raise Throttled(throttle.wait())

    @classmethod
    def count(cls, request: Request) -> None:
        """Count an accepted request; one that has become too many meanwhile is accepted, too."""
        key, limit = cls().key(request), cls._limit(request)
        if key is not None:
            with suppress(RateLimitExceeded):
                limit.hit(key)
            checked = request.META.get(_STATUSES, {}).get(cls.name)
            cls._report(request, checked and checked.after_one())

    @classmethod
    def _limit(cls, request: Request) -> RateLimit:
        return RateLimit(cls.name, cls.rate.value)

    @classmethod
    def _report(cls, request: Request, status: LimitStatus | None) -> None:
        """Have the status in the response's headers, in place of an earlier one."""
        if status and cls.is_reported:
            request.META.setdefault(_STATUSES, {})[cls.name] = status

    def key(self, request: Request) -> str | None:
        """Return what requests are counted by; None for requests that are not counted."""
        return str(request.user.pk) if request.user.is_authenticated else None

    def wait(self) -> float | None:
        return self._retry_after


class CallerThrottle(RateThrottle):
    """Counts the calls with an API key apart from those of its user."""

    def key(self, request: Request) -> str | None:
        return getattr(request.auth, "limit_key", None) or super().key(request)


class CallThrottle(CallerThrottle):
    """Bounds all calls, also those that ApiThrottle does not count.

    The headers are about the limit that callers plan with.
    """

    is_reported = False

    @classmethod
    def _limit(cls, request: Request) -> RateLimit:
        return RateLimit("call", lambda: ALL_CALLS_RATE)


class ApiThrottle(CallerThrottle):
    """Counts a call after its response: that nothing has changed (304) costs nothing."""

    name = "api"
    rate = API_RATE
    counts_refused = False

    @classmethod
    def _limit(cls, request: Request) -> RateLimit:
        rate_of_key: str = getattr(request.auth, "rate", "")
        return RateLimit(cls.name, lambda: rate_of_key or cls.rate.value())

    def allow_request(self, request: Request, view: "APIView") -> bool:
        is_allowed = super().allow_request(request, view)
        if is_allowed:
            request.META[_COUNT] = partial(self.count, request)
        return is_allowed


class AddressThrottle(RateThrottle):
    """Counts requests per IP address, as the last trusted proxy reported it (NUM_PROXIES)."""

    def allow_request(self, request: Request, view: "APIView") -> bool:
        try:
            _hit_network(self.name, self.rate.value, client_ip(request))
        except RateLimitExceeded as exceeded:
            self._retry_after = exceeded.retry_after
            return False
        return super().allow_request(request, view)

    def key(self, request: Request) -> str | None:
        ip = self.get_ident(request)
        return ip_key(ip) if ip else None


class LoginThrottle(AddressThrottle):
    name = "login"
    rate = LOGIN_RATE


class SchemaThrottle(AddressThrottle):
    name = "schema"
    rate = SCHEMA_RATE


def hit_address(name: str, rate: Callable[[], str], ip: str) -> None:
    """Count a request by its IP address and its network. Raises RateLimitExceeded."""
    _hit_network(name, rate, ip)
    RateLimit(name, rate).hit(ip_key(ip))


def _hit_network(name: str, rate: Callable[[], str], ip: str) -> None:
    """Count a request by its network, if that is larger than its address.

    The limit is NETWORK_FACTOR times that of an address. Raises RateLimitExceeded.
    """

    def rate_of_network() -> str:
        count, _, unit = rate().partition("/")
        return f"{int(count) * NETWORK_FACTOR}/{unit}"

    if (network := network_key(ip)) != ip_key(ip):
        RateLimit(f"{name}_network", rate_of_network).hit(network)


def client_ip(request: HttpRequest | Request) -> str:
    """Return the IP address of a request, as the last trusted proxy reported it."""
    drf_request = request if isinstance(request, Request) else Request(request)
    return LoginThrottle().get_ident(drf_request) or ""


def ip_key(ip: str) -> str:
    """Return what an IP address is counted by: without the port that some proxies add.

    IPv6 addresses are counted by their /64 network: a client can choose among its 2⁶⁴ addresses.
    """
    return _network(ip, 64)


def network_key(ip: str) -> str:
    """Do the same for IPv6 by the /48 network: a site can choose among its 65,536 of /64."""
    return _network(ip, 48)


def _network(ip: str, prefix: int) -> str:
    has_port = ip.startswith("[") or ip.count(":") == 1
    host = ip.rpartition(":")[0].strip("[]") if has_port else ip
    try:
        address = ip_address(host)
    except ValueError:
        return ip
    if isinstance(address, IPv4Address):
        return host
    return str(address.ipv4_mapped or IPv6Network((address, prefix), strict=False))


class RateLimitHeadersMiddleware:
    """Counts answered calls, and adds the limits' headers.

    They are of the limit with the fewest remaining requests; the policy names all limits.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code != HTTPStatus.NOT_MODIFIED:
            request.META.get(_COUNT, bool)()
        statuses: list[LimitStatus] = list(request.META.get(_STATUSES, {}).values())
        if statuses:
            tightest = min(statuses, key=lambda status: status.remaining)
            response["RateLimit-Limit"] = str(tightest.limit)
            response["RateLimit-Remaining"] = str(tightest.remaining)
            response["RateLimit-Reset"] = str(ceil(tightest.reset_after))
            response["RateLimit-Policy"] = ", ".join(
                f"{status.limit};w={status.window}" for status in statuses
            )
        return response
