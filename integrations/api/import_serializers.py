"""Imports in the API."""

from datetime import datetime
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from clients.models import Client
from flowzz.core.api.serializers import CamelCaseSerializer, UpperChoiceField
from integrations.imports import guide
from integrations.models import ImportState, SalesImport
from integrations.providers.contracts import StatusField
from integrations.providers.registry import provider_names
from sales.models import Sale


def _not_in_the_future(value: datetime) -> None:
    if value > timezone.now():
        raise serializers.ValidationError("A data de exportação está no futuro")


@extend_schema_field({"type": "string", "format": "binary"})
class BinaryField(serializers.FileField):
    """A file, whose content is sent: the generator would describe its URL."""


class UploadSerializer(CamelCaseSerializer):
    file = BinaryField(
        allow_empty_file=False,
        help_text="CSV ou Excel (.xlsx) com cabeçalho, de até 20 MB e 50.000 linhas",
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
        "antes. Sem isto, só avança o status, nunca volta, e completa o que falta.",
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


class AcceptedColumnSerializer(CamelCaseSerializer):
    field = serializers.CharField(help_text="O que significa, como em `columns` de uma prévia")
    headers = serializers.ListField(
        child=serializers.CharField(), help_text="Nomes que a coluna pode ter, o melhor primeiro"
    )
    example = serializers.CharField(help_text="Inventado")
    note = serializers.CharField(allow_blank=True, help_text="O que saber ao preencher")
    is_required = serializers.BooleanField()


class ImportGuideSerializer(CamelCaseSerializer):
    """What to know before an import."""

    columns = AcceptedColumnSerializer(
        many=True, help_text="As colunas que um arquivo pode ter; outras são guardadas como vieram"
    )
    formats = serializers.ListField(
        child=serializers.CharField(),
        help_text="De arquivos e do modelo: `template?type=<formato>`",
    )
    max_bytes = serializers.IntegerField()
    max_lines = serializers.IntegerField()


class SampleClientSerializer(serializers.ModelSerializer[Client]):
    class Meta:
        model = Client
        fields = ("name", "cpf", "phone", "email", "city", "state")
        read_only_fields = fields
        extra_kwargs = {"cpf": {"help_text": "CPF ou CNPJ"}}


class SampleSaleSerializer(CamelCaseSerializer, serializers.ModelSerializer[Sale]):
    line = serializers.IntegerField(help_text="Linha do arquivo")
    sale_date = serializers.DateTimeField(allow_null=True)
    client = SampleClientSerializer()

    class Meta:
        model = Sale
        fields = (
            *("line", "external_id", "sale_date", "product_name", "quantity", "total_price"),
            *("status", "shipping_status", "payment_method", "client"),
        )
        read_only_fields = fields


class UnknownWordSerializer(CamelCaseSerializer):
    field = UpperChoiceField(
        [(field.value, field.label) for field in (StatusField.ORDER, StatusField.SHIPPING)],
        help_text="De que é o status",
    )
    word = serializers.CharField()
    lines = serializers.IntegerField(help_text="Em quantas linhas está")


class LineErrorSerializer(CamelCaseSerializer):
    line = serializers.IntegerField(help_text="Linha do arquivo, a do cabeçalho é a 1")
    external_id = serializers.CharField(allow_blank=True, help_text="Número do pedido")
    message = serializers.CharField(help_text="Todos os problemas da linha")


class ImportRowSerializer(CamelCaseSerializer, serializers.ModelSerializer[SalesImport]):
    """An import in a list; its own call has columns, lines and the sample, too."""

    preview = serializers.BooleanField(source="is_preview")
    lines_total = serializers.IntegerField(source="total")
    sales_created = serializers.IntegerField(source="created")
    sales_updated = serializers.IntegerField(source="updated")
    sales_unchanged = serializers.IntegerField(source="unchanged")
    error = serializers.CharField(allow_blank=True, help_text="Por que a importação toda falhou")

    class Meta:
        model = SalesImport
        fields = (
            *("id", "state", "preview", "file_name", "exported_at", "lines_total"),
            *("sales_created", "sales_updated", "sales_unchanged", "errors", "warnings"),
            *("error", "created_at", "finished_at"),
        )
        read_only_fields = fields


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
    warning_details = LineErrorSerializer(
        source="warning_lines",
        many=True,
        help_text="Linhas importadas sem um valor que não se pôde ler; as primeiras 100",
    )
    unknown_words = UnknownWordSerializer(
        many=True,
        help_text="Status que o Flowzz não reconhece: a venda nova fica pendente, e a equipe do "
        "Flowzz pode dar um significado ao texto",
    )
    total_amount = serializers.DecimalField(
        source="amount",
        max_digits=16,
        decimal_places=2,
        help_text="Soma dos valores totais das linhas sem erro, em reais",
    )
    sample = serializers.SerializerMethodField(
        help_text="Só em uma prévia: as primeiras vendas, como serão gravadas"
    )
    error = serializers.SerializerMethodField(help_text="Por que a importação toda falhou")

    class Meta:
        model = SalesImport
        fields = (
            "id",
            "status",
            "state",
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
            "warnings",
            "warning_details",
            "unknown_words",
            "total_amount",
            "sample",
            "error",
            "created_at",
            "finished_at",
        )
        read_only_fields = fields
        extra_kwargs = {
            "errors": {"help_text": "Linhas que não puderam ser lidas ou gravadas"},
            "warnings": {"help_text": "Linhas importadas com um aviso"},
        }

    @extend_schema_field(SampleSaleSerializer(many=True))
    def get_sample(self, row: SalesImport) -> Any:
        return SampleSaleSerializer(guide.sample(row), many=True).data

    def get_error(self, row: SalesImport) -> str | None:
        return row.error or None
