"""Imports: uploaded files of sales, with their progress and result."""

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils.timezone import localtime

from flowzz.core.db.jobs import UNDER_WAY, Job
from integrations.models.integrations import Integration


class ImportState(models.TextChoices):
    QUEUED = "QUEUED", "Na fila"
    RUNNING = "RUNNING", "Em andamento"
    PREVIEWED = "PREVIEWED", "Aguardando confirmação"
    SUCCEEDED = "SUCCEEDED", "Concluída"
    FAILED = "FAILED", "Falhou"


class SalesImport(Job):
    """An uploaded file and its result. Only `integrations.imports` changes its state."""

    integration = models.ForeignKey(
        Integration, models.CASCADE, related_name="imports", verbose_name="integração"
    )
    file_name = models.CharField("arquivo", max_length=255, blank=True)
    content = models.BinaryField("conteúdo (comprimido)", null=True, editable=False)
    exported_at = models.DateTimeField(
        "exportado em",
        null=True,
        blank=True,
        help_text="Sem esta data, o arquivo só avança o status, nunca volta.",
    )
    is_preview = models.BooleanField("prévia", default=False)
    state = models.CharField(
        "estado", max_length=9, choices=ImportState, default=ImportState.QUEUED
    )
    columns = models.JSONField("colunas", default=list, blank=True)
    total = models.PositiveIntegerField("linhas", default=0)  # 0: the worker has yet to count
    created = models.PositiveIntegerField("criadas", default=0)
    updated = models.PositiveIntegerField("atualizadas", default=0)
    unchanged = models.PositiveIntegerField("sem mudança", default=0)
    errors = models.PositiveIntegerField("com erro", default=0)
    error_lines = models.JSONField(
        "erros por linha", default=list, blank=True, encoder=DjangoJSONEncoder
    )
    warnings = models.PositiveIntegerField("com aviso", default=0)
    warning_lines = models.JSONField("avisos por linha", default=list, blank=True)
    unknown_words = models.JSONField("textos não reconhecidos", default=list, blank=True)
    amount = models.DecimalField("soma dos totais", max_digits=16, decimal_places=2, default=0)

    class Meta:
        verbose_name = "importação"
        verbose_name_plural = "importações"
        constraints = [
            models.UniqueConstraint(
                fields=["integration"],
                condition=Q(state__in=UNDER_WAY),
                name="import_one_under_way",
            )
        ]
        indexes = [
            *Job.Meta.indexes,
            models.Index(
                fields=["created_at"], condition=Q(content__isnull=False), name="import_with_file"
            ),
        ]

    def __str__(self) -> str:
        return self.file_name or f"Arquivo de {localtime(self.created_at):%d/%m/%Y %H:%M}"

    @property
    def percent(self) -> int:
        return min(100, self.processed * 100 // self.total) if self.total else 0

    @property
    def accepted(self) -> int:
        """The number of lines that are not refused."""
        return self.total - self.errors
