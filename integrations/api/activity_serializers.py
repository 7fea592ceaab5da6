"""What happened to an integration, for its owner: events, sync runs and alerts."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from flowzz.core.api.serializers import CamelCaseSerializer, UpperChoiceField
from integrations.inbox.failure_reasons import describe_warning
from integrations.models import (
    Alert,
    AlertKind,
    EventKind,
    EventOutcome,
    SyncRun,
    Trigger,
    WebhookEvent,
)


class EventSerializer(CamelCaseSerializer, serializers.ModelSerializer[WebhookEvent]):
    kind = UpperChoiceField([*EventKind.choices, ("", "Ainda não lido")])
    outcome = UpperChoiceField([*EventOutcome.choices, ("", "Ainda nenhum")])
    reason = serializers.CharField(
        allow_blank=True, help_text="Código da causa, de um evento com erro"
    )
    explanation = serializers.SerializerMethodField(
        help_text="A causa em português, com o campo do pedido que a tem; null sem erro"
    )
    warnings = serializers.SerializerMethodField(
        help_text="Valores que não puderam ser lidos; o resto foi aplicado"
    )

    class Meta:
        model = WebhookEvent
        fields = (
            *("id", "received_at", "kind", "external_id", "state", "outcome"),
            *("reason", "explanation", "warnings", "attempts", "next_attempt_at", "finished_at"),
        )
        read_only_fields = fields
        extra_kwargs = {"external_id": {"help_text": "O número do pedido ou da assinatura"}}

    def get_explanation(self, event: WebhookEvent) -> str | None:
        return describe_warning(event.cause or event.reason) if event.reason else None

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_warnings(self, event: WebhookEvent) -> Any:
        return [describe_warning(cause) for cause in event.value_warnings]


class RunRowSerializer(CamelCaseSerializer, serializers.ModelSerializer[SyncRun]):
    """A sync run in a list; its own call has the sales with errors, too."""

    trigger = UpperChoiceField(Trigger.choices)
    full = serializers.BooleanField(source="is_full", help_text="Todas as vendas, não só as novas")
    sales_processed = serializers.IntegerField(source="processed")
    sales_created = serializers.IntegerField(source="created")
    sales_updated = serializers.IntegerField(source="updated")
    sales_unchanged = serializers.IntegerField(source="unchanged")
    missed = serializers.IntegerField(help_text="Vendas que não vieram por webhook")
    error = serializers.CharField(allow_blank=True, help_text="Por que falhou ou espera")

    class Meta:
        model = SyncRun
        fields = (
            *("id", "state", "trigger", "full"),
            *("sales_processed", "sales_created", "sales_updated", "sales_unchanged"),
            *("errors", "missed", "error", "created_at", "started_at", "finished_at"),
        )
        read_only_fields = fields
        extra_kwargs = {"errors": {"help_text": "Vendas que não puderam ser lidas ou gravadas"}}


class AlertSerializer(CamelCaseSerializer, serializers.ModelSerializer[Alert]):
    kind = UpperChoiceField(AlertKind.choices)
    title = serializers.CharField(source="get_kind_display")
    message = serializers.CharField(source="seller_message", help_text="O que houve e o que fazer")
    provider = serializers.CharField(source="integration.provider")
    resolved_at = serializers.DateTimeField(allow_null=True, help_text="null: ainda aberto")

    class Meta:
        model = Alert
        fields = ("id", "provider", "kind", "title", "message", "opened_at", "resolved_at")
        read_only_fields = fields
