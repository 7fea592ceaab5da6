"""The file of an export: rows of an admin list, written batch by batch, stored in parts."""

from collections.abc import Iterator
from typing import IO, Any, Final

from django.contrib import admin
from django.db import OperationalError, connection, transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from flowzz.core.db.keyset import behind
from sales.exports.columns import TABLES, Table
from sales.exports.spreadsheet_writers import Csv, Xlsx
from sales.models import ExportPart
from sales.models.exports import Export, ExportFormat, ExportSubject

MAX_SYNCHRONOUS_ROWS: Final = 5_000
"""A longer list is exported in the background."""
BATCH_ROWS: Final = 2_000
PART_BYTES: Final = 1024 * 1024
_COUNT_TIMEOUT_MS: Final = 2_000
_WRITERS: Final[dict[str, type[Csv | Xlsx]]] = {ExportFormat.CSV: Csv, ExportFormat.XLSX: Xlsx}


def rows_for(subject: ExportSubject, request: HttpRequest) -> "QuerySet[Model]":
    """Return the rows of a list, filtered as its admin page filters them for this request."""
    page = admin.site.get_model_admin(TABLES[subject].model)
    rows: QuerySet[Model] = page.get_changelist_instance(request).queryset
    return rows


def is_short(rows: "QuerySet[Model]") -> bool:
    """Check that the rows fit into a response. A count that takes over 2 s counts as long."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = {_COUNT_TIMEOUT_MS}")
            return rows.order_by()[: MAX_SYNCHRONOUS_ROWS + 1].count() <= MAX_SYNCHRONOUS_ROWS
    except OperationalError:
        return False


def write(rows: "QuerySet[Model]", export: Export, file: IO[bytes]) -> Iterator[int]:
    """Write the rows to `file`; yield the number of rows written after each batch."""
    table = TABLES[ExportSubject(export.subject)]
    sheet = _WRITERS[export.format](file, [column.title for column in table.columns], table.name)
    written = 0
    for batch in _batches(rows, table):
        for values in batch:
            cells = zip(table.columns, values[len(table.order) :], strict=True)
            sheet.add([column.cell(v, is_masked=export.is_masked) for column, v in cells])
        written += len(batch)
        yield written
    sheet.close()


def store(export: Export, file: IO[bytes]) -> None:
    """Store a file's content as parts in the database."""
    file.seek(0)
    for number, content in enumerate(iter(lambda: file.read(PART_BYTES), b"")):
        ExportPart.objects.create(export=export, number=number, content=content)


def read(export: Export) -> Iterator[bytes]:
    """Yield a stored file's parts, one in memory at a time."""
    parts = ExportPart.objects.filter(export=export).order_by("number")
    for number in range(parts.count()):
        yield bytes(parts.get(number=number).content)


def _batches(rows: "QuerySet[Model]", table: Table) -> Iterator[list[tuple[Any, ...]]]:
    """Read rows newest first by keyset pagination: each batch starts after the last one."""
    descending = rows.order_by(*(f"-{name}" for name in table.order)).annotate(**table.derived)
    paths = [column.path for column in table.columns]
    values: QuerySet[Any, tuple[Any, ...]] = descending.values_list(*table.order, *paths)
    batch = list(values[:BATCH_ROWS])
    while batch:
        yield batch
        last = batch[-1][: len(table.order)]
        batch = list(values.filter(behind(table.order, last, is_descending=True))[:BATCH_ROWS])
