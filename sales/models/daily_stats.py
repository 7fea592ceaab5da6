"""Stored totals of each local day; only `sales.stats.daily_stats` reads and writes them.

Without foreign keys: triggers insert dirty days even while their user is being deleted; those days
are then recounted to nothing.
"""

from django.db import models


class DirtyDay(models.Model):
    """A local day of a client whose sales changed, inserted by triggers with the change.

    Rows are only inserted and deleted, so that no two writers wait for each other.
    """

    id = models.BigAutoField(primary_key=True)
    user_id = models.UUIDField()
    client_id = models.UUIDField(null=True)
    day = models.DateField()

    class Meta:
        verbose_name = "dia a recalcular"
        verbose_name_plural = "dias a recalcular"
        indexes = [models.Index(fields=["user_id"], name="dirtyday_user")]


class Dimension(models.TextChoices):
    """What a stat is broken down by; products and campaigns count revenue only."""

    STATUS = "status", "Situação"
    SHIPPING = "shipping", "Entrega"
    PRODUCT = "product", "Produto"
    CAMPAIGN = "campaign", "Campanha"
    SCHEDULED = "scheduled", "Pós-paga agendada"


class DailyStat(models.Model):
    """The sales of a day that share a name in one dimension, without deleted sales. BRL."""

    pk = models.CompositePrimaryKey("user_id", "day", "dimension", "name")
    user_id = models.UUIDField()
    day = models.DateField()
    dimension = models.CharField(max_length=9, choices=Dimension)
    name = models.CharField(max_length=500)
    sales = models.PositiveIntegerField()
    quantity = models.PositiveBigIntegerField()
    value = models.DecimalField(max_digits=18, decimal_places=2)

    class Meta:
        verbose_name = "número do dia"
        verbose_name_plural = "números dos dias"


class DailyClientStat(models.Model):
    """The clients who bought on a day, counted by the day of their previous sale; null: none.

    In any range, each client is counted on the one day whose `previous_day` is before the range.
    """

    id = models.BigAutoField(primary_key=True)
    user_id = models.UUIDField()
    day = models.DateField()
    previous_day = models.DateField(null=True)
    clients = models.PositiveIntegerField()

    class Meta:
        verbose_name = "clientes do dia"
        verbose_name_plural = "clientes dos dias"
        indexes = [
            models.Index(
                fields=["user_id", "day", "previous_day"],
                include=["clients"],
                name="dailyclientstat_user_day",
            )
        ]
