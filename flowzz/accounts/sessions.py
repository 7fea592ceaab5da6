"""API logins: each refresh token is valid once, and none after the logout."""

import uuid
from datetime import UTC, datetime

from django.utils import timezone
from rest_framework_simplejwt import tokens

from flowzz.accounts.models import LoginSession, User
from flowzz.accounts.tokens import SESSION_CLAIM, JWTAuthentication, RefreshToken


class SessionEnded(Exception):
    """A refresh token that was used before, logged out, expired or issued elsewhere."""


def log_in(user: User) -> tokens.RefreshToken:
    token = RefreshToken.for_user(user)
    session = LoginSession.objects.create(
        user=user,
        token_id=token["jti"],
        password_digest=user.get_session_auth_hash(),
        expires_at=_expiry(token),
    )
    token[SESSION_CLAIM] = str(session.id)
    return token


def renew(old: tokens.RefreshToken) -> tokens.RefreshToken:
    """Exchange a refresh token for the next one. Raises SessionEnded, AuthenticationFailed.

    A token that was exchanged before ends the session: that token or its successor was stolen.
    """
    user: User = JWTAuthentication().get_user(old)
    new = RefreshToken.for_user(user)
    new[SESSION_CLAIM] = old.get(SESSION_CLAIM)
    sessions = LoginSession.objects.filter(id=_session_id(old), user=user)
    # A conditional update: of two simultaneous requests the second one fails.
    is_renewed = sessions.filter(
        token_id=old["jti"], password_digest=user.get_session_auth_hash()
    ).update(token_id=new["jti"], expires_at=_expiry(new))
    if not is_renewed:
        sessions.delete()
        raise SessionEnded
    return new


def log_out(token: tokens.RefreshToken) -> bool:
    """End the session of a token. Return False if it had ended before."""
    try:
        return bool(LoginSession.objects.filter(id=_session_id(token)).delete()[0])
    except SessionEnded:
        return False


def delete_expired() -> None:
    """Delete the sessions whose newest token has expired."""
    LoginSession.objects.filter(expires_at__lt=timezone.now()).delete()


def _session_id(token: tokens.RefreshToken) -> uuid.UUID:
    """Return the id in a token's claim. Raises SessionEnded without a valid one."""
    try:
        return uuid.UUID(token.get(SESSION_CLAIM))
    except (ValueError, TypeError, AttributeError):
        raise SessionEnded from None


def _expiry(token: tokens.RefreshToken) -> datetime:
    return datetime.fromtimestamp(token["exp"], UTC)
