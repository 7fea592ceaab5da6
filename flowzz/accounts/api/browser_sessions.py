"""The calls of `logins` for browsers: the refresh token is in a cookie that no script can read.

The cookie is sent to these calls alone and by pages of the same site alone (`SameSite=Strict`).
Each call also demands an `Origin` that we know: a browser sends it with every POST, and a page
can't change it.
"""

from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework_simplejwt import tokens
from rest_framework_simplejwt.settings import api_settings

from flowzz.accounts import sessions
from flowzz.accounts.api.logins import (
    ACCESS_HELP,
    REFRESH_REFUSED,
    TAG,
    LoginSerializer,
    LogoutSerializer,
    PublicView,
    read_refresh_token,
    user_by_password,
)
from flowzz.accounts.tokens import RefreshToken
from flowzz.core.api.errors import Forbidden, Unauthorized, ValidationFailed
from flowzz.core.api.schema.openapi import operation
from flowzz.core.api.throttling import LoginThrottle
from flowzz.core.api.views import success

COOKIE: Final = "flowzz_refresh"
PATH: Final = "/api/v1/auth/session"
COOKIE_PARAMETER: Final = OpenApiParameter(
    COOKIE, str, OpenApiParameter.COOKIE, description="O cookie de `auth/session`"
)
ORIGIN_PARAMETER: Final = OpenApiParameter(
    "Origin",
    str,
    OpenApiParameter.HEADER,
    description="Uma de CORS_ALLOWED_ORIGINS; o navegador a envia sozinho",
)


class AccessSerializer(serializers.Serializer[Any]):
    access = serializers.CharField(help_text=ACCESS_HELP)


class SessionView(PublicView):
    throttle_classes = (LoginThrottle,)

    @operation(
        TAG,
        "Entrar pelo navegador, com a renovação em um cookie",
        AccessSerializer,
        ValidationFailed,
        Forbidden,
        request=LoginSerializer,
        parameters=[ORIGIN_PARAMETER],
    )
    def post(self, request: Request) -> Response:
        _check_origin(request)
        return _with_cookie(sessions.log_in(user_by_password(request)), "Acesso autorizado")


class SessionRefreshView(PublicView):
    @operation(
        TAG,
        "Renovar o acesso do navegador",
        AccessSerializer,
        Forbidden,
        request=None,
        parameters=[ORIGIN_PARAMETER, COOKIE_PARAMETER],
    )
    def post(self, request: Request) -> Response:
        _check_origin(request)
        try:
            return _with_cookie(sessions.renew(_token(request)), "Token renovado")
        except sessions.SessionEnded:
            raise Unauthorized(REFRESH_REFUSED) from None


class SessionLogoutView(PublicView):
    @operation(
        TAG,
        "Sair do navegador: o cookie é apagado, nenhum token deste acesso vale mais",
        LogoutSerializer,
        Forbidden,
        request=None,
        parameters=[ORIGIN_PARAMETER, COOKIE_PARAMETER],
    )
    def post(self, request: Request) -> Response:
        _check_origin(request)
        response = success({"ended": sessions.log_out(_token(request))}, "Acesso encerrado")
        response.delete_cookie(COOKIE, path=PATH, samesite="Strict")
        return response


def _check_origin(request: Request) -> None:
    """Refuse requests of pages of others (CSRF). Raises Forbidden."""
    public = urlsplit(settings.PUBLIC_BASE_URL)
    known = {*settings.CORS_ALLOWED_ORIGINS, f"{public.scheme}://{public.netloc}"}
    if request.headers.get("Origin") not in known:
        raise Forbidden("Esta página não pode usar o acesso guardado no navegador.")


def _token(request: Request) -> RefreshToken:
    """Return the token in the cookie. Raises Unauthorized."""
    return read_refresh_token(request.COOKIES.get(COOKIE, ""))


def _with_cookie(refresh: tokens.RefreshToken, message: str) -> Response:
    response = success({"access": str(refresh.access_token)}, message)
    response.set_cookie(
        COOKIE,
        str(refresh),
        path=PATH,
        max_age=api_settings.REFRESH_TOKEN_LIFETIME,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Strict",
    )
    return response
