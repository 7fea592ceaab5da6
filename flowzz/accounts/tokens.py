"""Access by JWT: our own tokens, and those of a Flowzz service that shares its signing key.

Ours say a `token_type`. A foreign one has to look like an access token (docs/operations.md): what
says to be something else, or lives longer than access tokens do, opens nothing.
"""

from typing import Any, cast

import jwt
from django.conf import settings
from django.core.exceptions import ValidationError
from rest_framework_simplejwt import authentication, tokens
from rest_framework_simplejwt.exceptions import InvalidToken, TokenError
from rest_framework_simplejwt.settings import api_settings

SESSION = "sid"
"""The claim that names the login a token comes from."""

TYPE_CLAIMS = ("type", "typ", "tokenType", "token_use", "tokenUse", "use", "purpose")
"""Where other services say what a token is for; the last word is the header's `typ`."""

ACCESS_TYPES = {"access", "access_token", "accesstoken", "bearer", "auth", "jwt", "at+jwt"}


class AccessToken(tokens.AccessToken):
    """With `JWT_SIGNING_KEY` set, a foreign one without `token_type` and an id is good as well."""

    def verify(self) -> None:
        if settings.JWT_SIGNING_KEY and api_settings.TOKEN_TYPE_CLAIM not in self.payload:
            self._verify_foreign()
        else:
            super().verify()

    def _verify_foreign(self) -> None:
        self.check_exp()
        if any(claim in self.payload for claim in settings.JWT_REFRESH_CLAIMS):
            raise TokenError("A refresh token")
        types = [self.payload[claim] for claim in TYPE_CLAIMS if claim in self.payload]
        types.append(jwt.get_unverified_header(cast("bytes", self.token)).get("typ", "jwt"))
        if any(str(told).lower() not in ACCESS_TYPES for told in types):
            raise TokenError("Not an access token")
        self._check_lifetime()

    def _check_lifetime(self) -> None:
        """A refresh token that says nothing of itself is known by its long life."""
        issued = int(self.payload.get("iat", self.current_time.timestamp()))
        if int(self.payload["exp"]) - issued > settings.JWT_MAX_LIFETIME.total_seconds():
            raise TokenError("Lives too long")


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
