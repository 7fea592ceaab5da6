"""Stored totals of local days and months; only the package `sales.stats` reads and writes them.

A month (`is_month`) has its first day as `day`. Sums are `IntegerField`s: changes are inserted as
differences, which can be negative.

Without foreign keys: triggers insert dirty days even while their user is being deleted; those days
are then recounted to nothing.
"""

from datetime import date

from django.db import models


class DirtyDay(models.Model):
    """A local day whose sales changed, inserted by triggers with the change.

    It has the client whose sale was added to the day or removed from it, none if only values
    changed. Rows are only inserted and deleted, so that no two writers wait for each other.
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
    """The sales of a day that share the status and the payment code, without deleted ones. BRL.

    An amount is the sum over the sales whose amount is known; `known_…` is their number. Columns
    such as `shipped_sales` are of the sales with that shipping status.
    """

    pk = models.CompositePrimaryKey("user_id", "is_month", "day", "status", "payment_code")
    user_id = models.UUIDField()
    is_month = models.BooleanField()
    day = models.DateField()
    status = models.CharField(max_length=9)
    payment_code = models.CharField(max_length=16)
    sales = models.IntegerField()
    value = models.DecimalField(max_digits=18, decimal_places=2)
    known_commissions = models.IntegerField()
    commission = models.DecimalField(max_digits=18, decimal_places=2)
    known_fees = models.IntegerField()
    fees = models.DecimalField(max_digits=18, decimal_places=2)
    known_nets = models.IntegerField()
    net = models.DecimalField(max_digits=18, decimal_places=2)
    deliveries = models.IntegerField()
    delivery_days = models.BigIntegerField()
    pending_sales = models.IntegerField()
    pending_value = models.DecimalField(max_digits=18, decimal_places=2)
    shipped_sales = models.IntegerField()
    shipped_value = models.DecimalField(max_digits=18, decimal_places=2)
    delivered_sales = models.IntegerField()
    delivered_value = models.DecimalField(max_digits=18, decimal_places=2)
    failed_sales = models.IntegerField()
    failed_value = models.DecimalField(max_digits=18, decimal_places=2)
    returned_sales = models.IntegerField()
    returned_value = models.DecimalField(max_digits=18, decimal_places=2)
    cancelled_sales = models.IntegerField()
    cancelled_value = models.DecimalField(max_digits=18, decimal_places=2)

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

    pk = models.CompositePrimaryKey("user_id", "is_month", "day", "dimension", "name")
    user_id = models.UUIDField()
    is_month = models.BooleanField()
    day = models.DateField()
    dimension = models.CharField(max_length=9, choices=Dimension)
    name = models.CharField(max_length=500)
    sales = models.IntegerField()
    quantity = models.BigIntegerField()
    value = models.DecimalField(max_digits=18, decimal_places=2)
    scheduled = models.IntegerField()
    scheduled_value = models.DecimalField(max_digits=18, decimal_places=2)
    shipped = models.IntegerField()
    shipped_value = models.DecimalField(max_digits=18, decimal_places=2)
    failed = models.IntegerField()
    failed_value = models.DecimalField(max_digits=18, decimal_places=2)
    delivered = models.IntegerField()
    delivered_value = models.DecimalField(max_digits=18, decimal_places=2)
    returned = models.IntegerField()
    returned_value = models.DecimalField(max_digits=18, decimal_places=2)
    cancelled = models.IntegerField()
    cancelled_value = models.DecimalField(max_digits=18, decimal_places=2)
    deliveries = models.IntegerField()
    delivery_days = models.BigIntegerField()

    class Meta:
        verbose_name = "número do dia"
        verbose_name_plural = "números dos dias"


NEVER, EVER = date(1, 1, 1), date(9999, 12, 1)


class DailyClientStat(models.Model):
    """The clients who bought on a day, counted by the day, or month, of their previous sale.

    `previous_day` is `NEVER` for those without one; the row with `EVER` counts all others. So the
    clients who return within a range are those of `EVER` less those whose previous sale lies in it.
    """

    id = models.BigAutoField(primary_key=True)
    user_id = models.UUIDField()
    is_month = models.BooleanField()
    previous_day = models.DateField()
    day = models.DateField()
    clients = models.IntegerField()

    class Meta:
        verbose_name = "clientes do dia"
        verbose_name_plural = "clientes dos dias"
        constraints = [
            models.UniqueConstraint(
                fields=["user_id", "is_month", "previous_day", "day"],
                include=["clients"],
                name="dailyclientstat_unique",
            )
        ]
