"""API calls about the user: who it is, and the keys of scripts."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.decorators import method_decorator
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from flowzz.accounts.api.logins import TAG
from flowzz.accounts.api_keys import keys
from flowzz.accounts.api_keys.authentication import IsLogin, LoginRequired
from flowzz.accounts.models import ApiKey, KeyScope, User
from flowzz.core.api.errors import ApiError, NotFound
from flowzz.core.api.etags import never_stored
from flowzz.core.api.idempotency import idempotent
from flowzz.core.api.pagination import CursorPagination
from flowzz.core.api.schema.openapi import listing, operation
from flowzz.core.api.serializers import CamelCaseSerializer
from flowzz.core.api.views import ListViewSet, current_user_id, success


class TooManyKeys(ApiError):
    status_code = 409
    code = "TOO_MANY_KEYS"
    message = f"Já há {keys.MAX_KEYS} chaves válidas. Revogue uma que não é mais usada."


class KeySerializer(CamelCaseSerializer, serializers.ModelSerializer[ApiKey]):
    scope = serializers.ChoiceField(KeyScope.choices, help_text="READ: só lê; ALL: faz tudo")

    class Meta:
        model = ApiKey
        fields: tuple[str, ...] = (
            *("id", "name", "scope", "hint", "hourly_limit"),
            *("created_at", "last_used_at", "revoked_at"),
        )
        read_only_fields: tuple[str, ...] = fields
        extra_kwargs = {
            "name": {"help_text": "Para que serve: “planilha do contador”"},
            "hint": {"help_text": "O fim da chave, para reconhecê-la"},
            "hourly_limit": {"help_text": "Chamadas por hora; null: o limite de um usuário"},
            "last_used_at": {"help_text": "O último uso, com um minuto de precisão"},
        }


class NewKeySerializer(CamelCaseSerializer, serializers.ModelSerializer[ApiKey]):
    class Meta:
        model = ApiKey
        fields = ("name", "scope")


class IssuedKeySerializer(KeySerializer):
    key = serializers.SerializerMethodField(help_text="Só é mostrada agora: guarde-a em segredo")

    class Meta(KeySerializer.Meta):
        fields = (*KeySerializer.Meta.fields, "key")
        read_only_fields = fields

    def get_key(self, key: ApiKey) -> str:
        secret: str = self.context["secret"]
        return secret


class UserSerializer(CamelCaseSerializer, serializers.ModelSerializer[User]):
    created_at = serializers.DateTimeField(source="date_joined")
    key = serializers.SerializerMethodField(help_text="A chave desta chamada; null com um login")

    class Meta:
        model = User
        fields = ("id", "email", "name", "created_at", "key")
        read_only_fields = fields

    def get_key(self, user: User) -> Any:
        key = self.context["request"].auth
        return KeySerializer(key).data if isinstance(key, ApiKey) else None


class KeyPagination(CursorPagination):
    fields = ()


@method_decorator(never_stored, name="dispatch")
class KeyViewSet(ListViewSet[ApiKey]):
    queryset = ApiKey.objects.all()
    serializer_class = KeySerializer
    pagination_class = KeyPagination
    permission_classes = (IsAuthenticated, IsLogin)

    def get_queryset(self) -> QuerySet[ApiKey]:
        return super().get_queryset().filter(user_id=current_user_id(self.request))

    @listing(TAG, "Listar as chaves de API", KeySerializer, LoginRequired, has_etag=False)
    def list(self, request: Request) -> Response:
        return super().list(request)

    @operation(
        TAG,
        "Criar uma chave de API para um programa",
        IssuedKeySerializer,
        LoginRequired,
        TooManyKeys,
        request=NewKeySerializer,
    )
    @idempotent()
    def create(self, request: Request) -> Response:
        body = NewKeySerializer(data=request.data)
        body.is_valid(raise_exception=True)
        key = ApiKey(user_id=current_user_id(request), **body.validated_data)
        try:
            secret = keys.issue(key)
        except keys.TooManyKeys:
            raise TooManyKeys from None
        data = IssuedKeySerializer(key, context={"secret": secret}).data
        return success(data, "Chave criada. Guarde-a agora: ela não é mostrada de novo")

    @operation(
        TAG,
        "Revogar uma chave de API: nenhuma chamada com ela é aceita",
        KeySerializer,
        LoginRequired,
        NotFound,
        parameters=[OpenApiParameter("id", UUID, OpenApiParameter.PATH)],
    )
    def destroy(self, request: Request, pk: str) -> Response:
        key = self.get_object()
        keys.revoke(key)
        return success(KeySerializer(key).data, "Chave revogada")


@method_decorator(never_stored, name="dispatch")
class UserView(APIView):
    @operation(TAG, "Ver de quem é o acesso", UserSerializer)
    def get(self, request: Request) -> Response:
        user = User.objects.get(id=current_user_id(request))
        return success(UserSerializer(user, context={"request": request}).data)
