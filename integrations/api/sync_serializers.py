"""Sync runs in the API."""

from datetime import datetime
from typing import Any

from django.utils.timezone import localtime
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from flowzz.core.api.serializers import CamelCaseSerializer
from flowzz.core.db.jobs import JobState
from integrations.models import FindingKind, SyncFinding, SyncRun

ERRORS_SHOWN = 100


class SyncRequestSerializer(CamelCaseSerializer):
    force_full_sync = serializers.BooleanField(default=False)


class ProgressSerializer(CamelCaseSerializer, serializers.ModelSerializer[SyncRun]):
    """A run's progress; `percent` is null until the total is known."""

    status = serializers.CharField(source="state_label", read_only=True)
    page = serializers.IntegerField(source="pages", help_text="Páginas já aplicadas")
    total = serializers.IntegerField(source="expected", allow_null=True, read_only=True)
    percent = serializers.IntegerField(allow_null=True, read_only=True)
    error = serializers.SerializerMethodField(help_text="Por que espera para tentar de novo")
    retry_at = serializers.SerializerMethodField(help_text="Quando tenta de novo")

    class Meta:
        model = SyncRun
        fields = (
            "id",
            "status",
            "state",
            "page",
            "processed",
            "total",
            "percent",
            "started_at",
            "error",
            "retry_at",
        )
        read_only_fields = fields

    def get_error(self, run: SyncRun) -> str | None:
        return run.error if run.is_postponed else None

    def get_retry_at(self, run: SyncRun) -> datetime | None:
        return localtime(run.not_before) if run.is_postponed else None


class SaleErrorSerializer(CamelCaseSerializer, serializers.ModelSerializer[SyncFinding]):
    class Meta:
        model = SyncFinding
        fields = ("external_id", "message")
        read_only_fields = fields


class RunSerializer(CamelCaseSerializer, serializers.ModelSerializer[SyncRun]):
    """A run's result; until the run ends, `success` and `syncedAt` are null."""

    success = serializers.SerializerMethodField()
    status = serializers.CharField(source="state_label", read_only=True)
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
            "state",
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

    @extend_schema_field(SaleErrorSerializer(many=True))
    def get_error_details(self, run: SyncRun) -> Any:
        errors = run.findings.filter(kind=FindingKind.ERROR).order_by("id")
        return SaleErrorSerializer(errors[:ERRORS_SHOWN], many=True).data

    def get_error(self, run: SyncRun) -> str | None:
        return run.error or None
