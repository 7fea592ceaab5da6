"""Access by JWT: our own tokens, and those of a Flowzz service that shares its signing key."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework_simplejwt import authentication, tokens
from rest_framework_simplejwt.exceptions import InvalidToken
from rest_framework_simplejwt.settings import api_settings

from flowzz.accounts.models import User


class AccessToken(tokens.AccessToken):
    """With `JWT_SIGNING_KEY` set, one without a type and an id is good as well."""

    def verify(self) -> None:
        if settings.JWT_SIGNING_KEY and api_settings.TOKEN_TYPE_CLAIM not in self.payload:
            self.check_exp()
        else:
            super().verify()


class RefreshToken(tokens.RefreshToken):
    """Always one of our own."""

    access_token_class = AccessToken


class JWTAuthentication(authentication.JWTAuthentication):
    def get_user(self, validated_token: Any) -> Any:
        """The active user that a token speaks for; raises InvalidToken, AuthenticationFailed."""
        try:
            return super().get_user(validated_token)
        except ValidationError:
            raise InvalidToken from None  # what it names can't be one of our ids


def user_of(request: Request) -> User:
    """Who is logged in, behind a permission that somebody is."""
    assert isinstance(request.user, User)
    return request.user
