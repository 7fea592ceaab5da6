"""JSON web tokens: ours, and those of a Flowzz service that shares its signing key.

Our tokens have a `token_type`. A foreign token must look like an access token: it is refused if a
claim names another type, or if it is valid for longer than access tokens (docs/operations.md).
"""

from datetime import datetime
from typing import Any, cast
from uuid import NAMESPACE_OID, uuid5

import jwt
from django.conf import settings
from rest_framework_simplejwt import tokens
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.utils import datetime_from_epoch

SESSION_CLAIM = "sid"
"""The claim with the id of the login session."""

TYPE_CLAIMS = ("type", "typ", "tokenType", "token_use", "tokenUse", "use", "purpose")
"""Claims in which other services name the type of a token, beside the header's `typ`."""

ACCESS_TYPES = {"access", "access_token", "accesstoken", "bearer", "auth", "jwt", "at+jwt"}

TIME_CLAIMS = ("exp", "iat", "nbf")


class _CheckedTimes:
    """Refuses times that are no numbers or in no calendar, which would raise other errors later."""

    payload: dict[str, Any]

    def check_exp(self, claim: str = "exp", current_time: datetime | None = None) -> None:
        """Raises TokenError."""
        if not all(_is_time(self.payload[name]) for name in TIME_CLAIMS if name in self.payload):
            raise TokenError("Not a time")
        super().check_exp(claim, current_time)  # type: ignore[misc]  # a mixin


class AccessToken(_CheckedTimes, tokens.AccessToken):
    """An access token; with JWT_SIGNING_KEY set, also one without `token_type` and `jti`."""

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
        if any(str(type_).lower() not in ACCESS_TYPES for type_ in types):
            raise TokenError("Not an access token")
        self._check_lifetime()

    def _check_lifetime(self) -> None:
        """Refuse a refresh token without a type, recognised by its lifetime. Raises TokenError."""
        issued = int(self.payload.get("iat", self.current_time.timestamp()))
        if int(self.payload["exp"]) - issued > settings.JWT_MAX_LIFETIME.total_seconds():
            raise TokenError("Lifetime too long")


class RefreshToken(_CheckedTimes, tokens.RefreshToken):  # type: ignore[misc]  # its own bases differ
    """A refresh token of ours; foreign ones are never accepted."""

    access_token_class = AccessToken

    @property
    def access_token(self) -> tokens.AccessToken:
        """The access token issued with this token, the same each time."""
        access: tokens.AccessToken = super().access_token
        access.set_iat(at_time=self.current_time)
        access["jti"] = uuid5(NAMESPACE_OID, self["jti"]).hex
        return access


def _is_time(value: object) -> bool:
    """Return whether a claim is a NumericDate of RFC 7519."""
    if type(value) not in (int, float):  # a bool is an int, too
        return False
    try:
        datetime_from_epoch(cast("float", value))
    except (ValueError, OverflowError, OSError):
        return False
    return True
