"""Imports in the API."""

from datetime import datetime
from typing import Any

from django.utils import timezone
from rest_framework import serializers

from flowzz.core.api.serializers import CamelCaseSerializer
from integrations.models import ImportState, SalesImport
from integrations.providers.registry import provider_names


def _not_in_the_future(value: datetime) -> None:
    if value > timezone.now():
        raise serializers.ValidationError("A data de exportação está no futuro")


class UploadSerializer(CamelCaseSerializer):
    file = serializers.FileField(
        allow_empty_file=False,
        help_text="CSV com cabeçalho, de até 20 MB e 50.000 linhas",
        error_messages={
            "required": "Envie o arquivo no campo `file`",
            "invalid": "Envie o arquivo no campo `file`, em multipart/form-data",
            "empty": "O arquivo está vazio",
            "no_name": "O arquivo precisa de um nome",
        },
    )
    preview = serializers.BooleanField(
        default=False, help_text="true: só mostra o que aconteceria, sem gravar vendas"
    )
    exported_at = serializers.DateTimeField(
        default=None,
        allow_null=True,
        validators=[_not_in_the_future],
        help_text="Quando o arquivo foi exportado, se souber: o que ele diz vale sobre o que veio "
        "antes. Sem isto, só leva situações adiante e completa o que falta.",
    )

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Ask for the provider only where there is more than one."""
        fields = super().get_fields()
        first, *others = provider_names()
        fields["provider"] = (
            serializers.ChoiceField([first, *others], default=first)
            if others
            else serializers.HiddenField(default=first)
        )
        return fields


class ColumnSerializer(serializers.Serializer[Any]):
    header = serializers.CharField(help_text="Como está no arquivo")
    field = serializers.CharField(
        allow_blank=True, help_text="O que significa; vazio: guardado como veio, em `metadata`"
    )


class LineErrorSerializer(CamelCaseSerializer):
    line = serializers.IntegerField(help_text="Linha do arquivo, a do cabeçalho é a 1")
    external_id = serializers.CharField(allow_blank=True, help_text="Número do pedido")
    message = serializers.CharField()


class ImportSerializer(CamelCaseSerializer, serializers.ModelSerializer[SalesImport]):
    """An import's progress and result; for a preview, the expected result."""

    status = serializers.ChoiceField(
        source="state_label", choices=[label.lower() for label in ImportState.labels]
    )
    preview = serializers.BooleanField(source="is_preview")
    columns = ColumnSerializer(many=True)
    lines_total = serializers.IntegerField(source="total")
    lines_processed = serializers.IntegerField(source="processed")
    percent = serializers.IntegerField(read_only=True)
    sales_created = serializers.IntegerField(source="created")
    sales_updated = serializers.IntegerField(source="updated")
    sales_unchanged = serializers.IntegerField(source="unchanged")
    error_details = LineErrorSerializer(
        source="error_lines", many=True, help_text="As primeiras 100"
    )
    error = serializers.SerializerMethodField(help_text="Por que a importação toda falhou")

    class Meta:
        model = SalesImport
        fields = (
            "id",
            "status",
            "preview",
            "file_name",
            "exported_at",
            "columns",
            "lines_total",
            "lines_processed",
            "percent",
            "sales_created",
            "sales_updated",
            "sales_unchanged",
            "errors",
            "error_details",
            "error",
            "created_at",
            "finished_at",
        )
        read_only_fields = fields
        extra_kwargs = {"errors": {"help_text": "Linhas que não puderam ser lidas ou gravadas"}}

    def get_error(self, row: SalesImport) -> str | None:
        return row.error or None
