"""The connection to a provider, as its owner's frontend uses it."""

import uuid
from datetime import timedelta

from django.conf import settings
from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from flowzz.core.api.current_user import current_user_id
from flowzz.core.api.envelope import success
from flowzz.core.api.errors import ServerError, ValidationFailed
from flowzz.core.api.etags import not_modified, tagged, version_tag
from flowzz.core.api.idempotency import idempotent
from flowzz.core.api.schema.openapi import listing, operation
from flowzz.core.api.sparse_fields import SparseFields
from flowzz.core.api.throttling import ApiThrottle
from flowzz.core.db.jobs import JobState
from integrations import connection
from integrations.api import examples
from integrations.api.errors import (
    ConnectionFailed,
    IntegrationNotFound,
    NotConnected,
    SyncInProgress,
)
from integrations.api.serializers import (
    ConnectSerializer,
    RunSerializer,
    StatusSerializer,
    SyncRequestSerializer,
)
from integrations.api.throttles import SyncThrottle
from integrations.api.waiting import is_put_off, wait_for
from integrations.models import Integration, SyncRun, Trigger
from integrations.providers.coinzz import COINZZ, CoinzzProvider
from integrations.providers.errors import (
    CircuitOpen,
    KeyRefused,
    ProviderUnavailable,
    UnexpectedResponse,
)
from integrations.sync import runs
from integrations.webhooks import tokens

PROVIDER_FAULTS = (KeyRefused, UnexpectedResponse, ProviderUnavailable, CircuitOpen)
"""A person can do something about these; what else ends a run is ours to see to."""

_FAULT_CODES = {fault.code for fault in PROVIDER_FAULTS}
TAG = "Integrações"
LABEL = CoinzzProvider.label


class IntegrationListViewSet(
    SparseFields, mixins.ListModelMixin, viewsets.GenericViewSet[Integration]
):
    serializer_class = StatusSerializer
    queryset = Integration.objects.all()

    def get_queryset(self) -> QuerySet[Integration]:
        return super().get_queryset().filter(user_id=current_user_id(self.request))

    @listing(TAG, "Listar as integrações do usuário", StatusSerializer)
    def list(self, request: Request) -> Response:
        response = super().list(request)
        tag = version_tag(current_user_id(request), str(response.data))
        return tagged(Response(status=304) if not_modified(request, tag) else response, tag)


class ConnectionViewSet(viewsets.ViewSet):
    """A user's one integration with a provider."""

    provider = COINZZ

    @operation(
        TAG,
        f"Conectar o {LABEL} ou renovar a chave",
        StatusSerializer,
        ValidationFailed,
        ConnectionFailed,
        request=ConnectSerializer,
        examples=[examples.CONNECT],
    )
    @action(detail=False, methods=["post"])
    @idempotent()
    def connect(self, request: Request) -> Response:
        sent = ConnectSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        try:
            integration = connection.connect(
                user_id=current_user_id(request),
                provider=self.provider,
                api_key=sent.validated_data["api_key"],
                webhook_note=sent.validated_data.get("webhook_url"),
            )
        except PROVIDER_FAULTS as fault:
            raise ConnectionFailed(fault.message) from None
        return self._status(integration, f"Integração {LABEL} conectada com sucesso")

    @operation(
        TAG,
        "Ver a situação da integração",
        StatusSerializer,
        IntegrationNotFound,
        examples=[examples.STATUS],
    )
    @action(detail=False)
    def status(self, request: Request) -> Response:
        return self._status(self._integration())

    @operation(
        TAG,
        "Sincronizar agora",
        RunSerializer,
        ValidationFailed,
        NotConnected,
        ConnectionFailed,
        IntegrationNotFound,
        SyncInProgress,
        accepted=RunSerializer,
        request=SyncRequestSerializer,
        examples=[examples.RUN],
    )
    @action(detail=False, methods=["post"], throttle_classes=[ApiThrottle, SyncThrottle])
    @idempotent()
    def sync(self, request: Request) -> Response:
        sent = SyncRequestSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        is_full = sent.validated_data["force_full_sync"]
        try:
            run = runs.request_run(self._integration(), Trigger.USER, is_full=is_full)
        except runs.Paused as paused:
            raise NotConnected(paused.message) from None
        except runs.NotConnected:
            raise NotConnected from None
        except runs.RunUnderWay:
            raise SyncInProgress from None
        wait_for(run)
        return _outcome(run)

    @operation(
        TAG,
        "Acompanhar uma sincronização",
        RunSerializer,
        IntegrationNotFound,
        parameters=[OpenApiParameter("run_id", uuid.UUID, OpenApiParameter.PATH)],
    )
    @action(detail=False, url_path=r"sync/(?P<run_id>[0-9a-fA-F-]{36})")
    def sync_run(self, request: Request, run_id: str) -> Response:
        run = get_object_or_404(self._integration().runs, id=run_id)
        return success(RunSerializer(run).data)

    @operation(TAG, "Desconectar", StatusSerializer, IntegrationNotFound, request=None)
    @action(detail=False, methods=["post"])
    @idempotent()
    def disconnect(self, request: Request) -> Response:
        integration = self._integration()
        connection.disconnect(integration)
        return self._status(integration, f"Integração {LABEL} desconectada com sucesso")

    @operation(
        TAG, "Trocar o endereço de webhook", StatusSerializer, IntegrationNotFound, request=None
    )
    @action(detail=False, methods=["post"], url_path="webhook/rotate")
    @idempotent()
    def rotate(self, request: Request) -> Response:
        integration = self._integration()
        tokens.rotate_token(integration)
        hours = settings.WEBHOOK_TOKEN_GRACE // timedelta(hours=1)
        return self._status(
            integration, f"Novo endereço de webhook criado; o anterior vale por mais {hours} horas"
        )

    def _integration(self) -> Integration:
        """The user's own; raises IntegrationNotFound."""
        found = Integration.objects.filter(
            user_id=current_user_id(self.request), provider=self.provider
        ).first()
        if found is None:
            raise IntegrationNotFound
        return found

    def _status(self, integration: Integration, message: str = "") -> Response:
        return success(StatusSerializer(integration).data, message)


def _outcome(run: SyncRun) -> Response:
    data = RunSerializer(run).data
    if run.is_under_way:
        return success(data, _what_happens_next(run), status=202)
    if run.state == JobState.FAILED:
        raise ConnectionFailed(run.error) if run.error_code in _FAULT_CODES else ServerError()
    if run.state == JobState.CANCELLED:
        return success(data, "Sincronização cancelada")
    return success(
        data,
        f"Sincronização concluída: {run.created} vendas criadas, {run.updated} atualizadas",
    )


def _what_happens_next(run: SyncRun) -> str:
    if is_put_off(run):
        return f"Sincronização adiada: {run.error} Ela será tentada de novo sozinha."
    return "Sincronização em andamento. Acompanhe o progresso."
