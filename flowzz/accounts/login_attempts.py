"""Attempts to log in: their limit per account, with a growing delay, and their record.

The limit of an account counts failed attempts from all addresses; a successful one clears it. An
address from which the account has logged in before has a limit of its own, so that a stranger's
guesses don't keep the owner out.

The record counts per minute, so that no flood of attempts fills the table: refused ones of an
account are limited, and those without an account, or above the limit, have no network.
"""

from contextlib import suppress
from datetime import timedelta
from typing import Final

from django.db.models import F
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac
from redis import RedisError
from rest_framework.request import Request

from flowzz.accounts.models import LoginAttempt, LoginOutcome, LoginWay, User
from flowzz.core import redis
from flowzz.core.api.throttling import client_ip, ip_key, network_key
from flowzz.core.db.batched_deletes import delete_in_batches
from flowzz.core.rate_limits import RateLimit

ACCOUNT_RATE: Final = "5/minute;15/hour;50/day"
"""The delay grows: after 5 attempts within a minute, after 15 to an hour, after 50 to a day."""
TOO_MANY: Final = (
    "Muitas tentativas de entrar nesta conta. Aguarde {} e tente novamente, ou redefina a senha."
)
KNOWN_FOR: Final = timedelta(days=30)
RECORDED_FOR: Final = timedelta(days=90)
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


def record(
    request: HttpRequest | Request, email: str, way: LoginWay, outcome: LoginOutcome
) -> None:
    """Add an attempt to the record, for an account or for none."""
    user = User.objects.filter(email=email.strip().lower()).first()
    has_network = user is not None and outcome != LoginOutcome.TOO_MANY
    LoginAttempt.objects.update_or_create(
        user=user,
        minute=timezone.now().replace(second=0, microsecond=0),
        way=way,
        outcome=outcome,
        network=_masked(client_ip(request)) if has_network else "",
        defaults={"count": F("count") + 1},
        create_defaults={"count": 1},
    )


def last_attempts(user: User, limit: int = 5) -> list[LoginAttempt]:
    """Return the newest attempts to log in to an account, successful ones among them."""
    return list(user.login_attempts.order_by("-minute", "-id")[:limit])


def delete_old_attempts() -> None:
    delete_in_batches(LoginAttempt.objects.filter(minute__lt=timezone.now() - RECORDED_FOR))


def _masked(ip: str) -> str:
    """Return an IP address without its end: the whole of it is personal data."""
    network = network_key(ip)
    if "/" in network:
        return network[:43]
    start, separator, _ = network[:43].rpartition(".")
    return f"{start}.x" if separator else ""


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
