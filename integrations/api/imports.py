"""Importing sales from a file of a provider."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.core.exceptions import SuspiciousOperation
from drf_spectacular.utils import OpenApiParameter
from rest_framework import exceptions, parsers, viewsets
from rest_framework.decorators import action
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle

from flowzz.core.api.errors import (
    ApiError,
    BodyTooLarge,
    NotFound,
    ServerError,
    UnsupportedMediaType,
    ValidationFailed,
)
from flowzz.core.api.idempotency import idempotent
from flowzz.core.api.json_parser import JSONParser
from flowzz.core.api.schema.openapi import operation
from flowzz.core.api.throttling import ApiThrottle, RateThrottle
from flowzz.core.api.views import current_user_id, success
from integrations.api.import_serializers import ImportSerializer, UploadSerializer
from integrations.imports import import_jobs
from integrations.models import ImportState, SalesImport
from integrations.runtime_settings import IMPORT_RATE

TAG = "Importação"
IMPORT_ID = OpenApiParameter("id", UUID, OpenApiParameter.PATH)


class ImportInProgress(ApiError):
    status_code = 409
    code = "IMPORT_IN_PROGRESS"
    message = "Já há uma importação em andamento. Aguarde o fim dela."


class FileTooLarge(BodyTooLarge):
    message = (
        f"O arquivo passa do limite de {import_jobs.MAX_BYTES // 1024**2} MB. "
        "Divida-o e envie as partes."
    )


class FileExpected(UnsupportedMediaType):
    message = "Envie o arquivo em multipart/form-data, no campo `file`."


def _form(request: Request) -> Any:
    """Return the form of a request. Raises ApiError for one that is too large or unreadable."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > import_jobs.MAX_FORM_BYTES:
        raise FileTooLarge
    try:
        return request.data
    except exceptions.UnsupportedMediaType:
        raise FileExpected from None
    except exceptions.ParseError:
        raise ValidationFailed("O corpo não é um multipart/form-data válido.") from None
    except SuspiciousOperation:  # more fields, or longer ones, than Django reads
        raise FileTooLarge from None


class ImportThrottle(RateThrottle):
    name = "import"
    rate = IMPORT_RATE


class ImportViewSet(viewsets.ViewSet):
    """The user's imports. They need no connected integration."""

    parser_classes = (parsers.MultiPartParser,)
    throttle_classes = (ApiThrottle, ImportThrottle)

    def get_throttles(self) -> list[BaseThrottle]:
        return super().get_throttles() if self.request.method == "POST" else [ApiThrottle()]

    @operation(
        TAG,
        "Importar vendas de um arquivo CSV, ou ver antes o que ele faria",
        ImportSerializer,
        ValidationFailed,
        ImportInProgress,
        FileTooLarge,
        FileExpected,
        accepted=ImportSerializer,
        request={"multipart/form-data": UploadSerializer},
    )
    @idempotent(_form)
    def create(self, request: Request) -> Response:
        form = UploadSerializer(data=_form(request))
        form.is_valid(raise_exception=True)
        file = form.validated_data["file"]
        if file.size > import_jobs.MAX_BYTES:
            raise FileTooLarge
        with _as_api_errors():
            row = import_jobs.receive(
                user_id=current_user_id(request),
                provider=form.validated_data["provider"],
                content=file.read(),
                file_name=file.name,
                exported_at=form.validated_data["exported_at"],
                is_preview=form.validated_data["preview"],
            )
        return _response(row)

    @operation(TAG, "Acompanhar uma importação", ImportSerializer, NotFound, parameters=[IMPORT_ID])
    def retrieve(self, request: Request, pk: str) -> Response:
        return success(ImportSerializer(self._row(pk)).data)

    @operation(
        TAG,
        "Importar o arquivo de uma prévia",
        ImportSerializer,
        ValidationFailed,
        NotFound,
        ImportInProgress,
        accepted=ImportSerializer,
        request=None,
        parameters=[IMPORT_ID],
    )
    @action(detail=True, methods=["post"], parser_classes=[JSONParser, parsers.MultiPartParser])
    @idempotent()
    def confirm(self, request: Request, pk: str) -> Response:
        with _as_api_errors():
            return _response(import_jobs.confirm(self._row(pk)))

    def _row(self, pk: str) -> SalesImport:
        """Return one of the user's own imports. Raises Http404."""
        rows = SalesImport.objects.filter(integration__user_id=current_user_id(self.request))
        return get_object_or_404(rows.defer("content"), id=pk)


@contextmanager
def _as_api_errors() -> Iterator[None]:
    try:
        yield
    except import_jobs.FileRefused as error:
        raise ValidationFailed.of("file", error.message) from None
    except import_jobs.ImportUnderWay:
        raise ImportInProgress from None


def _response(row: SalesImport) -> Response:
    data = ImportSerializer(row).data
    if row.is_under_way:
        return success(data, "Importação em andamento. Acompanhe o progresso.", status=202)
    if row.state == ImportState.FAILED:
        raise ServerError
    figures = f"{row.created} vendas criadas, {row.updated} atualizadas, {row.errors} com erro"
    if row.state == ImportState.PREVIEWED:
        return success(data, f"Prévia, nada foi gravado: {figures}")
    return success(data, f"Importação concluída: {figures}")
