"""How often an integration's webhooks usually arrive, by hour of the week."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from integrations.models.integrations import Integration


class WebhookBaseline(models.Model):
    """Computed every night by `integrations.monitoring.baseline` from the last four weeks."""

    integration = models.OneToOneField(
        Integration,
        models.CASCADE,
        primary_key=True,
        related_name="baseline",
        verbose_name="integração",
    )
    hourly_rates = ArrayField(models.FloatField(), verbose_name="chegadas por hora da semana")
    updated_at = models.DateTimeField("aprendido em")

    class Meta:
        verbose_name = "ritmo dos webhooks"
        verbose_name_plural = "ritmos dos webhooks"

    def __str__(self) -> str:
        return f"{sum(self.hourly_rates):.0f} por semana"
