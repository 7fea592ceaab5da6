"""Connections in the API."""

from typing import Any

from django.core.validators import URLValidator
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from flowzz.core.api.serializers import CamelCaseSerializer
from flowzz.core.db.jobs import UNDER_WAY
from integrations.api.sync_serializers import ProgressSerializer
from integrations.models import Integration
from integrations.monitoring.health import assess_integration
from integrations.webhooks import tokens


class ConnectSerializer(CamelCaseSerializer):
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


class HealthSerializer(serializers.Serializer[Any]):
    score = serializers.IntegerField(min_value=0, max_value=100)
    reasons = serializers.ListField(child=serializers.CharField())


class StatusSerializer(CamelCaseSerializer, serializers.ModelSerializer[Integration]):
    """An integration for its owner: with its secret webhook URL, never with the API key."""

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

    def to_representation(self, integration: Integration) -> Any:
        # The run is read before the row: of a run that ends between the two, the row has the
        # result. In the other order the run would be gone and its result missing.
        self._current_run = integration.runs.filter(state__in=UNDER_WAY).first()
        integration.refresh_from_db()
        return super().to_representation(integration)

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
        return ProgressSerializer(self._current_run).data if self._current_run else None

    @extend_schema_field(HealthSerializer)
    def get_health(self, integration: Integration) -> Any:
        return HealthSerializer(assess_integration(integration)).data
