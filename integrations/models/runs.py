"""Sync runs, with their cursor, checkpoint and findings."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.timezone import localtime

from flowzz.core.db.bulk_upsert import BulkRow
from flowzz.core.db.jobs import UNDER_WAY, Job, JobState
from flowzz.core.ids import uuid7
from integrations.models.integrations import Integration


class Trigger(models.TextChoices):
    INITIAL = "initial", "Primeira sincronização"
    SCHEDULE = "schedule", "Agenda"
    USER = "user", "Vendedor(a)"
    STAFF = "staff", "Equipe"


ENDED = (JobState.SUCCEEDED, JobState.FAILED)


class SyncRun(Job):
    """A sync of one integration, page by page. Only `integrations.sync` changes its state."""

    integration = models.ForeignKey(
        Integration, models.CASCADE, related_name="runs", verbose_name="integração"
    )
    trigger = models.CharField("iniciada por", max_length=8, choices=Trigger)
    is_full = models.BooleanField("completa", default=False)
    cursor_from = models.DateTimeField("desde", null=True, blank=True)
    cursor_to = models.DateTimeField("até", null=True, blank=True)
    sales_limit = models.PositiveIntegerField("no máximo (vendas)", null=True, blank=True)
    next_page = models.PositiveIntegerField("próxima página", default=1)
    page_digest = models.UUIDField("resumo da última página", null=True, editable=False)
    pages = models.PositiveIntegerField("páginas lidas", default=0)
    created = models.PositiveIntegerField("criadas", default=0)
    updated = models.PositiveIntegerField("atualizadas", default=0)
    unchanged = models.PositiveIntegerField("sem mudança", default=0)
    errors = models.PositiveIntegerField("com erro", default=0)
    missed = models.PositiveIntegerField("não vieram por webhook", default=0)
    error_code = models.CharField("código do erro", max_length=64, blank=True)

    class Meta:
        verbose_name = "sincronização"
        verbose_name_plural = "sincronizações"
        constraints = [
            models.UniqueConstraint(
                fields=["integration"], condition=Q(state__in=UNDER_WAY), name="run_one_under_way"
            )
        ]
        indexes = [
            *Job.Meta.indexes,
            models.Index(
                fields=["integration", "-finished_at"],
                condition=Q(state__in=ENDED),
                name="run_ended",
            ),
            models.Index(fields=["finished_at"], condition=Q(state__in=ENDED), name="run_finished"),
            # For the filters of the back-office that match few rows.
            models.Index(
                fields=["state", "id"],
                condition=Q(state__in=["FAILED", "CANCELLED"]),
                name="run_unsuccessful",
            ),
            models.Index(
                fields=["trigger", "id"], condition=~Q(trigger="schedule"), name="run_not_scheduled"
            ),
            models.Index(fields=["id"], condition=Q(is_full=True), name="run_full"),
        ]

    def __str__(self) -> str:
        return f"{localtime(self.created_at):%d/%m/%Y %H:%M} · {self.get_trigger_display()}"

    @property
    def is_postponed(self) -> bool:
        """Whether the run waits to try again."""
        is_later = self.not_before is not None and self.not_before > timezone.now()
        return self.is_under_way and is_later

    @property
    def expected(self) -> int | None:
        if self.total is None or self.sales_limit is None:
            return self.total
        return min(self.total, self.sales_limit)


class FindingKind(models.TextChoices):
    ERROR = "error", "Venda com erro"
    MISSED = "missed", "Só pela sincronização"
    DIFFERS = "differs", "Campos diferentes"
    UNASSOCIATED = "unassociated", "Não associada"
    WARNING = "warning", "Com aviso"


class SyncFinding(BulkRow):
    """A sale that a run could not read in full or associate, or that webhooks reported wrongly."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    run = models.ForeignKey(
        SyncRun,
        models.CASCADE,
        related_name="findings",
        db_index=False,
        verbose_name="sincronização",
    )
    kind = models.CharField("tipo", max_length=12, choices=FindingKind)
    external_id = models.CharField("pedido", max_length=128, blank=True)
    message = models.TextField("mensagem", blank=True)
    fields = models.JSONField("campos", default=list, blank=True)
    value = models.DecimalField("valor", max_digits=12, decimal_places=2, null=True, blank=True)

    class Meta:
        verbose_name = "divergência encontrada"
        verbose_name_plural = "divergências encontradas"
        indexes = [
            models.Index(fields=["external_id"], name="finding_external_id"),
            models.Index(fields=["run", "kind", "id"], name="finding_of_run"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.external_id or '—'}"
