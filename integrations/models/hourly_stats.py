"""What went on, hour by hour: what the charts of the back-office are drawn from."""

from django.db import models


class Circuit(models.TextChoices):
    CLOSED = "closed", "fechado"
    HALF_OPEN = "half_open", "em teste"
    OPEN = "open", "aberto"


class HourlyStats(models.Model):
    """The sums of one hour, written by `integrations.monitoring.hourly_stats` alone."""

    hour = models.DateTimeField("hora", primary_key=True)
    events = models.JSONField("eventos por resultado ou estado", default=dict)
    reasons = models.JSONField("quarentenas por causa", default=dict)
    latencies = models.JSONField("eventos por tempo de processamento", default=dict)
    runs = models.JSONField("sincronizações por estado", default=dict)
    run_errors = models.JSONField("sincronizações por erro", default=dict)
    sales_created = models.PositiveIntegerField("vendas criadas", default=0)
    sales_updated = models.PositiveIntegerField("vendas atualizadas", default=0)
    oldest_seconds = models.FloatField("maior espera de um evento (s)", db_default=0.0)
    circuit = models.CharField(
        "pior estado do circuito", max_length=9, choices=Circuit, db_default=Circuit.CLOSED
    )

    class Meta:
        verbose_name = "hora de atividade"
        verbose_name_plural = "horas de atividade"

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H:%M}"
