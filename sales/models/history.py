"""The history of sales: their statuses, the values that reports replaced, and what caused it."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from django.db import models
from django.utils.timezone import localtime

from flowzz.core.db.bulk_upsert import BulkRow
from flowzz.core.ids import uuid7
from sales.models.sales import Sale
from sales.statuses import HistoryField


class Origin(models.TextChoices):
    """The kind of record that `origin_id` names: what caused a status change."""

    EVENT = "event", "Webhook"
    RUN = "run", "Sincronização"
    IMPORT = "import", "Importação"
    PERSON = "person", "Pessoa"
    MAPPING = "remap", "Significado de um texto"


@dataclass(slots=True, kw_only=True)
class ChangeSource:
    """The event, run, import or person behind a report, and the time of its information."""

    observed_at: datetime
    """The time of the information; aware."""
    origin: Origin
    origin_id: uuid.UUID
    is_snapshot: bool = False
    """The source's current data, which overrides the transition tables unless it is late."""
    is_undated: bool = False
    """The time is unknown: the report counts as late, and no field takes its time from it."""
    made_at: datetime | None = None
    """When a person made the change, where that is later than the information; aware."""
    fingerprint: uuid.UUID | None = None
    """A hash of the report by which the next one is compared; None if it is not."""

    def is_late(self, sale: Sale) -> bool:
        """Return whether the information is older than the newest one applied to the sale."""
        return self.is_undated or self.observed_at < sale.observed_at

    @property
    def assumed_sale_date(self) -> datetime:
        """The date of a sale without one: with a fraction of a second, which no source reports."""
        return self.observed_at.replace(microsecond=self.observed_at.microsecond or 1)

    def observed_since(self, sale_date: datetime) -> datetime:
        """Return from when on reports about a new sale are newer than this one.

        An undated one is as old as the sale; but a file's dates can be mistakes, in the future.
        """
        return min(sale_date, self.observed_at) if self.is_undated else self.observed_at


class SaleStatusChange(BulkRow):
    """A change of a sale's status, price, product or client; the first has no `from_status`.

    Clients are written by their ids.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    sale = models.ForeignKey(
        Sale, models.CASCADE, related_name="status_changes", verbose_name="venda"
    )
    field = models.CharField(
        "campo", max_length=15, choices=HistoryField, default=HistoryField.STATUS
    )
    from_status = models.CharField("de", max_length=500, blank=True)
    to_status = models.CharField("para", max_length=500)
    changed_at = models.DateTimeField("quando")
    origin = models.CharField("por", max_length=6, choices=Origin)
    origin_id = models.UUIDField("identificação da origem", null=True, blank=True)

    class Meta:
        verbose_name = "mudança da venda"
        verbose_name_plural = "mudanças das vendas"
        ordering: ClassVar = ["changed_at", "id"]
        indexes: ClassVar = [models.Index(fields=["origin_id"], name="change_origin")]

    def __str__(self) -> str:
        return f"{self.get_field_display()} em {localtime(self.changed_at):%d/%m/%Y %H:%M}"
