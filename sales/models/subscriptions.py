"""Subscriptions and their charges."""

from django.conf import settings
from django.contrib.postgres.indexes import OpClass
from django.db import models

from clients.models import Client
from flowzz.core.ids import uuid7
from sales.models.sales import Sale
from sales.statuses import SubscriptionStatus


class Subscription(models.Model):
    """A recurring order of one client; its renewals are `SubscriptionCycle`s."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="subscriptions",
        verbose_name="vendedor(a)",
    )
    client = models.ForeignKey(
        Client,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="subscriptions",
        verbose_name="cliente",
    )
    source = models.CharField("origem", max_length=32)
    subscription_hash = models.CharField("assinatura", max_length=128)
    status = models.CharField("status", max_length=9, choices=SubscriptionStatus)
    unknown_status = models.CharField("status não reconhecido", max_length=100, blank=True)
    is_status_reported = models.BooleanField(
        "status informado",
        default=True,
        db_default=True,
        help_text="Sem isto o status é “Pendente” porque a origem nunca informou outro.",
    )
    frequency = models.CharField("frequência", max_length=64, blank=True)
    cycle = models.PositiveIntegerField("ciclo", null=True, blank=True)
    next_charge_date = models.DateTimeField("próxima cobrança", null=True, blank=True)
    product_name = models.CharField("produto", max_length=500, blank=True)
    observed_at = models.DateTimeField("visto em")
    created_at = models.DateTimeField("criado em", auto_now_add=True)
    updated_at = models.DateTimeField("atualizado em", auto_now=True)

    class Meta:
        verbose_name = "assinatura"
        constraints = [
            models.UniqueConstraint(
                fields=["user", "source", "subscription_hash"],
                name="subscription_unique_per_user_and_source",
            )
        ]
        indexes = [
            models.Index(fields=["user", "status", "next_charge_date"], name="subscription_due"),
            models.Index(fields=["user", "updated_at", "id"], name="subscription_updated"),
            models.Index(
                OpClass("subscription_hash", "varchar_pattern_ops"), name="subscription_number"
            ),
        ]

    def __str__(self) -> str:
        return self.subscription_hash


class SubscriptionCycle(models.Model):
    """One charge of a subscription, and the sale it became."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    subscription = models.ForeignKey(
        Subscription, models.CASCADE, related_name="cycles", verbose_name="assinatura"
    )
    cycle = models.PositiveIntegerField("ciclo")
    sale = models.ForeignKey(
        Sale,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="subscription_cycles",
        verbose_name="venda",
    )
    next_charge_date = models.DateTimeField("próxima cobrança", null=True, blank=True)
    observed_at = models.DateTimeField("visto em")

    class Meta:
        verbose_name = "ciclo de assinatura"
        verbose_name_plural = "ciclos de assinatura"
        constraints = [
            models.UniqueConstraint(fields=["subscription", "cycle"], name="cycle_unique")
        ]

    def __str__(self) -> str:
        return f"Ciclo {self.cycle}"
