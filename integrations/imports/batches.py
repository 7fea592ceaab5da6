"""Batches of an import's lines: parsed, then applied and checkpointed in one transaction."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import structlog
from django.db import transaction
from django.utils import timezone

from flowzz.core.db.locks import lock_user
from integrations.ingest import SourcedOrder, apply_bisecting, ingest
from integrations.models import SalesImport
from integrations.providers.contracts import FileLine, Order, OrderFile, Reader
from integrations.providers.errors import PayloadInvalid
from sales.models import Origin
from sales.recording import ChangeSource, Outcome

log = structlog.stdlib.get_logger(__name__)

BATCH_LINES: Final = 500
MAX_STORED_ERRORS: Final = 100

_COUNTERS = ("created", "updated", "unchanged")


@dataclass(frozen=True, slots=True)
class ParsedLine:
    number: int
    order: Order


@dataclass(slots=True)
class Batch:
    """Parsed lines, and the result of applying them."""

    lines: list[ParsedLine] = field(default_factory=list)
    errors: list[dict[str, Any]] = field(default_factory=list)
    counts: "Counter[str]" = field(default_factory=Counter)
    """By the names in `_COUNTERS`."""

    def add_error(self, line: int, message: str, external_id: str = "") -> None:
        self.errors.append({"line": line, "external_id": external_id, "message": message})


def parse_batch(
    lines: Sequence[FileLine], file: OrderFile, reader: Reader, first_lines: dict[str, int]
) -> Batch:
    """Parse lines. `first_lines` maps each order of the file so far to its first line number."""
    batch = Batch()
    for line in lines:
        if line.error:
            batch.add_error(line.number, line.error)
            continue
        try:
            order = reader.parse_order(line.item)
        except PayloadInvalid as error:
            batch.add_error(line.number, file.with_headers(error.message), error.external_id)
            continue
        first = first_lines.setdefault(order.external_id, line.number)
        if first == line.number:
            batch.lines.append(ParsedLine(line.number, order))
        else:
            batch.add_error(line.number, f"O pedido já está na linha {first}.", order.external_id)
    return batch


def apply_batch(job: SalesImport, batch: Batch) -> None:
    """Store a batch's sales, or only count them for a preview. Raises LeaseLost."""
    source = ChangeSource(
        observed_at=job.exported_at or timezone.now(),
        origin=Origin.IMPORT,
        origin_id=job.id,
        is_undated=job.exported_at is None,
    )
    with transaction.atomic():
        with transaction.atomic():
            lock_user(job.integration.user_id)
            apply_bisecting(
                batch.lines,
                lambda part: _ingest(job, part, source, batch),
                lambda line, error: _add_rejected(line, error, batch),
            )
            if job.is_preview:
                transaction.set_rollback(True)
        _checkpoint(job, batch)


def _ingest(
    job: SalesImport, lines: Sequence[ParsedLine], source: ChangeSource, batch: Batch
) -> None:
    for result in ingest(job.integration, [SourcedOrder(line.order, source) for line in lines]):
        is_created = result.outcome == Outcome.CREATED
        batch.counts["created" if is_created else "updated" if result.changes else "unchanged"] += 1


def _add_rejected(line: ParsedLine, error: Exception, batch: Batch) -> None:
    fault = type(error).__name__
    log.error("line_refused", fault=fault)
    batch.add_error(line.number, f"Não foi possível gravar ({fault}).", line.order.external_id)


def _checkpoint(job: SalesImport, batch: Batch) -> None:
    free = MAX_STORED_ERRORS - len(job.error_lines)
    job.error_lines += sorted(batch.errors, key=lambda error: int(error["line"]))[:free]
    job.errors += len(batch.errors)
    for name in _COUNTERS:
        setattr(job, name, getattr(job, name) + batch.counts[name])
    job.processed = job.created + job.updated + job.unchanged + job.errors
    job.checkpoint(*_COUNTERS, "errors", "processed", "error_lines")
