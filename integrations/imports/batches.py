"""Lines of a file: read, applied and checkpointed in one transaction, or only tried."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import structlog
from django.db import transaction
from django.utils import timezone

from flowzz.core.db import leases
from flowzz.core.db.locks import lock_user
from integrations.ingest import SourcedOrder, apply_bisecting, ingest
from integrations.models import SalesImport
from integrations.providers.contracts import FileLine, Order, OrderFile, Reader
from integrations.providers.errors import PayloadInvalid
from sales.models import Origin
from sales.recording import ChangeSource, Outcome

log = structlog.stdlib.get_logger(__name__)

BATCH_LINES: Final = 500
ERRORS_KEPT: Final = 100


@dataclass(frozen=True, slots=True)
class Reading:
    line: int
    order: Order


@dataclass(slots=True)
class Batch:
    """Lines that were read, and what became of them."""

    readings: list[Reading] = field(default_factory=list)
    errors: list[dict[str, Any]] = field(default_factory=list)
    created: int = 0
    updated: int = 0
    unchanged: int = 0

    def refuse(self, line: int, message: str, external_id: str = "") -> None:
        self.errors.append({"line": line, "external_id": external_id, "message": message})


def read_batch(
    lines: Sequence[FileLine], order_file: OrderFile, reader: Reader, numbers: dict[str, int]
) -> Batch:
    """Read lines; `numbers` are the orders of the file so far, by their line."""
    batch = Batch()
    for line in lines:
        if line.error:
            batch.refuse(line.number, line.error)
            continue
        try:
            order = reader.parse_order(line.item)
        except PayloadInvalid as error:
            batch.refuse(line.number, order_file.with_headers(error.message), error.external_id)
            continue
        first = numbers.setdefault(order.external_id, line.number)
        if first == line.number:
            batch.readings.append(Reading(line.number, order))
        else:
            batch.refuse(line.number, f"O pedido já está na linha {first}.", order.external_id)
    return batch


def apply_batch(row: SalesImport, batch: Batch) -> None:
    """Write a batch and move past it; of a preview only the figures stay. Raises LeaseLost."""
    seen = ChangeSource(
        seen_at=row.exported_at or timezone.now(),
        origin=Origin.IMPORT,
        origin_id=row.id,
        is_undated=row.exported_at is None,
    )
    with transaction.atomic():
        with transaction.atomic():
            lock_user(row.integration.user_id)
            apply_bisecting(
                batch.readings,
                lambda part: _ingest(row, part, seen, batch),
                lambda reading, error: _refuse(reading, error, batch),
            )
            if row.is_preview:
                transaction.set_rollback(True)
        _checkpoint(row, batch)


def _ingest(row: SalesImport, part: Sequence[Reading], seen: ChangeSource, batch: Batch) -> None:
    for result in ingest(row.integration, [SourcedOrder(reading.order, seen) for reading in part]):
        if result.outcome == Outcome.CREATED:
            batch.created += 1
        elif result.differences:
            batch.updated += 1
        else:
            batch.unchanged += 1


def _refuse(reading: Reading, error: Exception, batch: Batch) -> None:
    fault = type(error).__name__
    log.error("line_refused", fault=fault)
    batch.refuse(reading.line, f"Não foi possível gravar ({fault}).", reading.order.external_id)


def _checkpoint(row: SalesImport, batch: Batch) -> None:
    room = ERRORS_KEPT - len(row.error_lines)
    row.error_lines += sorted(batch.errors, key=lambda error: int(error["line"]))[:room]
    row.created += batch.created
    row.updated += batch.updated
    row.unchanged += batch.unchanged
    row.errors += len(batch.errors)
    row.processed = row.created + row.updated + row.unchanged + row.errors
    names = ("created", "updated", "unchanged", "errors", "processed", "error_lines")
    leases.heartbeat(row, **{name: getattr(row, name) for name in names})
