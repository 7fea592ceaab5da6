"""Logins by e-mail and password: each refresh token renews once, and none after the logout."""

import uuid
from datetime import UTC, datetime

from django.utils import timezone
from rest_framework_simplejwt import tokens

from flowzz.accounts.models import LoginSession, User
from flowzz.accounts.tokens import SESSION, JWTAuthentication, RefreshToken


class SessionOver(Exception):
    """The refresh token renews nothing: used before, logged out, expired, or not ours."""


def start(user: User) -> tokens.RefreshToken:
    token = RefreshToken.for_user(user)
    session = LoginSession.objects.create(
        user=user,
        token_id=token["jti"],
        password_digest=user.get_session_auth_hash(),
        expires_at=_end_of(token),
    )
    token[SESSION] = str(session.id)
    return token


def renew(old: tokens.RefreshToken) -> tokens.RefreshToken:
    """Exchange a token for the next one of its login; raises SessionOver, AuthenticationFailed.

    One that was exchanged before ends the login: either it was stolen, or the next one was.
    """
    user: User = JWTAuthentication().get_user(old)
    new = RefreshToken.for_user(user)
    new[SESSION] = old.get(SESSION)
    of_login = LoginSession.objects.filter(id=_session_of(old), user=user)
    # Conditional, so that of two at once one is the second.
    renewed = of_login.filter(
        token_id=old["jti"], password_digest=user.get_session_auth_hash()
    ).update(token_id=new["jti"], expires_at=_end_of(new))
    if not renewed:
        of_login.delete()
        raise SessionOver
    return new


def end(token: tokens.RefreshToken) -> bool:
    """Log out, by any token of the login; False where it has ended before."""
    try:
        return bool(LoginSession.objects.filter(id=_session_of(token)).delete()[0])
    except SessionOver:
        return False


def purge() -> int:
    """Remove the logins whose last token has expired; returns how many there were."""
    return LoginSession.objects.filter(expires_at__lt=timezone.now()).delete()[0]


def _session_of(token: tokens.RefreshToken) -> uuid.UUID:
    """The login a token is of; raises SessionOver."""
    try:
        return uuid.UUID(token.get(SESSION))
    except (ValueError, TypeError, AttributeError):
        raise SessionOver from None


def _end_of(token: tokens.RefreshToken) -> datetime:
    return datetime.fromtimestamp(token["exp"], UTC)
