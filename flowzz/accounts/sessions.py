"""API logins: each refresh token is exchanged once, and no token is valid after the logout.

An exchange is repeated for 30 seconds: two tabs send the same token, or its response is lost. The
second response is the first one, made again from the session, so that no token is stored.
"""

import uuid
from datetime import timedelta
from typing import Any, Final

from django.contrib.auth.models import update_last_login
from django.db.models import F
from django.utils import timezone
from rest_framework_simplejwt import tokens
from rest_framework_simplejwt.settings import api_settings

from flowzz.accounts.models import LoginSession, User
from flowzz.accounts.tokens import SESSION_CLAIM, RefreshToken
from flowzz.core.api.event_stream import end_at_commit

REPEATABLE_FOR: Final = timedelta(seconds=30)

_FIND_USER: Final = """
    SELECT account.*, session.password_digest AS session_digest
    FROM accounts_loginsession AS session
    JOIN accounts_user AS account ON account.id = session.user_id
    WHERE session.id = %s AND session.user_id = %s AND account.is_active
"""


class SessionEnded(Exception):
    """A refresh token that was used before, logged out, expired or issued elsewhere."""


def log_in(user: User) -> tokens.RefreshToken:
    """Begin a session, which staff see as the user's last login."""
    update_last_login(User, user)
    session = LoginSession.objects.create(
        user=user, password_digest=user.get_session_auth_hash(), **_new_token()
    )
    return _newest_token(session)


def find_user(session_id: uuid.UUID, user_id: uuid.UUID) -> User | None:
    """Return the user of a session, if it is valid: active user, unchanged password.

    Written out as SQL: most calls of the API ask, and the ORM takes four times as long.
    """
    for user in User.objects.raw(_FIND_USER, [session_id, user_id]):
        digest = user.session_digest  # type: ignore[attr-defined]  # named by the statement
        return user if digest == user.get_session_auth_hash() else None
    return None


def renew(old: tokens.RefreshToken) -> tokens.RefreshToken:
    """Exchange a refresh token for the next one. Raises SessionEnded.

    A token that was exchanged over 30 seconds ago, or is older than the previous one, ends the
    session: that token or its successor was stolen.
    """
    session_id, token_id = _ids(old)
    row = LoginSession.objects.filter(id=session_id)
    # A conditional update: of two simultaneous requests the first one changes the row.
    row.filter(token_id=token_id).update(previous_token_id=F("token_id"), **_new_token())
    user = find_user(session_id, _user_id(old))
    session = row.select_related("user").first() if user else None
    is_newest = session is not None and session.previous_token_id == token_id
    if session is None or not is_newest or session.issued_at <= timezone.now() - REPEATABLE_FOR:
        if row.delete()[0]:
            end_at_commit(_user_id(old))
        raise SessionEnded
    return _newest_token(session)


def log_out(token: tokens.RefreshToken) -> bool:
    """End the session of a token. Return False if it had ended before."""
    try:
        session_id, _ = _ids(token)
        is_ended = bool(LoginSession.objects.filter(id=session_id).delete()[0])
        if is_ended:
            end_at_commit(_user_id(token))
        return is_ended
    except SessionEnded:
        return False


def delete_expired() -> None:
    """Delete the sessions whose newest token has expired."""
    LoginSession.objects.filter(expires_at__lt=timezone.now()).delete()


def _new_token() -> dict[str, Any]:
    now = timezone.now()
    lifetime: timedelta = api_settings.REFRESH_TOKEN_LIFETIME
    return {"token_id": uuid.uuid4().hex, "issued_at": now, "expires_at": now + lifetime}


def _newest_token(session: LoginSession) -> tokens.RefreshToken:
    """Return the newest refresh token of a session, the same each time."""
    token = RefreshToken.for_user(session.user)
    token.current_time = session.issued_at
    token.set_exp()
    token.set_iat()
    token["jti"] = session.token_id
    token[SESSION_CLAIM] = str(session.id)
    return token


def _user_id(token: tokens.RefreshToken) -> uuid.UUID:
    """Return the id of the token's user. Raises SessionEnded without a valid one."""
    try:
        return uuid.UUID(token[api_settings.USER_ID_CLAIM])
    except (KeyError, ValueError, TypeError, AttributeError):
        raise SessionEnded from None


def _ids(token: tokens.RefreshToken) -> tuple[uuid.UUID, str]:
    """Return the ids of the session and the token. Raises SessionEnded without valid ones."""
    try:
        return uuid.UUID(token.get(SESSION_CLAIM)), uuid.UUID(token["jti"]).hex
    except (ValueError, TypeError, AttributeError):
        raise SessionEnded from None
