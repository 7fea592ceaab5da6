"""API calls that change a password, or ask for a mail to reset it."""

from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.decorators import method_decorator
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from flowzz.accounts import login_attempts, passwords, sessions
from flowzz.accounts.api.logins import (
    TAG,
    PublicView,
    TokensSerializer,
    count_attempt,
    tokens_response,
)
from flowzz.accounts.api_keys.authentication import IsLogin, LoginRequired
from flowzz.accounts.models import User
from flowzz.core.api.errors import Unavailable, ValidationFailed
from flowzz.core.api.etags import never_stored
from flowzz.core.api.schema.openapi import operation
from flowzz.core.api.serializers import CamelCaseSerializer
from flowzz.core.api.throttling import ApiThrottle, LoginThrottle
from flowzz.core.api.views import success


class PasswordSerializer(CamelCaseSerializer):
    current_password = serializers.CharField(max_length=1024, trim_whitespace=False)
    new_password = serializers.CharField(max_length=1024, trim_whitespace=False)


class ResetSerializer(serializers.Serializer[Any]):
    email = serializers.EmailField(max_length=254)


class SentSerializer(serializers.Serializer[Any]):
    sent = serializers.BooleanField(help_text="Sempre true: não diz se a conta existe")


@method_decorator(never_stored, name="dispatch")
class PasswordView(APIView):
    permission_classes = (IsAuthenticated, IsLogin)
    throttle_classes = (ApiThrottle, LoginThrottle)

    @operation(
        TAG,
        "Trocar a senha: os outros acessos terminam, este ganha tokens novos",
        TokensSerializer,
        ValidationFailed,
        LoginRequired,
        request=PasswordSerializer,
    )
    def post(self, request: Request) -> Response:
        body = PasswordSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        user = request.user
        assert isinstance(user, User)
        _check_current(request, user, body.validated_data["current_password"])
        new = body.validated_data["new_password"]
        try:
            validate_password(new, user)
        except ValidationError as error:
            raise ValidationFailed.of(
                "newPassword", *error.messages, code="PASSWORD_REFUSED"
            ) from None
        passwords.change(user, new)
        return tokens_response(sessions.log_in(user), "Senha trocada")


class PasswordResetView(PublicView):
    throttle_classes = (LoginThrottle,)

    @operation(
        TAG,
        "Pedir por e-mail um link para redefinir a senha",
        SentSerializer,
        ValidationFailed,
        request=ResetSerializer,
    )
    def post(self, request: Request) -> Response:
        body = ResetSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        try:
            passwords.request_reset(body.validated_data["email"])
        except passwords.MailsUnavailable:
            raise Unavailable from None
        return success({"sent": True}, passwords.RESET_REQUESTED)


def _check_current(request: Request, user: User, password: str) -> None:
    """Raises ValidationFailed, TooManyAttempts."""
    count_attempt(request, user.email)
    if not user.check_password(password):
        raise ValidationFailed.of(
            "currentPassword", "Senha atual incorreta.", code="WRONG_PASSWORD"
        )
    login_attempts.succeeded(request, user.email)
