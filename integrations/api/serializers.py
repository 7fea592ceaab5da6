"""What the API takes and tells about an integration and its runs."""

from typing import Any

from django.core.validators import URLValidator
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from flowzz.core.api.serializers import CamelCase
from flowzz.core.db.jobs import UNDER_WAY, JobState
from integrations.models import FindingKind, Integration, SyncFinding, SyncRun
from integrations.monitoring.health import assess
from integrations.monitoring.health_facts import facts_of
from integrations.webhooks import tokens

ERRORS_SHOWN = 100


class ConnectSerializer(CamelCase):
    api_key = serializers.CharField(
        min_length=20,
        max_length=500,
        error_messages={
            "required": "API Key é obrigatória",
            "blank": "API Key é obrigatória",
            "null": "API Key é obrigatória",
            "min_length": "API Key deve ter no mínimo 20 caracteres",
            "max_length": "API Key deve ter no máximo 500 caracteres",
        },
    )
    webhook_url = serializers.CharField(
        max_length=500,
        required=False,
        allow_null=True,
        allow_blank=True,
        validators=[URLValidator(["http", "https"], message="Informe um endereço http(s) válido")],
        help_text="Um endereço seu na frente do nosso; é só guardado, nunca chamado",
    )


class SyncRequestSerializer(CamelCase):
    force_full_sync = serializers.BooleanField(default=False)


class ProgressSerializer(CamelCase, serializers.ModelSerializer[SyncRun]):
    """How far a run is; `percent` is null until the total is known."""

    status = serializers.SerializerMethodField()
    page = serializers.IntegerField(source="pages", help_text="Páginas já aplicadas")
    total = serializers.SerializerMethodField()
    percent = serializers.SerializerMethodField()

    class Meta:
        model = SyncRun
        fields = ("id", "status", "page", "processed", "total", "percent", "started_at")
        read_only_fields = fields

    def get_status(self, run: SyncRun) -> str:
        return JobState(run.state).label.lower()

    def get_total(self, run: SyncRun) -> int | None:
        return run.expected

    def get_percent(self, run: SyncRun) -> int | None:
        return run.percent


class SaleErrorSerializer(CamelCase, serializers.ModelSerializer[SyncFinding]):
    class Meta:
        model = SyncFinding
        fields = ("external_id", "message")
        read_only_fields = fields


class RunSerializer(CamelCase, serializers.ModelSerializer[SyncRun]):
    """A run's result; while it is under way, `success` and `syncedAt` are null."""

    success = serializers.SerializerMethodField()
    status = serializers.SerializerMethodField()
    sales_processed = serializers.IntegerField(source="processed")
    sales_created = serializers.IntegerField(source="created")
    sales_updated = serializers.IntegerField(source="updated")
    sales_unchanged = serializers.IntegerField(source="unchanged")
    error_details = serializers.SerializerMethodField()
    synced_at = serializers.DateTimeField(source="finished_at", allow_null=True)
    error = serializers.SerializerMethodField(help_text="Por que falhou ou foi adiada")
    progress = ProgressSerializer(source="*")

    class Meta:
        model = SyncRun
        fields = (
            "id",
            "success",
            "status",
            "sales_processed",
            "sales_created",
            "sales_updated",
            "sales_unchanged",
            "errors",
            "error_details",
            "synced_at",
            "error",
            "progress",
        )
        read_only_fields = fields
        extra_kwargs = {"errors": {"help_text": "Vendas que não puderam ser lidas ou gravadas"}}

    def get_success(self, run: SyncRun) -> bool | None:
        return None if run.is_under_way else run.state == JobState.SUCCEEDED

    def get_status(self, run: SyncRun) -> str:
        return JobState(run.state).label.lower()

    @extend_schema_field(SaleErrorSerializer(many=True))
    def get_error_details(self, run: SyncRun) -> Any:
        found = run.findings.filter(kind=FindingKind.ERROR).order_by("id")
        return SaleErrorSerializer(found[:ERRORS_SHOWN], many=True).data

    def get_error(self, run: SyncRun) -> str | None:
        return run.error or None


class HealthSerializer(serializers.Serializer[Any]):
    score = serializers.IntegerField(min_value=0, max_value=100)
    reasons = serializers.ListField(child=serializers.CharField())


class StatusSerializer(CamelCase, serializers.ModelSerializer[Integration]):
    """An integration for its owner: with its webhook's secret address, never with the key."""

    connected = serializers.BooleanField(source="is_connected")
    status = serializers.ChoiceField(
        source="get_status_display", choices=["conectado", "desconectado", "erro", "pendente"]
    )
    last_sync_status = serializers.SerializerMethodField()
    last_sync_error = serializers.SerializerMethodField()
    total_sales_synced = serializers.IntegerField(source="sales_synced")
    webhook_url = serializers.SerializerMethodField()
    current_sync = serializers.SerializerMethodField()
    health = serializers.SerializerMethodField()

    class Meta:
        model = Integration
        fields = (
            "id",
            "provider",
            "connected",
            "status",
            "api_key_hint",
            "last_sync_at",
            "last_sync_status",
            "last_sync_error",
            "current_sync",
            "total_sales_synced",
            "webhook_url",
            "last_webhook_at",
            "health",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields

    @extend_schema_field(serializers.ChoiceField(["success", "error"], allow_null=True))
    def get_last_sync_status(self, integration: Integration) -> str | None:
        return integration.last_sync_status or None

    def get_last_sync_error(self, integration: Integration) -> str | None:
        return integration.last_sync_error or None

    @extend_schema_field(serializers.URLField)
    def get_webhook_url(self, integration: Integration) -> str:
        return tokens.webhook_url(integration)

    @extend_schema_field(ProgressSerializer(allow_null=True))
    def get_current_sync(self, integration: Integration) -> Any:
        run = integration.runs.filter(state__in=UNDER_WAY).first()
        return ProgressSerializer(run).data if run else None

    @extend_schema_field(HealthSerializer)
    def get_health(self, integration: Integration) -> Any:
        return HealthSerializer(assess(facts_of(integration))).data
