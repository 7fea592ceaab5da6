"""Connecting to a provider, the connection's status, and disconnecting."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.utils.decorators import method_decorator
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from flowzz.core.api.etags import is_current, make_etag, never_stored, with_etag
from flowzz.core.api.idempotency import idempotent
from flowzz.core.api.schema.openapi import listing, operation
from flowzz.core.api.views import SparseFieldsMixin, current_user_id, success
from flowzz.core.formatting import format_count
from integrations import connection, modes
from integrations.api import errors
from integrations.api.connection_serializers import (
    ConnectSerializer,
    IntegrationSerializer,
    OwnerSerializer,
)
from integrations.api.provider_views import TAG, ProviderViewSet
from integrations.models import Integration, IntegrationMode
from integrations.providers.errors import EndpointMissing
from integrations.webhooks import tokens


@method_decorator(never_stored, name="dispatch")
class IntegrationListViewSet(
    SparseFieldsMixin, mixins.ListModelMixin, viewsets.GenericViewSet[Integration]
):
    serializer_class = IntegrationSerializer
    queryset = Integration.objects.all()

    def get_queryset(self) -> QuerySet[Integration]:
        return super().get_queryset().filter(user_id=current_user_id(self.request))

    @listing(TAG, "Listar as integrações do usuário", IntegrationSerializer)
    def list(self, request: Request) -> Response:
        response = super().list(request)
        etag = make_etag(current_user_id(request), str(response.data))
        return with_etag(Response(status=304) if is_current(request, etag) else response, etag)


@method_decorator(never_stored, name="dispatch")
class ConnectionViewSet(ProviderViewSet):
    polled = ("status",)

    @operation(
        TAG,
        f"Conectar o {errors.LABEL}, renovar a chave ou mudar o modo",
        IntegrationSerializer,
        errors.ConnectionFailed,
        errors.ConnectInProgress,
        request=ConnectSerializer,
    )
    @action(detail=False, methods=["post"])
    @idempotent()
    def connect(self, request: Request, provider: str) -> Response:
        body = ConnectSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        integration = self._connect(current_user_id(request), body.validated_data)
        result = " com sucesso" if modes.uses_api(integration) else ": vendas por webhook"
        return self._answer(integration, f"Integração {self.provider.label} conectada{result}")

    def _connect(self, user_id: UUID, values: dict[str, Any]) -> Integration:
        options: dict[str, Any] = {
            "user_id": user_id,
            "provider": self.provider.name,
            "custom_webhook_url": values.get("webhook_url"),
        }
        if values["mode"] == IntegrationMode.WEBHOOK:
            return connection.connect_by_webhooks(**options)
        try:
            return connection.connect(api_key=values["api_key"], **options)
        except connection.ConnectUnderWay:
            raise errors.ConnectInProgress from None
        except EndpointMissing as error:
            proposal = f"{error.message} {errors.WEBHOOKS_PROPOSED}"
            raise errors.ConnectionFailed(self.provider, proposal) from None
        except errors.CONNECTION_ERRORS as error:
            raise errors.ConnectionFailed(self.provider, error.message) from None

    @operation(TAG, "Ver o status da integração", IntegrationSerializer, errors.IntegrationNotFound)
    @action(detail=False)
    def status(self, request: Request, provider: str) -> Response:
        return self._answer(self.integration())

    @operation(
        TAG,
        "Informar o seu e-mail na plataforma",
        IntegrationSerializer,
        errors.IntegrationNotFound,
        request=OwnerSerializer,
    )
    @status.mapping.patch
    def set_owner(self, request: Request, provider: str) -> Response:
        integration = self.integration()
        body = OwnerSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        connection.set_owner_email(integration, body.validated_data["owner_email"] or "")
        return self._answer(integration, "E-mail salvo; as comissões das vendas são recalculadas")

    @operation(TAG, "Desconectar", IntegrationSerializer, errors.IntegrationNotFound, request=None)
    @action(detail=False, methods=["post"])
    @idempotent()
    def disconnect(self, request: Request, provider: str) -> Response:
        integration = self.integration()
        connection.disconnect(integration)
        message = f"Integração {self.provider.label} desconectada com sucesso"
        return self._answer(integration, message)

    @operation(
        TAG,
        "Trocar o endereço de webhook",
        IntegrationSerializer,
        errors.IntegrationNotFound,
        request=None,
    )
    @action(detail=False, methods=["post"], url_path="webhook/rotate")
    @idempotent()
    def rotate(self, request: Request, provider: str) -> Response:
        integration = self.integration()
        tokens.rotate_token(integration)
        hours = settings.WEBHOOK_TOKEN_GRACE // timedelta(hours=1)
        valid = format_count(hours, "hora", "horas")
        return self._answer(
            integration, f"Novo endereço de webhook criado; o anterior vale por mais {valid}"
        )

    def _answer(self, integration: Integration, message: str = "") -> Response:
        data = IntegrationSerializer(integration, context={"request": self.request}).data
        return success(data, message)
