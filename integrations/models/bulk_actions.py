"""Bulk actions of staff on thousands of events or sales, with their progress."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from flowzz.core.db.jobs import UNDER_WAY, Job, JobState
from integrations.models.integrations import Integration
from integrations.models.status_mappings import StatusMapping


class BulkKind(models.TextChoices):
    REPLAY = "replay", "Reprocessar"
    ASSIGN = "assign", "Atribuir"
    DISCARD = "discard", "Descartar"
    REMAP = "remap", "Aplicar significado"
    EARNINGS = "earnings", "Recalcular comissões"


class BulkAction(Job):
    """An action on quarantined events, on the sales with a status word, or on all sales of a user.

    Everything before the cursor is done. `batch` is committed but not counted yet. Only
    `integrations.bulk_actions` changes its state.
    """

    kind = models.CharField("ação", max_length=8, choices=BulkKind)
    cause = models.CharField("causa", max_length=160, blank=True)
    until = models.DateTimeField("recebidos até", null=True, blank=True)
    mapping = models.ForeignKey(
        StatusMapping, models.CASCADE, null=True, blank=True, verbose_name="texto recebido"
    )
    previous_status = models.CharField("significado anterior", max_length=9, blank=True)
    integration = models.ForeignKey(
        Integration, models.CASCADE, null=True, blank=True, verbose_name="integração"
    )
    reason = models.TextField("motivo", blank=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="pedida por",
    )
    total = models.PositiveIntegerField("total", default=0)
    processed = models.PositiveIntegerField("feitos", default=0)
    failed = models.PositiveIntegerField("com falha", default=0)
    outcomes = models.JSONField("resultados", default=dict, blank=True)
    cursor_at = models.DateTimeField(null=True, editable=False)
    cursor_id = models.UUIDField(null=True, editable=False)
    cursor_key = models.CharField(max_length=128, blank=True, editable=False)
    batch = ArrayField(models.UUIDField(), default=list, editable=False)
    created_at = models.DateTimeField("pedida em", auto_now_add=True)
    finished_at = models.DateTimeField("concluída em", null=True, blank=True)

    class Meta:
        verbose_name = "ação em massa"
        verbose_name_plural = "ações em massa"
        constraints = [
            models.UniqueConstraint(
                fields=["cause"],
                condition=Q(state__in=UNDER_WAY) & ~Q(cause=""),
                name="bulk_one_per_cause",
            ),
            models.UniqueConstraint(
                fields=["mapping"],
                condition=Q(state__in=UNDER_WAY, mapping__isnull=False),
                name="bulk_one_per_mapping",
            ),
        ]
        indexes = [*Job.Meta.indexes]

    def __str__(self) -> str:
        about = "" if self.cause else str(self.mapping or self.integration or "")
        return " · ".join(filter(None, (str(self.get_kind_display()), about)))

    @property
    def percent(self) -> int | None:
        return 100 if self.state == JobState.SUCCEEDED else super().percent
