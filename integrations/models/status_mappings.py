"""Status words of a provider and the statuses that staff map them to."""

from django.conf import settings
from django.db import models

from flowzz.core.ids import uuid7
from integrations.providers.contracts import StatusField


class StatusMapping(models.Model):
    """An unknown status word from a payload. Once staff set `status`, the word means that."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    provider = models.CharField("plataforma", max_length=32)
    field = models.CharField("tipo (pedido / entrega)", max_length=12, choices=StatusField)
    word = models.CharField("texto recebido", max_length=100)
    status = models.CharField("significado", max_length=9, blank=True)
    mapped_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="definido por",
    )
    mapped_at = models.DateTimeField("definido em", null=True, blank=True)
    first_seen_at = models.DateTimeField("visto pela primeira vez", auto_now_add=True)

    class Meta:
        verbose_name = "status não reconhecido"
        verbose_name_plural = "status não reconhecidos"
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "field", "word"], name="status_mapping_unique"
            )
        ]

    def __str__(self) -> str:
        return self.word


class StatusMappingUsage(models.Model):
    """An order or subscription whose status comes from a mapping; read when it changes."""

    mapping = models.ForeignKey(StatusMapping, models.CASCADE, related_name="usages")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    external_id = models.CharField(max_length=128)

    class Meta:
        verbose_name = "uso de um significado"
        verbose_name_plural = "usos dos significados"
        constraints = [
            models.UniqueConstraint(
                fields=["mapping", "user", "external_id"], name="status_mapping_usage_unique"
            )
        ]
