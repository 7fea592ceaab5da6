"""Exports: lists of sales or clients that staff download as files, and the files' parts."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.utils import timezone

from flowzz.core.db.jobs import Job

FILE_LIFETIME = timedelta(hours=24)


class ExportSubject(models.TextChoices):
    SALES = "sales", "Vendas"
    CLIENTS = "clients", "Clientes"


class ExportFormat(models.TextChoices):
    CSV = "csv", "CSV"
    XLSX = "xlsx", "Excel"
    NDJSON = "ndjson", "NDJSON"


class ExportState(models.TextChoices):
    QUEUED = "QUEUED", "Na fila"
    RUNNING = "RUNNING", "Em andamento"
    SUCCEEDED = "SUCCEEDED", "Pronta"
    FAILED = "FAILED", "Falhou"


def expiry() -> datetime:
    return timezone.now() + FILE_LIFETIME


class Export(Job):
    """An export and its file, both deleted at `expires_at`.

    Only `sales.exports.export_jobs` changes its state.
    """

    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name="pedida por"
    )
    subject = models.CharField("lista", max_length=7, choices=ExportSubject)
    format = models.CharField("formato", max_length=6, choices=ExportFormat)
    query = models.TextField("filtros", blank=True, help_text="Como no endereço da lista.")
    is_own = models.BooleanField(
        "pela API",
        default=False,
        db_default=False,
        help_text="Só as vendas e os clientes de quem pediu, com os filtros da API.",
    )
    state = models.CharField(
        "estado", max_length=9, choices=ExportState, default=ExportState.QUEUED
    )
    is_masked = models.BooleanField("dados pessoais mascarados", default=True)
    total = models.PositiveIntegerField("linhas", default=0)
    processed = models.PositiveIntegerField("escritas", default=0)
    size = models.PositiveBigIntegerField("bytes", default=0)
    created_at = models.DateTimeField("pedida em", auto_now_add=True)
    expires_at = models.DateTimeField("guardada até", default=expiry, db_index=True)

    class Meta:
        verbose_name = "exportação"
        verbose_name_plural = "exportações"
        default_permissions = ("view",)
        permissions = [("make_export", "Pode exportar vendas e clientes")]
        constraints = [
            models.UniqueConstraint(
                fields=["requested_by"],
                condition=models.Q(state=ExportState.RUNNING),
                name="export_one_of_a_requester",
            )
        ]
        indexes = [*Job.Meta.indexes]

    def __str__(self) -> str:
        return f"{self.get_subject_display()} em {self.get_format_display()}"

    @property
    def is_ready(self) -> bool:
        return self.state == ExportState.SUCCEEDED and self.expires_at > timezone.now()


class ExportPart(models.Model):
    """A part of an export's file, in the database because web and worker may share no disk."""

    export = models.ForeignKey(Export, models.CASCADE, related_name="parts", db_index=False)
    number = models.PositiveIntegerField()
    content = models.BinaryField()

    class Meta:
        verbose_name = "parte de exportação"
        verbose_name_plural = "partes de exportação"
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["export", "number"], name="export_part_unique")
        ]
