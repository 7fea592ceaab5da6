"""Limits of attempts to log in: per IP address, and per account with a growing delay.

The limit of an account counts failed attempts from all addresses; a successful one clears it. An
address from which the account has logged in before has a limit of its own, so that a stranger's
guesses don't keep the owner out.
"""

from contextlib import suppress
from datetime import timedelta
from typing import Final

from django.http import HttpRequest
from django.utils.crypto import salted_hmac
from redis import RedisError
from rest_framework.request import Request

from flowzz.core import redis
from flowzz.core.api.throttling import client_ip, ip_key
from flowzz.core.rate_limits import RateLimit

ACCOUNT_RATE: Final = "5/minute;15/hour;50/day"
"""The delay grows: after 5 attempts within a minute, after 15 to an hour, after 50 to a day."""
TOO_MANY: Final = (
    "Muitas tentativas de entrar nesta conta. Aguarde {} e tente novamente, ou redefina a senha."
)
KNOWN_FOR: Final = timedelta(days=30)
_LIMIT: Final = RateLimit("login_account", lambda: ACCOUNT_RATE)


def count(request: HttpRequest | Request, email: str) -> None:
    """Count an attempt before its password is checked. Raises RateLimitExceeded."""
    _LIMIT.hit(_account(request, email))


def succeeded(request: HttpRequest | Request, email: str) -> None:
    """Forget the attempts of an account, and remember the address."""
    with suppress(RedisError):
        redis.client().set(_known_key(request, email), 1, ex=KNOWN_FOR)
    _LIMIT.clear(_account(request, email))
    _LIMIT.clear(_digest(email))


def _account(request: HttpRequest | Request, email: str) -> str:
    key = _known_key(request, email)
    try:
        is_known = bool(redis.client().exists(key))
    except RedisError:
        is_known = False
    return key if is_known else _digest(email)


def _known_key(request: HttpRequest | Request, email: str) -> str:
    return f"flowzz:login:known:{_digest(email)}:{ip_key(client_ip(request))}"


def _digest(email: str) -> str:
    """Return what stands for the e-mail in Redis, which holds no personal data."""
    return salted_hmac("flowzz.accounts.login_attempts", email.strip().lower()).hexdigest()[:32]
