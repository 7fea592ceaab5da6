"""Alerts of integrations, opened and resolved by rules."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from flowzz.core.ids import uuid7
from integrations.models.integrations import Integration


class AlertKind(models.TextChoices):
    SYNC_LATE = "sync_late", "Sem sincronização há 24 horas"
    SYNC_FAILING = "sync_failing", "Três sincronizações seguidas com falha"
    KEY_REFUSED = "key_refused", "Chave de API recusada"
    KEY_OLD = "key_old", "Chave de API antiga"
    CIRCUIT_OPEN = "circuit_open", "API da plataforma fora do ar"
    DEAD_LETTERS = "dead_letters", "Eventos em quarentena"
    QUEUE_LATE = "queue_late", "Fila atrasada"
    SILENCE = "silence", "Webhooks em silêncio"


class Alert(models.Model):
    """A violated rule, open until `resolved_at`; without an integration it concerns all Flowzz."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    integration = models.ForeignKey(
        Integration,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="alerts",
        verbose_name="integração",
    )
    kind = models.CharField("tipo", max_length=32, choices=AlertKind)
    message = models.TextField("mensagem")
    opened_at = models.DateTimeField("aberto em", auto_now_add=True)
    resolved_at = models.DateTimeField("resolvido em", null=True, blank=True)
    opening_mailed = models.BooleanField("abertura avisada", default=False)
    resolution_mailed = models.BooleanField("solução avisada", default=False)

    class Meta:
        verbose_name = "alerta"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["integration", "kind"],
                condition=Q(resolved_at__isnull=True),
                nulls_distinct=False,
                name="alert_open_once",
            )
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["opened_at"],
                condition=Q(opening_mailed=False)
                | Q(resolution_mailed=False, resolved_at__isnull=False),
                name="alert_unmailed",
            )
        ]

    def __str__(self) -> str:
        return self.get_kind_display()
