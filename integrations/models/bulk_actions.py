"""What staff had done to thousands of rows at once, and how far it is."""

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from flowzz.core.ids import uuid7
from integrations.models.integrations import Integration
from integrations.models.status_mappings import StatusMapping


class BulkKind(models.TextChoices):
    REPLAY = "replay", "Reprocessar"
    ASSIGN = "assign", "Atribuir"
    DISCARD = "discard", "Descartar"
    REMAP = "remap", "Aplicar significado"


class BulkState(models.TextChoices):
    QUEUED = "QUEUED", "Na fila"
    RUNNING = "RUNNING", "Em andamento"
    DONE = "DONE", "Concluída"
    CANCELLED = "CANCELLED", "Cancelada"


UNDER_WAY = (BulkState.QUEUED, BulkState.RUNNING)


class BulkAction(models.Model):
    """A group of events, or the sales of a word. Only `bulk_actions.bulk_jobs` moves its state.

    What lies behind the cursor is done; `batch` is taken and not yet counted.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField("ação", max_length=8, choices=BulkKind)
    state = models.CharField("estado", max_length=9, choices=BulkState, default=BulkState.QUEUED)
    cause = models.CharField("causa", max_length=160, blank=True)
    until = models.DateTimeField("recebidos até", null=True, blank=True)
    word = models.ForeignKey(
        StatusMapping, models.CASCADE, null=True, blank=True, verbose_name="palavra"
    )
    meaning_before = models.CharField("significado anterior", max_length=9, blank=True)
    integration = models.ForeignKey(
        Integration, models.CASCADE, null=True, blank=True, verbose_name="atribuir a"
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
    done = models.PositiveIntegerField("feitos", default=0)
    failed = models.PositiveIntegerField("com falha", default=0)
    outcomes = models.JSONField("resultados", default=dict, blank=True)
    cursor_at = models.DateTimeField(null=True, editable=False)
    cursor_id = models.UUIDField(null=True, editable=False)
    cursor_key = models.CharField(max_length=128, blank=True, editable=False)
    batch = ArrayField(models.UUIDField(), default=list, editable=False)
    created_at = models.DateTimeField("pedida em", auto_now_add=True)
    updated_at = models.DateTimeField("último avanço", auto_now=True)
    finished_at = models.DateTimeField("concluída em", null=True, blank=True)

    class Meta:
        verbose_name = "ação em massa"
        verbose_name_plural = "ações em massa"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["cause"],
                condition=Q(state__in=["QUEUED", "RUNNING"]) & ~Q(cause=""),
                name="bulk_one_per_cause",
            ),
            models.UniqueConstraint(
                fields=["word"],
                condition=Q(state__in=["QUEUED", "RUNNING"], word__isnull=False),
                name="bulk_one_per_word",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.cause or self.word or ''}"

    @property
    def is_under_way(self) -> bool:
        return self.state in UNDER_WAY

    @property
    def percent(self) -> int:
        """Of the rows there were when it was asked for; never over 100."""
        if self.state == BulkState.DONE:
            return 100
        return min(100, 100 * self.done // self.total) if self.total else 0
