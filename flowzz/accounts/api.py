"""API calls that log in, renew tokens and log out."""

from typing import Any

from django.contrib.auth import authenticate
from drf_spectacular.contrib.rest_framework_simplejwt import SimpleJWTScheme
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView
from rest_framework_simplejwt import tokens
from rest_framework_simplejwt.exceptions import TokenError

from flowzz.accounts import sessions
from flowzz.accounts.models import User
from flowzz.accounts.tokens import RefreshToken
from flowzz.core.api.errors import Unauthorized, ValidationFailed
from flowzz.core.api.schema.openapi import operation
from flowzz.core.api.throttling import LoginThrottle
from flowzz.core.api.views import success

TAG = "Acesso"
REFRESH_REFUSED = "Token de renovação inválido, já usado ou expirado. Entre de novo."


class JWTScheme(SimpleJWTScheme):  # type: ignore[no-untyped-call]  # it has no types
    """The API description of `JWTAuthentication`."""

    target_class = "flowzz.accounts.tokens.JWTAuthentication"
    name = "jwt"


class LoginSerializer(serializers.Serializer[Any]):
    email = serializers.EmailField(max_length=254)
    password = serializers.CharField(max_length=1024, trim_whitespace=False)


class RefreshSerializer(serializers.Serializer[Any]):
    refresh = serializers.CharField(max_length=4096)


class TokensSerializer(serializers.Serializer[Any]):
    access = serializers.CharField(help_text="Vale 15 minutos, em Authorization: Bearer")
    refresh = serializers.CharField(help_text="Vale 30 dias e uma renovação, que traz o próximo")


class LogoutSerializer(serializers.Serializer[Any]):
    ended = serializers.BooleanField(help_text="false: este acesso já tinha sido encerrado")


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
        login = LoginSerializer(data=request.data)
        login.is_valid(raise_exception=True)
        # For an unknown e-mail Django hashes the password, too: both responses take the same time.
        user = authenticate(**login.validated_data)
        if user is None:
            raise Unauthorized("E-mail ou senha incorretos.")
        assert isinstance(user, User)
        return _tokens(sessions.log_in(user), "Acesso autorizado")


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
            return _tokens(sessions.renew(_refresh_token(request)), "Token renovado")
        except sessions.SessionEnded:
            raise Unauthorized(REFRESH_REFUSED) from None


class LogoutView(PublicView):
    @operation(
        TAG,
        "Sair: nenhum token deste acesso renova mais",
        LogoutSerializer,
        ValidationFailed,
        request=RefreshSerializer,
    )
    def post(self, request: Request) -> Response:
        has_ended = sessions.log_out(_refresh_token(request))
        return success({"ended": has_ended}, "Acesso encerrado")


def _refresh_token(request: Request) -> RefreshToken:
    """Return the token in the body. Raises Unauthorized, ValidationError."""
    body = RefreshSerializer(data=request.data)
    body.is_valid(raise_exception=True)
    try:
        return RefreshToken(body.validated_data["refresh"])
    except TokenError:
        raise Unauthorized(REFRESH_REFUSED) from None


def _tokens(refresh: tokens.RefreshToken, message: str) -> Response:
    return success({"access": str(refresh.access_token), "refresh": str(refresh)}, message)
