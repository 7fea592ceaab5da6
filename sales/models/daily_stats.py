"""The rows that hold each local day's figures; `sales.stats.daily_stats` owns them.

Without foreign keys: days are marked while a user is being deleted, too, and then come out empty.
"""

from typing import ClassVar

from django.db import models


class DirtyDay(models.Model):
    """A sale of this day and client has changed: written by triggers, with the change itself.

    Marks are only ever added and taken away, so no two writers wait for each other.
    """

    id = models.BigAutoField(primary_key=True)
    user_id = models.UUIDField()
    client_id = models.UUIDField(null=True)
    day = models.DateField()

    class Meta:
        verbose_name = "dia a recalcular"
        verbose_name_plural = "dias a recalcular"
        indexes: ClassVar = [models.Index(fields=["user_id"], name="dirtyday_user")]

    def __str__(self) -> str:
        return str(self.day)


class StatField(models.TextChoices):
    """What a figure is broken down by; products and campaigns count revenue alone."""

    STATUS = "status", "Situação"
    SHIPPING = "shipping", "Entrega"
    PRODUCT = "product", "Produto"
    CAMPAIGN = "campaign", "Campanha"
    SCHEDULED = "scheduled", "Pós-paga agendada"


class DailyStat(models.Model):
    """The sales of a day that share a status, a product, …; deleted ones are left out. BRL."""

    pk = models.CompositePrimaryKey("user_id", "day", "axis", "name")
    user_id = models.UUIDField()
    day = models.DateField()
    axis = models.CharField(max_length=9, choices=StatField)
    name = models.CharField(max_length=500)
    sales = models.PositiveIntegerField()
    quantity = models.PositiveBigIntegerField()
    value = models.DecimalField(max_digits=18, decimal_places=2)

    class Meta:
        verbose_name = "número do dia"
        verbose_name_plural = "números dos dias"

    def __str__(self) -> str:
        return f"{self.day} {self.name}"


class DailyClientStat(models.Model):
    """How many clients who bought on a day had bought on `previous` before; null: never.

    In any range, each client is counted on the one day whose `previous` lies before the range.
    """

    id = models.BigAutoField(primary_key=True)
    user_id = models.UUIDField()
    day = models.DateField()
    previous = models.DateField(null=True)
    clients = models.PositiveIntegerField()

    class Meta:
        verbose_name = "clientes do dia"
        verbose_name_plural = "clientes dos dias"
        indexes: ClassVar = [
            models.Index(
                fields=["user_id", "day", "previous"],
                include=["clients"],
                name="dailyclientstat_user_day",
            )
        ]

    def __str__(self) -> str:
        return str(self.day)
