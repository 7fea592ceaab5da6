"""Monitoring: hourly statistics, the usual rate of webhooks, and the alerts of integrations."""

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Case, Q, When
from django.db.models.functions import Now
from django.utils.timezone import localtime

from flowzz.core.ids import uuid7
from integrations.models.integrations import Integration


class Circuit(models.TextChoices):
    CLOSED = "closed", "no ar"
    HALF_OPEN = "half_open", "testando"
    OPEN = "open", "fora do ar"


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
        "pior estado da API", max_length=9, choices=Circuit, db_default=Circuit.CLOSED
    )

    class Meta:
        verbose_name = "hora de atividade"
        verbose_name_plural = "horas de atividade"


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
        constraints = [
            models.UniqueConstraint(fields=["integration", "hour"], name="webhook_count_per_hour")
        ]


class RefusalReason(models.TextChoices):
    SIGNATURE = "signature", "401 · assinatura ausente ou inválida"
    EXPIRED_URL = "expired_url", "404 · endereço anterior, fora do prazo"
    TOO_LARGE = "too_large", "413 · corpo grande demais"
    RATE = "rate", "429 · acima do limite por minuto"
    OBSERVED = "observed", "Aceito: assinatura inválida, em observação"


class WebhookRefusal(models.Model):
    """The webhooks of an integration that were refused in one minute for one reason."""

    id = models.BigAutoField(primary_key=True)
    integration = models.ForeignKey(
        Integration,
        models.CASCADE,
        db_index=False,
        related_name="webhook_refusals",
        verbose_name="integração",
    )
    minute = models.DateTimeField("minuto")
    reason = models.CharField("motivo", max_length=11, choices=RefusalReason)
    count = models.PositiveIntegerField("webhooks")
    bytes = models.PositiveBigIntegerField("bytes")

    class Meta:
        verbose_name = "webhook recusado"
        verbose_name_plural = "webhooks recusados"
        constraints = [
            models.UniqueConstraint(
                fields=["integration", "minute", "reason"], name="webhook_refusals_per_minute"
            )
        ]
        indexes = [
            models.Index(fields=["minute", "id"], name="webhook_refusal_minute"),
            models.Index(fields=["reason", "minute", "id"], name="webhook_refusal_reason"),
        ]

    def __str__(self) -> str:
        return f"{localtime(self.minute):%d/%m %H:%M} · {self.get_reason_display()}"


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


class AlertKind(models.TextChoices):
    SYNC_LATE = "sync_late", "Sem sincronização há 24 horas"
    SYNC_FAILING = "sync_failing", "Sincronizações com falha"
    KEY_REFUSED = "key_refused", "Chave de API recusada"
    KEY_OLD = "key_old", "Chave de API antiga"
    CIRCUIT_OPEN = "circuit_open", "API da plataforma fora do ar"
    DEAD_LETTERS = "dead_letters", "Eventos em quarentena"
    QUEUE_LATE = "queue_late", "Fila atrasada"
    SILENCE = "silence", "Webhooks em silêncio"
    WEBHOOKS_REFUSED = "webhooks_refused", "Webhooks recusados"
    WEBHOOK_MODE = "webhook_mode", "Passou a receber só por webhooks"
    API_ANSWERS = "api_answers", "A API da plataforma respondeu"


NOTICES = (AlertKind.WEBHOOK_MODE, AlertKind.API_ANSWERS)
"""News that is mailed once: such an alert is resolved from the beginning."""


ALERT_UNSENT = (
    Q(opening_mailed=False)
    | Q(opening_posted=False)
    | Q(resolution_mailed=False, resolved_at__isnull=False)
    | Q(resolution_posted=False, resolved_at__isnull=False)
)
ALERT_UNMAILED = Q(opening_mailed=False) | Q(resolution_mailed=False, resolved_at__isnull=False)
ALERT_UNPOSTED = Q(opening_posted=False) | Q(resolution_posted=False, resolved_at__isnull=False)


class AlertSeverity(models.TextChoices):
    CRITICAL = "critical", "Crítico"
    WARNING = "warning", "Atenção"
    NOTICE = "notice", "Aviso"


SEVERITIES = {
    **dict.fromkeys(AlertKind, AlertSeverity.WARNING),
    **dict.fromkeys(NOTICES, AlertSeverity.NOTICE),
    **dict.fromkeys(
        (
            AlertKind.KEY_REFUSED,
            AlertKind.QUEUE_LATE,
            AlertKind.WEBHOOKS_REFUSED,
            AlertKind.SILENCE,
        ),
        AlertSeverity.CRITICAL,
    ),
    AlertKind.KEY_OLD: AlertSeverity.NOTICE,
}
"""Critical is what may cost orders, or stops them."""


def needs_someone() -> Q:
    """Match the alerts that are neither resolved nor snoozed."""
    return Q(resolved_at=None) & (Q(snoozed_until=None) | Q(snoozed_until__lte=Now()))


class AlertQuerySet(models.QuerySet["Alert"]):
    def gravest_first(self) -> "AlertQuerySet":
        """Order by severity, and the newest first."""
        ranks = [
            When(kind__in=[kind for kind in SEVERITIES if SEVERITIES[kind] == level], then=rank)
            for rank, level in enumerate(AlertSeverity)
        ]
        return self.order_by(Case(*ranks), "-opened_at")


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
    seller_message = models.TextField("mensagem a quem vende", blank=True)
    opened_at = models.DateTimeField("aberto em", auto_now_add=True)
    resolved_at = models.DateTimeField("resolvido em", null=True, blank=True)
    opening_mailed = models.BooleanField("abertura avisada", default=False)
    resolution_mailed = models.BooleanField("solução avisada", default=False)
    opening_posted = models.BooleanField("abertura enviada ao canal", default=False)
    resolution_posted = models.BooleanField("solução enviada ao canal", default=False)
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="com quem está",
    )
    acknowledged_at = models.DateTimeField("visto em", null=True, blank=True)
    snoozed_until = models.DateTimeField("adiado até", null=True, blank=True)
    comment = models.CharField("comentário", max_length=500, blank=True, db_default="")

    objects: ClassVar = AlertQuerySet.as_manager()

    class Meta:
        verbose_name = "alerta"
        constraints = [
            models.UniqueConstraint(
                fields=["integration", "kind"],
                condition=Q(resolved_at__isnull=True),
                nulls_distinct=False,
                name="alert_open_once",
            )
        ]
        indexes = [models.Index(fields=["opened_at"], condition=ALERT_UNSENT, name="alert_unsent")]

    def __str__(self) -> str:
        return self.get_kind_display()

    @property
    def severity(self) -> AlertSeverity:
        return SEVERITIES[AlertKind(self.kind)]


class AlertRecipients(models.Model):
    """Which staff are mailed about a kind of alert, in place of ALERT_EMAILS; empty: nobody."""

    kind = models.CharField("tipo", max_length=32, choices=AlertKind, primary_key=True)
    emails = ArrayField(models.EmailField(), verbose_name="e-mails", default=list, blank=True)

    class Meta:
        verbose_name = "destinatários de alertas"
        verbose_name_plural = "destinatários de alertas"

    def __str__(self) -> str:
        return self.get_kind_display()
