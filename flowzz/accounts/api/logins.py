"""API calls that log in, renew tokens and log out."""

from typing import Any

from django.contrib.auth import authenticate
from django.utils.decorators import method_decorator
from drf_spectacular.contrib.rest_framework_simplejwt import SimpleJWTScheme
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView
from rest_framework_simplejwt import tokens
from rest_framework_simplejwt.exceptions import TokenError

from flowzz.accounts import login_attempts, sessions
from flowzz.accounts.models import LoginOutcome, LoginWay, User
from flowzz.accounts.tokens import RefreshToken
from flowzz.core.api.errors import SOME_TIME, RateLimited, Unauthorized, ValidationFailed
from flowzz.core.api.etags import never_stored
from flowzz.core.api.schema.openapi import operation
from flowzz.core.api.throttling import LoginThrottle
from flowzz.core.api.views import success
from flowzz.core.rate_limits import RateLimitExceeded

TAG = "Acesso"
ACCESS_HELP = "Vale 15 minutos, ou até sair, em Authorization: Bearer"
REFRESH_REFUSED = "Token de renovação inválido, já usado ou expirado. Entre de novo."


class JWTScheme(SimpleJWTScheme):  # type: ignore[no-untyped-call]  # it has no types
    """The API description of `JWTAuthentication`."""

    target_class = "flowzz.accounts.authentication.JWTAuthentication"
    name = "jwt"


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # no types
    """The API description of `ApiKeyAuthentication`."""

    target_class = "flowzz.accounts.api_keys.authentication.ApiKeyAuthentication"
    name = "key"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        text = "Uma chave de API (`fz_…`), para programas"
        return {"type": "http", "scheme": "bearer", "description": text}


class LoginSerializer(serializers.Serializer[Any]):
    email = serializers.EmailField(max_length=254)
    password = serializers.CharField(max_length=1024, trim_whitespace=False)


class RefreshSerializer(serializers.Serializer[Any]):
    refresh = serializers.CharField(max_length=4096)


class TokensSerializer(serializers.Serializer[Any]):
    access = serializers.CharField(help_text=ACCESS_HELP)
    refresh = serializers.CharField(help_text="Vale 30 dias e uma renovação, que traz o próximo")


class LogoutSerializer(serializers.Serializer[Any]):
    ended = serializers.BooleanField(help_text="false: este acesso já tinha sido encerrado")


class TooManyAttempts(RateLimited):
    """Too many failed logins of one account."""

    template = login_attempts.TOO_MANY
    message = template.format(SOME_TIME)


@method_decorator(never_stored, name="dispatch")
class PublicView(APIView):
    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes: tuple[type[BaseThrottle], ...] = ()


class TokenView(PublicView):
    throttle_classes = (LoginThrottle,)

    @operation(
        TAG,
        "Obter tokens com e-mail e senha",
        TokensSerializer,
        ValidationFailed,
        request=LoginSerializer,
    )
    def post(self, request: Request) -> Response:
        return tokens_response(sessions.log_in(user_by_password(request)), "Acesso autorizado")


class RefreshView(PublicView):
    @operation(
        TAG,
        "Trocar o token de renovação por dois novos tokens",
        TokensSerializer,
        ValidationFailed,
        request=RefreshSerializer,
    )
    def post(self, request: Request) -> Response:
        try:
            return tokens_response(sessions.renew(_refresh_token(request)), "Token renovado")
        except sessions.SessionEnded:
            raise Unauthorized(REFRESH_REFUSED) from None


class LogoutView(PublicView):
    @operation(
        TAG,
        "Sair: nenhum token deste acesso vale mais",
        LogoutSerializer,
        ValidationFailed,
        request=RefreshSerializer,
    )
    def post(self, request: Request) -> Response:
        has_ended = sessions.log_out(_refresh_token(request))
        return success({"ended": has_ended}, "Acesso encerrado")


def user_by_password(request: Request) -> User:
    """Return the user of the e-mail and password in the body.

    Raises Unauthorized, TooManyAttempts, ValidationError.
    """
    login = LoginSerializer(data=request.data)
    login.is_valid(raise_exception=True)
    email = login.validated_data["email"]
    try:
        count_attempt(request, email)
    except TooManyAttempts:
        login_attempts.record(request, email, LoginWay.API, LoginOutcome.TOO_MANY)
        raise
    # For an unknown e-mail Django hashes the password, too: both responses take the same time.
    user = authenticate(**login.validated_data)
    outcome = LoginOutcome.REFUSED if user is None else LoginOutcome.SUCCESS
    login_attempts.record(request, email, LoginWay.API, outcome)
    if user is None:
        raise Unauthorized("E-mail ou senha incorretos.")
    assert isinstance(user, User)
    login_attempts.succeeded(request, email)
    return user


def count_attempt(request: Request, email: str) -> None:
    """Count a password that was sent for an account. Raises TooManyAttempts."""
    try:
        login_attempts.count(request, email)
    except RateLimitExceeded as exceeded:
        raise TooManyAttempts(exceeded.retry_after) from None


def read_refresh_token(text: str) -> RefreshToken:
    """Raises Unauthorized."""
    try:
        return RefreshToken(text)  # type: ignore[arg-type]  # as its own serializers call it
    except TokenError:
        raise Unauthorized(REFRESH_REFUSED) from None


def _refresh_token(request: Request) -> RefreshToken:
    """Return the token in the body. Raises Unauthorized, ValidationError."""
    body = RefreshSerializer(data=request.data)
    body.is_valid(raise_exception=True)
    return read_refresh_token(body.validated_data["refresh"])


def tokens_response(refresh: tokens.RefreshToken, message: str) -> Response:
    return success({"access": str(refresh.access_token), "refresh": str(refresh)}, message)
