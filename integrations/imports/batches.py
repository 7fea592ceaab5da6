"""Batches of an import's lines: parsed, then applied and checkpointed in one transaction."""

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice
from typing import Any, Final

import structlog
from django.db import transaction
from django.utils import timezone

from flowzz.core.db.locks import lock_user
from integrations.ingest import SourcedOrder, apply_bisecting, ingest
from integrations.models import SalesImport
from integrations.providers.contracts import FileLine, Order, OrderFile, Reader, StatusField
from integrations.providers.errors import IntegrationError, PayloadInvalid
from sales.models import ChangeSource, Origin
from sales.recording import Outcome

log = structlog.stdlib.get_logger(__name__)

BATCH_SECONDS: Final = 0.125
"""How long the lines of a batch should take, by what the batch before took."""
FIRST_BATCH_LINES: Final = 100
LEAST_BATCH_LINES: Final = 25
BATCH_LINES: Final = 500
"""The most lines of a batch."""
BATCH_CHARACTERS: Final = 1_000_000
"""A batch ends with the line that exceeds this."""
MAX_STORED_ERRORS: Final = 100

MAX_STORED_WORDS: Final = 50
OTHER_OWNER: Final = (
    "A coluna “Vendedor(a)” diz que a venda é de outra pessoa. Importe-a para ela, ou apague a "
    "coluna."
)
UNASSOCIATED: Final = (
    "O pedido só tem o hash, e nenhuma venda com o mesmo comprador, produto, valor e data: foi "
    "guardado como não associado e não entra nos números. Inclua o número do pedido no arquivo."
)

_COUNTERS = ("created", "updated", "unchanged")
_RESULTS = ("errors", "warnings", "amount", "error_lines", "warning_lines", "unknown_words")


def split(lines: Iterator[FileLine], done: int) -> Iterator[tuple[int, list[FileLine]]]:
    """Yield the lines in batches, each with the number of lines before it.

    The first `done` lines, which were processed before, end with their batch. The batches after
    them are as large as can be processed in about BATCH_SECONDS, so that a busy machine holds no
    worker, lock or transaction for long.
    """
    start, size = 0, FIRST_BATCH_LINES
    while True:
        started = time.monotonic()
        batch = list(_next_lines(lines, done - start if start < done else size))
        if not batch:
            return
        yield start, batch
        if start >= done:
            size = _next_size(len(batch), time.monotonic() - started)
        start += len(batch)


def _next_size(lines: int, seconds: float) -> int:
    """Return how many lines to take after so many took `seconds`: at most twice as many."""
    growth = BATCH_SECONDS / max(seconds, BATCH_SECONDS / 2)
    return max(LEAST_BATCH_LINES, int(lines * growth))


def _next_lines(lines: Iterator[FileLine], most: int) -> Iterator[FileLine]:
    """Yield the lines of a batch: `most` or BATCH_LINES, or as many as have BATCH_CHARACTERS."""
    characters = 0
    for line in islice(lines, min(most, BATCH_LINES)):
        yield line
        parts = (line.item or {}).values()
        characters += sum(len(cell) for part in parts for cell in part.values())
        if characters > BATCH_CHARACTERS:
            return


@dataclass(frozen=True, slots=True)
class ParsedLine:
    number: int
    order: Order


@dataclass(slots=True)
class Batch:
    """Parsed lines, and the result of applying them."""

    file: OrderFile
    lines: list[ParsedLine] = field(default_factory=list)
    errors: list[dict[str, Any]] = field(default_factory=list)
    warnings: list[dict[str, Any]] = field(default_factory=list)
    counts: "Counter[str]" = field(default_factory=Counter)
    """The numbers of lines and sales, by the names in `_COUNTERS`."""
    amount: Decimal = Decimal(0)
    """The sum of the totals of the stored lines, in BRL."""

    def add_error(self, line: int, message: str, external_id: str = "") -> None:
        self.errors.append({"line": line, "external_id": external_id, "message": message})

    def add_warnings(self, line: ParsedLine, messages: Sequence[str]) -> None:
        if messages:
            external_id, message = line.order.external_id, " ".join(messages)
            self.warnings.append(
                {"line": line.number, "external_id": external_id, "message": message}
            )

    def unknown_words(self) -> "Counter[tuple[str, str]]":
        """Count the lines with each unknown status word, by its field."""
        words: Counter[tuple[str, str]] = Counter()
        for line in self.lines:
            if facts := line.order.sale:
                words[StatusField.ORDER, facts.unknown_status] += 1
                words[StatusField.SHIPPING, facts.unknown_shipping_status] += 1
        return Counter({key: lines for key, lines in words.items() if key[1]})


@dataclass(slots=True)
class FileParser:
    """Parses the lines of one file for a user with the e-mail `owner_email`."""

    file: OrderFile
    reader: Reader
    owner_email: str
    first_lines: dict[str, int] = field(default_factory=dict)
    """Each order of the file so far with its first line number."""

    def parse(self, lines: Iterable[FileLine]) -> Batch:
        batch = Batch(self.file)
        for line in lines:
            self._parse_line(line, batch)
        return batch

    def _parse_line(self, line: FileLine, batch: Batch) -> None:
        """Add a line's order to the batch, or all its problems at once."""
        problems, order = list(line.problems), line.order
        if line.owner_email and line.owner_email.lower() != self.owner_email.lower():
            problems.append(OTHER_OWNER)
        if line.item:
            try:
                order = self.reader.parse_order(line.item)
            except PayloadInvalid as error:
                problems.append(self.file.with_headers(error.message))
        external_id = order.external_id if order else ""
        first = self.first_lines.setdefault(external_id, line.number) if order else line.number
        if first != line.number:
            problems.append(f"O pedido já está na linha {first}.")
        if problems or order is None:
            batch.add_error(line.number, " ".join(problems), external_id)
            return
        batch.lines.append(ParsedLine(line.number, order))


def apply_batch(job: SalesImport, batch: Batch) -> None:
    """Store a batch's sales, or only count them for a preview. Raises LeaseLost."""
    source = ChangeSource(
        observed_at=job.exported_at or timezone.now(),
        origin=Origin.IMPORT,
        origin_id=job.id,
        is_undated=batch.file.is_own_export or job.exported_at is None,
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
    results = ingest(job.integration, [SourcedOrder(line.order, source) for line in lines])
    for line, result in zip(lines, results, strict=True):
        if result.rejection:
            reasons = dict.fromkeys((result.rejection, *line.order.warnings))
            message = " ".join(batch.file.with_headers(reason.message) for reason in reasons)
            batch.add_error(line.number, message, line.order.external_id)
            continue
        messages = [batch.file.with_headers(warning.message) for warning in result.warnings]
        is_associated = result.sale is None or result.sale.is_associated
        if not is_associated:
            messages.append(UNASSOCIATED)
        batch.add_warnings(line, messages)
        is_created = result.outcome == Outcome.CREATED and is_associated
        is_updated = bool(result.changes) and is_associated
        batch.counts["created" if is_created else "updated" if is_updated else "unchanged"] += 1
        if is_associated and line.order.sale:
            batch.amount += line.order.sale.total_price or 0


def _add_rejected(line: ParsedLine, error: Exception, batch: Batch) -> None:
    if isinstance(error, IntegrationError):
        message = error.message
    else:
        log.error("line_refused", fault=type(error).__name__)
        message = f"Não foi possível gravar ({type(error).__name__})."
    batch.add_error(line.number, message, line.order.external_id)


def _checkpoint(job: SalesImport, batch: Batch) -> None:
    job.error_lines = _first_lines(job.error_lines, batch.errors)
    job.warning_lines = _first_lines(job.warning_lines, batch.warnings)
    job.unknown_words = _add_words(job.unknown_words, batch.unknown_words())
    job.errors += len(batch.errors)
    job.warnings += len(batch.warnings)
    job.amount += batch.amount
    for name in _COUNTERS:
        setattr(job, name, getattr(job, name) + batch.counts[name])
    job.processed = job.created + job.updated + job.unchanged + job.errors
    job.checkpoint(*_COUNTERS, *_RESULTS, "processed")


def _first_lines(stored: list[dict[str, Any]], new: list[dict[str, Any]]) -> list[dict[str, Any]]:
    free = MAX_STORED_ERRORS - len(stored)
    return stored + sorted(new, key=lambda line: int(line["line"]))[:free]


def _add_words(
    stored: list[dict[str, Any]], new: "Counter[tuple[str, str]]"
) -> list[dict[str, Any]]:
    """Return the stored unknown words with their numbers of lines, most frequent first."""
    words = Counter({(row["field"], row["word"]): int(row["lines"]) for row in stored}) + new
    return [
        {"field": field, "word": word, "lines": lines}
        for (field, word), lines in words.most_common(MAX_STORED_WORDS)
    ]
