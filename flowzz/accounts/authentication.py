"""Authentication of API calls by an access token."""

import uuid
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from rest_framework_simplejwt import authentication
from rest_framework_simplejwt.exceptions import InvalidToken
from rest_framework_simplejwt.settings import api_settings

from flowzz.accounts import sessions
from flowzz.accounts.models import User
from flowzz.accounts.tokens import SESSION_CLAIM


class JWTAuthentication(authentication.JWTAuthentication):
    """Our tokens are valid as long as their login; those of another service until they expire."""

    def get_raw_token(self, header: bytes) -> bytes | None:
        """Return the token after `Bearer`, in any case (RFC 9110, section 11.1)."""
        scheme, *token = header.split(maxsplit=1) or [b""]
        raw: bytes | None = super().get_raw_token(b" ".join([scheme.capitalize(), *token]))
        return raw

    def get_user(self, validated_token: Any) -> Any:
        """Return the active user of a token. Raises InvalidToken, AuthenticationFailed."""
        if api_settings.TOKEN_TYPE_CLAIM in validated_token and SESSION_CLAIM in validated_token:
            return self._user_of_session(validated_token)
        if not settings.JWT_SIGNING_KEY:
            raise InvalidToken
        try:
            return super().get_user(validated_token)
        except ValidationError:
            raise InvalidToken from None  # the claim is not a UUID

    def _user_of_session(self, token: Any) -> User:
        try:
            session_id = uuid.UUID(token[SESSION_CLAIM])
            user_id = uuid.UUID(token[api_settings.USER_ID_CLAIM])
        except (KeyError, ValueError, TypeError, AttributeError):
            raise InvalidToken from None
        user = sessions.find_user(session_id, user_id)
        if user is None:
            raise InvalidToken
        return user
