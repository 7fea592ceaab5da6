"""The funnel of cash on delivery: where each sale stands, and how many were delivered. Pure."""

from collections.abc import Collection
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from operator import attrgetter
from typing import Any, NamedTuple

from django.db.models import TextChoices

from sales.statuses import SaleStatus, ShippingStatus

_RATIO, _TENTH, _ZERO = Decimal("0.0001"), Decimal("0.1"), Decimal("0.00")


class Stage(TextChoices):
    """Where a cash-on-delivery sale stands now; each sale is in one stage."""

    SCHEDULED = "scheduled", "Agendadas"
    SHIPPED = "shipped", "Enviadas"
    FAILED = "failed", "Falhas"
    DELIVERED = "delivered", "Entregues"
    RETURNED = "returned", "Devolvidas"
    CANCELLED = "cancelled", "Canceladas"


ENDED = (Stage.DELIVERED, Stage.RETURNED, Stage.CANCELLED)


def stage_of(status: str, shipping_status: str) -> Stage:
    """Return the stage; a return or a cancellation outweighs an earlier delivery."""
    if shipping_status == ShippingStatus.RETURNED or status == SaleStatus.REFUNDED:
        return Stage.RETURNED
    both = (status, shipping_status)
    for stage in (Stage.CANCELLED, Stage.DELIVERED, Stage.FAILED, Stage.SHIPPED):
        if stage.name in both:
            return stage
    return Stage.SCHEDULED


def ratio(part: int, whole: int) -> Decimal | None:
    """Return a share between 0 and 1 with four decimals, or None of nothing."""
    return (Decimal(part) / whole).quantize(_RATIO, ROUND_HALF_UP) if whole else None


class Count(NamedTuple):
    """A number of sales and their value in BRL."""

    sales: int = 0
    value: Decimal = _ZERO


def add_up(rows: Collection[Any], sales: str = "sales", value: str = "value") -> Count:
    """Add up two attributes of rows."""
    return Count(int(sum(map(attrgetter(sales), rows))), sum(map(attrgetter(value), rows), _ZERO))


@dataclass(frozen=True, slots=True)
class Funnel:
    stages: dict[Stage, Count]
    """All stages, in order."""
    deliveries: int
    """Deliveries that were observed, whose date is therefore known."""
    delivery_days: int
    """The days from the sale to the delivery, of all these together."""

    @property
    def total(self) -> Count:
        return add_up(self.stages.values())

    @property
    def waiting(self) -> Count:
        """Scheduled sales that were neither delivered nor returned or cancelled."""
        return add_up([count for stage, count in self.stages.items() if stage not in ENDED])

    @property
    def success_rate(self) -> Decimal | None:
        """The delivered share of the sales that ended: delivered, returned or cancelled."""
        ended = sum(self.stages[stage].sales for stage in ENDED)
        return ratio(self.stages[Stage.DELIVERED].sales, ended)

    @property
    def average_days(self) -> Decimal | None:
        """Days from sale to delivery, with one decimal."""
        if not self.deliveries:
            return None
        return (Decimal(self.delivery_days) / self.deliveries).quantize(_TENTH, ROUND_HALF_UP)
