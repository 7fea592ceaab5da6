"""Exports of the user's own sales and clients, in the background."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import QueryDict
from django.http.response import StreamingHttpResponse
from django_filters.utils import translate_validation
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle

from flowzz.accounts.models import request_user
from flowzz.core.api.errors import ApiError, NotFound
from flowzz.core.api.idempotency import idempotent
from flowzz.core.api.known_inputs import refuse_unknown
from flowzz.core.api.pagination import CursorPagination
from flowzz.core.api.schema.openapi import error_responses, listing, operation
from flowzz.core.api.serializers import CamelCaseSerializer, UpperChoiceField
from flowzz.core.api.throttling import CallThrottle
from flowzz.core.api.views import ListViewSet, current_user_id, success
from sales.exports import export_files, export_jobs
from sales.models.exports import Export, ExportFormat, ExportSubject

TAG = "Exportação"
FORMATS = (ExportFormat.CSV, ExportFormat.NDJSON)
EXPORT_ID = OpenApiParameter("id", UUID, OpenApiParameter.PATH)


class TooManyExports(ApiError):
    status_code = 409
    code = "TOO_MANY_EXPORTS"
    message = "Já há exportações demais em andamento. Aguarde o fim de uma."


class ExportNotReady(ApiError):
    status_code = 409
    code = "EXPORT_NOT_READY"
    message = "O arquivo ainda não está pronto. Acompanhe a exportação até `state` ser SUCCEEDED."


class ExportSerializer(CamelCaseSerializer, serializers.ModelSerializer[Export]):
    subject = UpperChoiceField(ExportSubject.choices)
    format = UpperChoiceField([(format_.value, format_.label) for format_ in FORMATS])
    rows_total = serializers.IntegerField(source="total", help_text="0 até se saber")
    rows_written = serializers.IntegerField(source="processed")
    error = serializers.CharField(allow_blank=True, help_text="Por que falhou")

    class Meta:
        model = Export
        fields = (
            *("id", "subject", "format", "state", "rows_total", "rows_written", "size"),
            *("error", "created_at", "finished_at", "expires_at"),
        )
        read_only_fields = fields
        extra_kwargs = {
            "size": {"help_text": "Bytes do arquivo, comprimido"},
            "expires_at": {"help_text": "Até quando o arquivo fica guardado"},
        }


class NewExportSerializer(serializers.Serializer[Any]):
    subject = serializers.ChoiceField([name.upper() for name in ExportSubject])
    format = serializers.ChoiceField(
        [format_.upper() for format_ in FORMATS],
        help_text="CSV: para planilhas, em português; NDJSON: uma linha por objeto, como na API",
    )
    filters = serializers.DictField(
        child=serializers.CharField(max_length=200),
        required=False,
        help_text='Os filtros da lista: `{"status": "PAID,SHIPPED", "dateFrom": "2026-11-01"}`',
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Return the fields of the export. Raises ValidationError, as the list does."""
        query = QueryDict(mutable=True)
        query.update(attrs.get("filters", {}))
        subject = ExportSubject(attrs["subject"].lower())
        user = request_user(self.context["request"])
        filters = export_files.own_filters(subject, query, user)
        unknown = {
            name: [serializers.ErrorDetail("Filtro desconhecido.", "unknown_parameter")]
            for name in query
            if name not in filters.filters
        }
        if unknown or not filters.is_valid():
            errors = unknown or translate_validation(filters.errors).detail
            raise serializers.ValidationError({"filters": errors})
        format_ = ExportFormat(attrs["format"].lower())
        return {"subject": subject, "format": format_, "query": query.urlencode()}


class ExportPagination(CursorPagination):
    fields = ()


class ExportViewSet(ListViewSet[Export]):
    queryset = Export.objects.filter(is_own=True)
    serializer_class = ExportSerializer
    pagination_class = ExportPagination

    def get_queryset(self) -> QuerySet[Export]:
        return super().get_queryset().filter(requested_by=current_user_id(self.request))

    def get_throttles(self) -> list[BaseThrottle]:
        return [CallThrottle()] if self.action == "retrieve" else super().get_throttles()

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        """Send the file to callers that accept its own type only."""
        is_forced = force or self.action == "file"
        return super().perform_content_negotiation(request, force=is_forced)

    @listing(TAG, "Listar as exportações", ExportSerializer, has_etag=False)
    def list(self, request: Request) -> Response:
        return super().list(request)

    @operation(
        TAG,
        "Exportar vendas ou clientes para um arquivo, em segundo plano",
        ExportSerializer,
        TooManyExports,
        request=NewExportSerializer,
    )
    @idempotent()
    def create(self, request: Request) -> Response:
        body = NewExportSerializer(data=request.data, context={"request": request})
        body.is_valid(raise_exception=True)
        user_id = current_user_id(request)
        export = Export(
            requested_by_id=user_id, is_own=True, is_masked=False, **body.validated_data
        )
        try:
            export_jobs.request_export(export)
        except export_jobs.ExportRefused:
            raise TooManyExports from None
        return success(ExportSerializer(export).data, "Exportação na fila")

    @operation(TAG, "Acompanhar uma exportação", ExportSerializer, NotFound, parameters=[EXPORT_ID])
    def retrieve(self, request: Request, pk: str) -> Response:
        return success(ExportSerializer(self.get_object()).data)

    @extend_schema(
        tags=[TAG],
        summary="Baixar o arquivo de uma exportação",
        parameters=[EXPORT_ID],
        responses={
            (200, export_files.CONTENT_TYPES[format_]): OpenApiTypes.STR for format_ in FORMATS
        }
        | error_responses(NotFound, ExportNotReady),
    )
    @refuse_unknown(lambda view: set())
    @action(detail=True)
    def file(self, request: Request, pk: str) -> StreamingHttpResponse:
        export = self.get_object()
        if not export.is_ready:
            raise ExportNotReady
        accepts_gzip = "gzip" in request.headers.get("Accept-Encoding", "")
        return export_files.download(export, accepts_gzip=accepts_gzip)
