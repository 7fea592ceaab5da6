"""How many webhooks came for an integration, hour by hour."""

from typing import ClassVar

from django.db import models

from integrations.models.integrations import Integration


class HourlyWebhookCount(models.Model):
    """Counted as the inbox is drained; an hour without any has no row."""

    id = models.BigAutoField(primary_key=True)
    integration = models.ForeignKey(
        Integration, models.CASCADE, db_index=False, related_name="volumes"
    )
    hour = models.DateTimeField("hora")
    events = models.PositiveIntegerField("webhooks")

    class Meta:
        verbose_name = "volume de webhooks"
        verbose_name_plural = "volumes de webhooks"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["integration", "hour"], name="volume_one_an_hour")
        ]

    def __str__(self) -> str:
        return f"{self.hour:%d/%m %H h}: {self.events}"
