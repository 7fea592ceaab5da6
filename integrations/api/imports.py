"""Importing sales from a file of a provider."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.core.exceptions import SuspiciousOperation
from django.db.models import QuerySet
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import exceptions, parsers
from rest_framework.decorators import action
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
from flowzz.core.api.known_inputs import refuse_unknown
from flowzz.core.api.pagination import CursorPagination
from flowzz.core.api.schema.openapi import error_responses, listing, operation
from flowzz.core.api.throttling import CallThrottle, RateThrottle
from flowzz.core.api.views import ListViewSet, current_user_id, success
from flowzz.core.formatting import format_count, format_number
from integrations.api.import_serializers import (
    ImportGuideSerializer,
    ImportRowSerializer,
    ImportSerializer,
    UploadSerializer,
)
from integrations.imports import import_jobs
from integrations.imports.guide import TEMPLATE_FORMATS, write_template
from integrations.models import ImportState, SalesImport
from integrations.providers.registry import default_provider, get_provider
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


MIME_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
FORMATS = [format_.upper() for format_ in TEMPLATE_FORMATS]
TEMPLATE_FORMAT = OpenApiParameter(
    "type", str, enum=FORMATS, default=FORMATS[0], description="O formato"
)


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
    counts_refused = False


class ImportPagination(CursorPagination):
    fields = ()


class ImportViewSet(ListViewSet[SalesImport]):
    """The user's imports. They need no connected integration."""

    queryset = SalesImport.objects.defer("content")
    serializer_class = ImportRowSerializer
    pagination_class = ImportPagination
    parser_classes = (parsers.MultiPartParser,)

    def get_throttles(self) -> list[BaseThrottle]:
        if self.action == "retrieve":  # polled
            return [CallThrottle()]
        own = [ImportThrottle()] if self.request.method == "POST" else []
        return super().get_throttles() + own

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        """Serve the template to callers that accept its own type only."""
        is_forced = force or self.action == "template"
        return super().perform_content_negotiation(request, force=is_forced)

    @operation(
        TAG,
        "Importar vendas de um arquivo CSV ou Excel, ou ver antes o que ele faria",
        ImportSerializer,
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
        ImportThrottle.count(request)
        return _response(row)

    @listing(
        TAG,
        "Listar as importações, da mais nova à mais antiga",
        ImportRowSerializer,
        has_etag=False,
    )
    def list(self, request: Request) -> Response:
        return super().list(request)

    @operation(TAG, "Acompanhar uma importação", ImportSerializer, NotFound, parameters=[IMPORT_ID])
    def retrieve(self, request: Request, pk: str) -> Response:
        return success(ImportSerializer(self.get_object()).data)

    @operation(
        TAG,
        "Importar o arquivo de uma prévia",
        ImportSerializer,
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
            row = import_jobs.confirm(self.get_object())
        ImportThrottle.count(request)
        return _response(row)

    @operation(
        TAG, "O que saber antes de importar: colunas, formatos, limites", ImportGuideSerializer
    )
    @action(detail=False)
    def guide(self, request: Request) -> Response:
        data = {
            "columns": get_provider(default_provider()).accepted_columns(),
            "formats": FORMATS,
            "max_bytes": import_jobs.MAX_BYTES,
            "max_lines": import_jobs.MAX_LINES,
        }
        return success(ImportGuideSerializer(data).data)

    @extend_schema(
        tags=[TAG],
        summary="Um modelo de arquivo, com duas linhas de exemplo que não são importadas",
        parameters=[TEMPLATE_FORMAT],
        responses={
            (200, MIME_TYPES["csv"]): OpenApiTypes.STR,
            (200, MIME_TYPES["xlsx"]): OpenApiTypes.BINARY,
        }
        | error_responses(),
    )
    @refuse_unknown(lambda view: {TEMPLATE_FORMAT.name})
    @action(detail=False)
    def template(self, request: Request) -> HttpResponse:
        code = request.query_params.get(TEMPLATE_FORMAT.name, FORMATS[0])
        if code not in FORMATS:
            reason = f"Use {' ou '.join(FORMATS)}."
            raise ValidationFailed.of(TEMPLATE_FORMAT.name, reason, code="INVALID_CHOICE")
        format_ = TEMPLATE_FORMATS[FORMATS.index(code)]
        return HttpResponse(
            write_template(default_provider(), format_),
            content_type=MIME_TYPES[format_],
            headers={"Content-Disposition": f'attachment; filename="modelo-de-vendas.{format_}"'},
        )

    def get_queryset(self) -> QuerySet[SalesImport]:
        imports = super().get_queryset()
        return imports.filter(integration__user_id=current_user_id(self.request))


@contextmanager
def _as_api_errors() -> Iterator[None]:
    try:
        yield
    except import_jobs.FileRefused as error:
        raise ValidationFailed.of("file", error.message, code="FILE_REFUSED") from None
    except import_jobs.ImportUnderWay:
        raise ImportInProgress from None


def _response(row: SalesImport) -> Response:
    data = ImportSerializer(row).data
    if row.is_under_way:
        return success(data, "Importação em andamento. Acompanhe o progresso.", status=202)
    if row.state == ImportState.FAILED:
        raise ServerError
    created = format_count(row.created, "venda criada", "vendas criadas")
    updated = format_count(row.updated, "atualizada", "atualizadas")
    figures = f"{created}, {updated}, {format_number(row.errors)} com erro"
    if row.state == ImportState.PREVIEWED:
        return success(data, f"Prévia, nada foi gravado: {figures}")
    return success(data, f"Importação concluída: {figures}")
