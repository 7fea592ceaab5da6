"""The API's limits: per user, and for logins per address."""

from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from flowzz.rates import Rate, RateExceeded

if TYPE_CHECKING:  # the views read their defaults, this module among them, while being imported
    from rest_framework.views import APIView


class RateThrottle(BaseThrottle):
    """Counts in Redis, for all processes; `limit` names the setting that says how many."""

    name: ClassVar[str]
    limit: ClassVar[str]
    retry_after: float | None = None

    def allow_request(self, request: Request, view: "APIView") -> bool:
        key = self.key(request)
        if key is None:
            return True
        try:
            Rate(self.name, getattr(settings, self.limit)).hit(key)
        except RateExceeded as exceeded:
            self.retry_after = exceeded.retry_after
            return False
        return True

    def key(self, request: Request) -> str | None:
        """Whom to count for; nobody unless logged in."""
        return str(request.user.pk) if request.user.is_authenticated else None

    def wait(self) -> float | None:
        return self.retry_after


class ApiThrottle(RateThrottle):
    name = "api"
    limit = "RATE_LIMIT_API"


class SyncThrottle(RateThrottle):
    name = "sync"
    limit = "RATE_LIMIT_SYNC"


class ImportThrottle(RateThrottle):
    name = "import"
    limit = "RATE_LIMIT_IMPORT"


class LoginThrottle(RateThrottle):
    """By address: the one that the last trusted proxy saw (REST_FRAMEWORK's NUM_PROXIES)."""

    name = "login"
    limit = "RATE_LIMIT_LOGIN"

    def key(self, request: Request) -> str | None:
        return self.get_ident(request)


class SchemaThrottle(LoginThrottle):
    """By address as well: each reading makes the description anew, a tenth of a second."""

    name = "schema"
    limit = "RATE_LIMIT_SCHEMA"


def address_of(request: HttpRequest) -> str:
    """Where a request comes from, as the login's limit counts it."""
    return LoginThrottle().get_ident(Request(request))
