"""The file of an export: rows of an admin list, written batch by batch, stored in parts."""

import zlib
from collections.abc import Generator, Iterator
from typing import IO, Any, Final

import orjson
from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db import OperationalError
from django.db.models import Model, QuerySet
from django.http import HttpRequest, QueryDict
from django.http.response import StreamingHttpResponse
from django.utils.timezone import localtime
from django_filters import FilterSet

from clients.models import Client
from flowzz.accounts.models import User
from flowzz.core.db.keyset import behind
from flowzz.core.db.statement_timeout import limited_statements
from sales.api.filters import BuyerFilter, SaleFilter
from sales.api.serializers import BuyerSerializer, SaleSerializer
from sales.exports.columns import TABLES, Table
from sales.exports.spreadsheet_writers import Csv, Xlsx
from sales.models import ExportPart, Sale
from sales.models.exports import Export, ExportFormat, ExportSubject
from sales.stats.client_totals import with_totals

MAX_SYNCHRONOUS_ROWS: Final = 2_000
"""A longer list is exported in the background."""
BATCH_ROWS: Final = 250
JSON_BATCH_ROWS: Final = 100
"""A sale may have 64 KB of metadata, which takes 0.2 MB of memory once it is parsed."""
PART_BYTES: Final = 1024 * 1024
_COUNT_TIMEOUT_MS: Final = 2_000
CONTENT_TYPES: Final = {
    ExportFormat.CSV: "text/csv; charset=utf-8",
    ExportFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ExportFormat.NDJSON: "application/x-ndjson",
}
_WRITERS: Final[dict[str, type[Csv | Xlsx]]] = {ExportFormat.CSV: Csv, ExportFormat.XLSX: Xlsx}


def list_for(subject: ExportSubject, request: HttpRequest) -> ChangeList:
    """Return a list, filtered as its admin page filters it for this request."""
    return admin.site.get_model_admin(TABLES[subject].model).get_changelist_instance(request)


def own_rows(export: Export) -> "QuerySet[Any]":
    """Return the requester's rows, with the filters of the API's list in `export.query`."""
    query = QueryDict(export.query)
    rows: QuerySet[Any] = own_filters(ExportSubject(export.subject), query, export.requested_by).qs
    return with_totals(rows) if rows.model is Client else rows


def own_filters(subject: ExportSubject, query: QueryDict, user: User) -> FilterSet:
    if subject == ExportSubject.CLIENTS:
        return BuyerFilter(query, Client.objects.unmerged().filter(user=user))
    return SaleFilter(query, Sale.objects.associated().filter(user=user).select_related("client"))


def is_short(rows: "QuerySet[Model]") -> bool:
    """Check that the rows fit into a response. A count that takes over 2 s counts as long."""
    try:
        with limited_statements(_COUNT_TIMEOUT_MS):
            return rows.order_by()[: MAX_SYNCHRONOUS_ROWS + 1].count() <= MAX_SYNCHRONOUS_ROWS
    except OperationalError:
        return False


def write(rows: "QuerySet[Model]", export: Export, file: IO[bytes]) -> Generator[int, None, None]:
    """Write the rows to `file`; yield the number of rows written after each batch."""
    table = TABLES[ExportSubject(export.subject)]
    if export.format == ExportFormat.NDJSON:
        yield from _write_json_lines(rows, table, file)
        return
    sheet = _WRITERS[export.format](file, [column.title for column in table.columns], table.name)
    try:
        yield from _write_rows(rows, export, sheet)
        sheet.close()
    finally:
        sheet.discard()  # a cancelled export must not leave its rows on the disk


def _write_rows(rows: "QuerySet[Model]", export: Export, sheet: Csv | Xlsx) -> Iterator[int]:
    table, written = TABLES[ExportSubject(export.subject)], 0
    for batch in _batches(rows, table):
        for values in batch:
            cells = zip(table.columns, values[len(table.order) :], strict=True)
            sheet.add([column.cell(v, is_masked=export.is_masked) for column, v in cells])
        written += len(batch)
        yield written


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


def download(export: Export, *, accepts_gzip: bool) -> StreamingHttpResponse:
    """Return the response with a stored file; what is stored packed is sent so, if accepted."""
    name = f"{export.get_subject_display().lower()}-{localtime(export.created_at):%Y-%m-%d-%H%M}"
    headers = {
        "Content-Type": CONTENT_TYPES[ExportFormat(export.format)],
        "Content-Disposition": f'attachment; filename="{name}.{export.format}"',
    }
    if export.format == ExportFormat.XLSX:
        return StreamingHttpResponse(read(export), headers=headers)
    if accepts_gzip:
        packed = {"Content-Encoding": "gzip", "Content-Length": str(export.size)}
        return StreamingHttpResponse(read(export), headers=headers | packed)
    return StreamingHttpResponse(_unpack(read(export)), headers=headers)


def _unpack(parts: Iterator[bytes]) -> Iterator[bytes]:
    unpacked = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    for part in parts:
        packed = part
        while packed:
            yield unpacked.decompress(packed, PART_BYTES)
            packed = unpacked.unconsumed_tail
    yield unpacked.flush()


def _write_json_lines(rows: "QuerySet[Model]", table: Table, file: IO[bytes]) -> Iterator[int]:
    """Write each row as the API returns it."""
    # One for all rows: each would keep its batch in a cycle until the garbage collector ran.
    serializer: Any = SaleSerializer() if table.model is Sale else BuyerSerializer()
    ordered = rows.order_by(*(f"-{name}" for name in table.order))
    batch, written = list(ordered[:JSON_BATCH_ROWS]), 0
    while batch:
        for row in batch:
            file.write(orjson.dumps(serializer.to_representation(row), default=str) + b"\n")
        written += len(batch)
        yield written
        last = [getattr(batch[-1], name) for name in table.order]
        batch.clear()  # before the next is read
        rest = ordered.filter(behind(table.order, last, is_descending=True))
        batch = list(rest[:JSON_BATCH_ROWS])


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
