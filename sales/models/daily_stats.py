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


class DailyTotal(models.Model):
    """The sales of a day that share both statuses and the payment code, without deleted ones. BRL.

    An amount is the sum over the sales whose amount is known; `known_…` is their number.
    """

    pk = models.CompositePrimaryKey("user_id", "day", "status", "shipping_status", "payment_code")
    user_id = models.UUIDField()
    day = models.DateField()
    status = models.CharField(max_length=9)
    shipping_status = models.CharField(max_length=9)
    payment_code = models.CharField(max_length=16)
    sales = models.PositiveIntegerField()
    value = models.DecimalField(max_digits=18, decimal_places=2)
    known_commissions = models.PositiveIntegerField()
    commission = models.DecimalField(max_digits=18, decimal_places=2)
    known_fees = models.PositiveIntegerField()
    fees = models.DecimalField(max_digits=18, decimal_places=2)
    known_nets = models.PositiveIntegerField()
    net = models.DecimalField(max_digits=18, decimal_places=2)
    deliveries = models.PositiveIntegerField()
    delivery_days = models.PositiveBigIntegerField()

    class Meta:
        verbose_name = "total do dia"
        verbose_name_plural = "totais dos dias"


class Dimension(models.TextChoices):
    """What a day's revenue and cash on delivery are broken down by."""

    PRODUCT = "product", "Produto"
    CAMPAIGN = "campaign", "Campanha"
    STATE = "state", "Estado"


class DailyStat(models.Model):
    """The revenue of a day that shares a name in one dimension, and its cash on delivery. BRL."""

    pk = models.CompositePrimaryKey("user_id", "day", "dimension", "name")
    user_id = models.UUIDField()
    day = models.DateField()
    dimension = models.CharField(max_length=9, choices=Dimension)
    name = models.CharField(max_length=500)
    sales = models.PositiveIntegerField()
    quantity = models.PositiveBigIntegerField()
    value = models.DecimalField(max_digits=18, decimal_places=2)
    scheduled = models.PositiveIntegerField()
    scheduled_value = models.DecimalField(max_digits=18, decimal_places=2)
    shipped = models.PositiveIntegerField()
    shipped_value = models.DecimalField(max_digits=18, decimal_places=2)
    failed = models.PositiveIntegerField()
    failed_value = models.DecimalField(max_digits=18, decimal_places=2)
    delivered = models.PositiveIntegerField()
    delivered_value = models.DecimalField(max_digits=18, decimal_places=2)
    returned = models.PositiveIntegerField()
    returned_value = models.DecimalField(max_digits=18, decimal_places=2)
    cancelled = models.PositiveIntegerField()
    cancelled_value = models.DecimalField(max_digits=18, decimal_places=2)
    deliveries = models.PositiveIntegerField()
    delivery_days = models.PositiveBigIntegerField()

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
