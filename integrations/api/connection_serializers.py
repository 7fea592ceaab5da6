"""Connections in the API."""

from collections.abc import Mapping
from typing import Any

from django.core.validators import URLValidator
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from flowzz.accounts.api_keys.authentication import may_only_read
from flowzz.core.api.serializers import CamelCaseSerializer
from flowzz.core.db.jobs import UNDER_WAY
from integrations import modes
from integrations.api.sync_serializers import ProgressSerializer
from integrations.connection import MAX_KEY_LENGTH, MIN_KEY_LENGTH, clean_api_key
from integrations.models import Integration, IntegrationMode, IntegrationStatus
from integrations.monitoring.health import assess_integration
from integrations.providers.registry import get_provider
from integrations.webhooks import tokens

_KEY_REQUIRED = "API Key é obrigatória"


class ApiKeyField(serializers.CharField):
    def to_internal_value(self, data: Any) -> str:
        return clean_api_key(super().to_internal_value(data))


class ConnectSerializer(CamelCaseSerializer):
    api_key = ApiKeyField(
        min_length=MIN_KEY_LENGTH,
        max_length=MAX_KEY_LENGTH,
        required=False,
        help_text="Obrigatória no modo `api`; não vai no modo `webhook`",
        error_messages={
            "blank": _KEY_REQUIRED,
            "null": _KEY_REQUIRED,
            "min_length": f"API Key deve ter no mínimo {MIN_KEY_LENGTH} caracteres",
            "max_length": f"API Key deve ter no máximo {MAX_KEY_LENGTH} caracteres",
        },
    )
    mode = serializers.ChoiceField(
        IntegrationMode.choices,
        required=False,  # without a default: the generated types of clients would require it
        help_text="Sem ele, `api`. `webhook`: sem chave, só com webhooks e arquivos",
        error_messages={"invalid_choice": "O modo deve ser api ou webhook"},
    )
    webhook_url = serializers.CharField(
        max_length=500,
        required=False,
        allow_null=True,
        allow_blank=True,
        validators=[URLValidator(["http", "https"], message="Informe um endereço http(s) válido")],
        help_text="Um endereço seu na frente do nosso; é só guardado, nunca chamado",
    )

    def to_internal_value(self, data: Any) -> Any:
        """Judge the key by the mode before its form: in webhook mode any key is one too many."""
        is_object = isinstance(data, Mapping)
        if is_object and data.get("mode") == IntegrationMode.WEBHOOK and "apiKey" in data:
            raise serializers.ValidationError({"apiKey": "No modo webhook, não envie a API Key"})
        values = {"mode": IntegrationMode.API, **super().to_internal_value(data)}
        if values["mode"] == IntegrationMode.API and "api_key" not in values:
            raise serializers.ValidationError({"apiKey": _KEY_REQUIRED})
        return values


class OwnerSerializer(CamelCaseSerializer):
    owner_email = serializers.EmailField(
        max_length=254,
        allow_blank=True,
        allow_null=True,
        help_text="Seu e-mail na plataforma, que diz qual comissão é sua; vazio: o de login",
    )


class HealthSerializer(serializers.Serializer[Any]):
    score = serializers.IntegerField(min_value=0, max_value=100)
    reasons = serializers.ListField(child=serializers.CharField())


class IntegrationSerializer(CamelCaseSerializer, serializers.ModelSerializer[Integration]):
    """An integration for its owner: with its secret webhook URL, never with the API key."""

    connected = serializers.SerializerMethodField()
    status = serializers.SerializerMethodField()
    state = serializers.SerializerMethodField(help_text="`status` em código")
    mode = serializers.SerializerMethodField()
    mode_note = serializers.SerializerMethodField(
        help_text="No modo `webhook`: como as vendas chegam, e como trazer as antigas"
    )
    paused = serializers.BooleanField(
        source="is_paused", help_text="Pausada pela equipe: o que chega fica guardado"
    )
    webhook_note = serializers.SerializerMethodField(
        help_text="O `webhookUrl` que você enviou, se não for o nosso; uma chave que só lê não o vê"
    )
    owner_email = serializers.EmailField(
        source="effective_owner_email",
        help_text="O e-mail que diz qual comissão de uma venda é sua",
    )
    last_sync_status = serializers.SerializerMethodField()
    last_sync_error = serializers.SerializerMethodField()
    total_sales_synced = serializers.IntegerField(source="sales_synced")
    webhook_url = serializers.SerializerMethodField(
        help_text="null: não pode mais ser lido, e `health.reasons` diz o que fazer; ou a chave de "
        "API só lê, e não o vê"
    )
    current_sync = serializers.SerializerMethodField()
    health = serializers.SerializerMethodField()

    class Meta:
        model = Integration
        fields = (
            "id",
            "provider",
            "connected",
            "status",
            "state",
            "mode",
            "mode_note",
            "paused",
            "api_key_hint",
            "last_sync_at",
            "last_sync_status",
            "last_sync_error",
            "current_sync",
            "total_sales_synced",
            "webhook_url",
            "webhook_note",
            "owner_email",
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

    @property
    def _hides_urls(self) -> bool:
        """Return whether the caller may only read: who knows a webhook URL can send sales."""
        return may_only_read(self.context["request"])

    def get_connected(self, integration: Integration) -> bool:
        return modes.effective_status(integration) == IntegrationStatus.CONNECTED

    @extend_schema_field(serializers.ChoiceField(["conectado", "desconectado", "erro", "pendente"]))
    def get_status(self, integration: Integration) -> str:
        return str(modes.effective_status(integration).label)

    @extend_schema_field(serializers.ChoiceField(IntegrationStatus.choices))
    def get_state(self, integration: Integration) -> str:
        return modes.effective_status(integration).value

    @extend_schema_field(serializers.ChoiceField(IntegrationMode.values))
    def get_mode(self, integration: Integration) -> str:
        return modes.effective_mode(integration).value

    def get_mode_note(self, integration: Integration) -> str | None:
        if modes.uses_api(integration):
            return None
        return modes.NOTE.format(label=get_provider(integration.provider).label)

    def get_webhook_note(self, integration: Integration) -> str | None:
        return (not self._hides_urls and integration.custom_webhook_url) or None

    @extend_schema_field(serializers.ChoiceField(["success", "error"], allow_null=True))
    def get_last_sync_status(self, integration: Integration) -> str | None:
        return (modes.uses_api(integration) and integration.last_sync_status) or None

    def get_last_sync_error(self, integration: Integration) -> str | None:
        return (modes.uses_api(integration) and integration.last_sync_error) or None

    @extend_schema_field(serializers.URLField(allow_null=True))
    def get_webhook_url(self, integration: Integration) -> str | None:
        return None if self._hides_urls else tokens.readable_webhook_url(integration)

    @extend_schema_field(ProgressSerializer(allow_null=True))
    def get_current_sync(self, integration: Integration) -> Any:
        return ProgressSerializer(self._current_run).data if self._current_run else None

    @extend_schema_field(HealthSerializer)
    def get_health(self, integration: Integration) -> Any:
        health = assess_integration(integration)
        return {"score": health.score, "reasons": health.seller_reasons}
