"""Starting a sync run, waiting for it, and its progress."""

import time
import uuid
from threading import Lock
from typing import Final

from django.conf import settings
from drf_spectacular.utils import OpenApiParameter
from rest_framework.decorators import action
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from flowzz.core.api.errors import ServerError
from flowzz.core.api.idempotency import idempotent
from flowzz.core.api.schema.openapi import operation
from flowzz.core.api.throttling import RateThrottle
from flowzz.core.api.views import success
from flowzz.core.db.jobs import JobState
from flowzz.core.formatting import format_count
from integrations.api import errors
from integrations.api.provider_views import TAG, ProviderViewSet
from integrations.api.sync_serializers import RunSerializer, SyncRequestSerializer
from integrations.models import SyncRun, Trigger
from integrations.providers.contracts import Provider
from integrations.runtime_settings import SYNC_RATE
from integrations.sync import runs

POLL_SECONDS: Final = 0.15
MAX_WAITING: Final = 3
"""The threads of a web process, of 8, that may wait for runs."""
_CONNECTION_ERROR_CODES: Final = {error.code for error in errors.CONNECTION_ERRORS}


class SyncThrottle(RateThrottle):
    name = "sync"
    rate = SYNC_RATE
    counts_refused = False


class SyncViewSet(ProviderViewSet):
    polled = ("sync_run",)

    @operation(
        TAG,
        "Sincronizar agora",
        RunSerializer,
        errors.NotConnected,
        errors.ConnectionFailed,
        errors.IntegrationNotFound,
        errors.SyncInProgress,
        errors.SyncNotAvailable,
        accepted=RunSerializer,
        request=SyncRequestSerializer,
    )
    @action(detail=False, methods=["post"])
    @idempotent()
    def sync(self, request: Request, provider: str) -> Response:
        SyncThrottle.require(request, self)
        body = SyncRequestSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        is_full = body.validated_data["force_full_sync"]
        try:
            run = runs.request_run(self.integration(), Trigger.USER, is_full=is_full)
        except runs.Paused as paused:
            raise errors.NotConnected(self.provider, paused.message) from None
        except runs.NotConnected:
            raise errors.NotConnected(self.provider) from None
        except runs.SyncNotAvailable:
            raise errors.SyncNotAvailable from None
        except runs.RunUnderWay:
            raise errors.SyncInProgress from None
        SyncThrottle.count(request)
        wait_for(run)
        return _response(run, self.provider)

    @operation(
        TAG,
        "Acompanhar uma sincronização",
        RunSerializer,
        errors.IntegrationNotFound,
        parameters=[OpenApiParameter("run_id", uuid.UUID, OpenApiParameter.PATH)],
    )
    @action(detail=False, url_path=r"sync/(?P<run_id>[0-9a-fA-F-]{36})")
    def sync_run(self, request: Request, provider: str, run_id: str) -> Response:
        run = get_object_or_404(self.integration().runs, id=run_id)
        return success(RunSerializer(run).data)


_lock = Lock()
_waiting: set[uuid.UUID] = set()
"""The runs that threads of this process wait for: one thread a run, MAX_WAITING in all."""


def wait_for(run: SyncRun) -> None:
    """Wait until a worker ends or postpones the run, at most `SYNC_WAIT_SECONDS`.

    Return at once if another call waits for the same run, or too many calls wait.
    """
    with _lock:
        if run.id in _waiting or len(_waiting) >= MAX_WAITING:
            return
        _waiting.add(run.id)
    try:
        deadline = time.monotonic() + settings.SYNC_WAIT_SECONDS
        while run.is_under_way and not run.is_postponed and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
            run.refresh_from_db()
    finally:
        _waiting.discard(run.id)


def _response(run: SyncRun, provider: Provider) -> Response:
    """Return a run's result or progress. Raises ConnectionFailed or ServerError if it failed."""
    if run.state == JobState.FAILED:
        if run.error_code in _CONNECTION_ERROR_CODES:
            raise errors.ConnectionFailed(provider, run.error)
        raise ServerError
    return success(RunSerializer(run).data, _message(run), status=202 if run.is_under_way else 200)


def _message(run: SyncRun) -> str:
    if run.state == JobState.CANCELLED:
        return "Sincronização cancelada"
    if run.state == JobState.SUCCEEDED:
        created = format_count(run.created, "venda criada", "vendas criadas")
        updated = format_count(run.updated, "atualizada", "atualizadas")
        return f"Sincronização concluída: {created}, {updated}"
    if run.is_postponed:
        return f"Sincronização adiada: {run.error} Ela será tentada de novo sozinha."
    return "Sincronização em andamento. Acompanhe o progresso."
