"""Events: every acknowledged webhook is a row before and after it is processed."""

from datetime import timedelta

from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models import Q, QuerySet, RowRange, Sum, Value, Window
from django.db.models.functions import Coalesce, Now
from django.utils.timezone import localtime

from flowzz.core.db.bulk_upsert import BulkRow
from flowzz.core.db.partitions import PartitionedTable, Period
from flowzz.core.ids import uuid7
from integrations.models.integrations import Integration


class EventState(models.TextChoices):
    PENDING = "PENDING", "Pendente"
    DONE = "DONE", "Processado"
    IGNORED = "IGNORED", "Ignorado"
    RETRY = "RETRY", "Nova tentativa"
    QUARANTINED = "QUARANTINED", "Quarentena"


class EventOutcome(models.TextChoices):
    CREATED = "created", "Venda criada"
    UPDATED = "updated", "Venda atualizada"
    UNCHANGED = "unchanged", "Nada mudou"
    DUPLICATE = "duplicate", "Repetido"
    STALE = "stale", "Fora de ordem"
    DISCONNECTED = "disconnected", "Integração desconectada"
    DISCARDED = "discarded", "Descartado pela equipe"
    TEST = "test", "Teste"


class EventKind(models.TextChoices):
    ORDER = "order", "Pedido"
    SUBSCRIPTION = "subscription", "Assinatura"
    AFFILIATION = "affiliation", "Afiliação"


AFFILIATION_OUTCOMES: dict[str, str] = {
    EventOutcome.CREATED: "Afiliação recebida",
    EventOutcome.UPDATED: "Afiliação atualizada",
}
"""The outcomes whose labels name a sale."""

UNFINISHED = (EventState.PENDING, EventState.RETRY)

APPLIED = Q(state__in=(EventState.DONE, EventState.IGNORED)) & ~Q(
    outcome__in=(
        EventOutcome.DUPLICATE,
        EventOutcome.DISCONNECTED,
        EventOutcome.DISCARDED,
        EventOutcome.TEST,
    )
)
"""Events whose body was applied, or was stale."""


MAX_WAIT = timedelta(minutes=10)
"""Longer than any event waits for its next attempt."""


def is_due() -> Q:
    """Match the events that can be processed now.

    A next attempt too far ahead means that the database's clock was set back.
    """
    is_time = Q(next_attempt_at__lte=Now()) | Q(next_attempt_at__gt=Now() + MAX_WAIT)
    return Q(state=EventState.PENDING) | Q(state=EventState.RETRY) & is_time


ARRIVAL = ("received_at", "id")
"""The order in which events are processed; the id decides between equal times."""
NEWEST_FIRST = ("-received_at", "-id")


def first_within(
    events: "QuerySet[WebhookEvent]", *, count: int, size: int, order: tuple[str, ...] = ARRIVAL
) -> "QuerySet[WebhookEvent]":
    """Return at most `count` events, ending with the one whose body exceeds `size` bytes in all."""
    first = events.order_by(*order).values("id")[:count]
    before = Coalesce(Window(Sum("body_size"), order_by=order, frame=RowRange(end=-1)), Value(0))
    rows = WebhookEvent.objects.filter(id__in=first).alias(bytes_before=before)
    return rows.filter(bytes_before__lt=size).order_by(*order)


EVENTS = PartitionedTable(
    name="integrations_webhookevent", column="id", period=Period.MONTH, ahead=2
)


class WebhookEvent(BulkRow):
    """A webhook and the result of its processing. Only `integrations.inbox` changes its state."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    integration = models.ForeignKey(
        Integration,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="events",
        db_index=False,
        verbose_name="integração",
    )
    provider = models.CharField("plataforma", max_length=32)
    body_size = models.PositiveIntegerField("bytes do corpo", default=0)
    body_hash = models.BinaryField("SHA-256 do corpo", max_length=32)
    received_at = models.DateTimeField("recebido em", db_default=Now())
    kind = models.CharField("tipo", max_length=12, choices=EventKind, blank=True)
    external_id = models.CharField("pedido ou assinatura", max_length=128, blank=True)
    state = models.CharField(
        "estado", max_length=11, choices=EventState, default=EventState.PENDING
    )
    outcome = models.CharField("resultado", max_length=12, choices=EventOutcome, blank=True)
    reason = models.CharField("causa", max_length=64, blank=True)
    error = models.TextField("erro", blank=True)
    cause = models.CharField(
        "grupo da quarentena",
        max_length=160,
        blank=True,
        db_default="",
        help_text="Mesmo erro no mesmo lugar; vazio fora da quarentena.",
    )
    value_warnings = models.JSONField(
        "avisos",
        default=list,
        blank=True,
        db_default=Value([], models.JSONField()),
        help_text="Valores que não puderam ser lidos: causa e campo. O resto foi aplicado.",
    )
    attempts = models.PositiveSmallIntegerField("tentativas", default=0)
    next_attempt_at = models.DateTimeField("próxima tentativa a partir de", null=True, blank=True)
    is_replay = models.BooleanField(
        "reprocessar",
        default=False,
        help_text="Pedido pela equipe: é aplicado mesmo que o corpo já tenha vindo antes.",
    )
    finished_at = models.DateTimeField("concluído em", null=True, blank=True)

    class Meta:
        verbose_name = "evento"
        indexes = [
            models.Index(
                fields=["integration", "received_at", "id"],
                condition=Q(state__in=["PENDING", "RETRY"]),
                name="event_due",
            ),
            models.Index(fields=["integration", "body_hash"], name="event_body_hash"),
            models.Index(fields=["integration", "-received_at"], name="event_latest"),
            models.Index(
                OpClass("external_id", "varchar_pattern_ops"),
                condition=~Q(external_id=""),
                name="event_number",
            ),
            models.Index(fields=["received_at"], name="event_received"),
            # Rare values, so that staff can filter by them without reading the frequent ones.
            models.Index(
                fields=["outcome", "id"],
                condition=Q(
                    outcome__in=["unchanged", "duplicate", "stale", "disconnected", "discarded"]
                ),
                name="event_rare_outcome",
            ),
            models.Index(
                fields=["kind", "id"],
                condition=Q(kind__in=["subscription", "affiliation"]),
                name="event_rare_kind",
            ),
            models.Index(
                fields=["integration"], condition=Q(state="QUARANTINED"), name="event_quarantined"
            ),
            models.Index(
                fields=["cause", "received_at", "id"],
                condition=Q(state="QUARANTINED"),
                name="event_quarantine_group",
            ),
            models.Index(
                fields=["received_at", "id"],
                condition=~Q(value_warnings=[]),
                name="event_with_warnings",
            ),
        ]

    def __str__(self) -> str:
        return self.external_id or f"{localtime(self.received_at):%d/%m/%Y %H:%M:%S}, sem número"

    def get_outcome_display(self) -> str:  # type: ignore[no-redef]  # replaces Django's
        """Return the outcome's label, which speaks of a sale only where there is one."""
        if self.kind == EventKind.AFFILIATION and self.outcome in AFFILIATION_OUTCOMES:
            return AFFILIATION_OUTCOMES[self.outcome]
        return EventOutcome(self.outcome).label if self.outcome else ""

    @property
    def body(self) -> bytes | None:
        """The body as received; None after its deletion."""
        payload: WebhookPayload | None = getattr(self, "payload", None)
        return bytes(payload.body) if payload else None

    @property
    def headers(self) -> dict[str, str]:
        payload: WebhookPayload | None = getattr(self, "payload", None)
        return payload.headers if payload else {}


PAYLOADS = PartitionedTable(
    name="integrations_webhookpayload", column="event_id", period=Period.DAY, ahead=7
)


class WebhookPayload(BulkRow):
    """The body and headers of a webhook, deleted after PAYLOAD_RETENTION in whole days."""

    event = models.OneToOneField(
        WebhookEvent,
        models.CASCADE,
        primary_key=True,
        related_name="payload",
        db_constraint=False,  # see EventFailure.event
        verbose_name="evento",
    )
    body = models.BinaryField("corpo")
    headers = models.JSONField("cabeçalhos", default=dict)

    class Meta:
        verbose_name = "conteúdo de evento"
        verbose_name_plural = "conteúdos de eventos"
        default_permissions = ()


class EventFailure(models.Model):
    """A failed attempt to process an event."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    # No constraint: partitions of events are dropped without reading this table.
    event = models.ForeignKey(
        WebhookEvent,
        models.CASCADE,
        related_name="failures",
        db_constraint=False,
        verbose_name="evento",
    )
    attempt = models.PositiveSmallIntegerField("tentativa")
    at = models.DateTimeField("quando", db_default=Now())
    reason = models.CharField("causa", max_length=64)
    error = models.TextField("erro")

    class Meta:
        verbose_name = "tentativa sem sucesso"
        verbose_name_plural = "tentativas sem sucesso"
