"""Sales that were merged because they are one order."""

import uuid
from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.timezone import localtime

from clients.models import UndoableChange
from flowzz.accounts.models import StaffAction
from flowzz.core.db.bulk_upsert import BulkRow
from flowzz.core.ids import uuid7
from sales.models.sales import Sale


class SaleMergeQuerySet(models.QuerySet["SaleMerge"]):
    def kept_sale_id(self, absorbed_id: uuid.UUID) -> uuid.UUID | None:
        """Return the sale that a merged one became part of."""
        merges = self.filter(absorbed_id=absorbed_id, undone_at=None)
        return merges.values_list("sale_id", flat=True).first()


class SaleMerge(BulkRow, UndoableChange):
    """A sale that absorbed another one, with all that undoing it needs.

    The absorbed sale's row is deleted; its id leads to `sale`.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    sale = models.ForeignKey(
        Sale, models.CASCADE, related_name="merges", verbose_name="venda que ficou"
    )
    absorbed_id = models.UUIDField("venda unida", db_index=True)
    absorbed: Any = models.JSONField("linha da venda unida", default=dict)
    """The absorbed row's values by column; empty once the buyer was erased."""
    changes: Any = models.JSONField("campos mudados", default=dict)
    """The values of `sale` before and after the merge, by column."""
    status_change_ids = ArrayField(models.UUIDField(), default=list, verbose_name="mudanças")
    cycle_ids = ArrayField(models.UUIDField(), default=list, verbose_name="ciclos")
    action_id = models.UUIDField("ação registrada", null=True)
    undo_action_id = models.UUIDField("ação que a desfez", null=True)
    """Entries of the audit log, with the reasons."""

    objects: ClassVar = SaleMergeQuerySet.as_manager()

    class Meta(UndoableChange.Meta):
        verbose_name = "união de vendas"
        verbose_name_plural = "uniões de vendas"

    def set_action(self, action: StaffAction) -> None:
        """Store the entry of the audit log, at whose time the merge was made."""
        rows = SaleMerge.objects.filter(id=self.id)
        rows.update(action_id=action.id, created_at=action.created_at)

    def set_undo_action(self, action: StaffAction) -> None:
        rows = SaleMerge.objects.filter(id=self.id)
        rows.update(undo_action_id=action.id, undone_at=action.created_at)

    def __str__(self) -> str:
        return f"União de {localtime(self.created_at):%d/%m/%Y}"
