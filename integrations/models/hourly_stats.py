"""Hourly statistics, from which the charts of the back-office are drawn."""

from typing import ClassVar

from django.db import models

from integrations.models.integrations import Integration


class Circuit(models.TextChoices):
    CLOSED = "closed", "fechado"
    HALF_OPEN = "half_open", "em teste"
    OPEN = "open", "aberto"


class HourlyStats(models.Model):
    """The counts of one hour. Only `integrations.monitoring.hourly_stats` writes them."""

    hour = models.DateTimeField("hora", primary_key=True)
    events = models.JSONField("eventos por resultado ou estado", default=dict)
    quarantine_reasons = models.JSONField("quarentenas por causa", default=dict)
    latencies = models.JSONField("eventos por tempo de processamento", default=dict)
    runs = models.JSONField("sincronizações por estado", default=dict)
    run_errors = models.JSONField("sincronizações por erro", default=dict)
    sales_created = models.PositiveIntegerField("vendas criadas", default=0)
    sales_updated = models.PositiveIntegerField("vendas atualizadas", default=0)
    longest_wait_seconds = models.FloatField("maior espera de um evento (s)", db_default=0.0)
    circuit = models.CharField(
        "pior estado do circuito", max_length=9, choices=Circuit, db_default=Circuit.CLOSED
    )

    class Meta:
        verbose_name = "hora de atividade"
        verbose_name_plural = "horas de atividade"

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H:%M}"


class HourlyWebhookCount(models.Model):
    """How many webhooks an integration received in an hour; no row means none."""

    id = models.BigAutoField(primary_key=True)
    integration = models.ForeignKey(
        Integration, models.CASCADE, db_index=False, related_name="hourly_webhook_counts"
    )
    hour = models.DateTimeField("hora")
    count = models.PositiveIntegerField("webhooks")

    class Meta:
        verbose_name = "volume de webhooks"
        verbose_name_plural = "volumes de webhooks"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["integration", "hour"], name="webhook_count_per_hour")
        ]

    def __str__(self) -> str:
        return f"{self.hour:%d/%m %H h}: {self.count}"
