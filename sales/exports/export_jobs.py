"""Filtered lists as files: short ones at once, long ones in the background.

The only writer of `Export`. A file is made whole before it is kept: killed at any moment, the
next worker starts it anew, and what is `DONE` has all its pieces.
"""

import gzip
import os
import uuid
from collections.abc import Iterator
from functools import partial
from itertools import count
from tempfile import TemporaryFile
from typing import IO, Any, Final

import structlog
from celery import current_app
from django.contrib import admin
from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models import F, Model, Q, QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest, QueryDict
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerDown

from flowzz.backoffice import masking
from flowzz.core.db import leases
from sales.exports.columns import TABLES, Table
from sales.exports.spreadsheet_writers import Csv, Sheet, Xlsx
from sales.models import ExportPart
from sales.models.exports import UNDER_WAY, Export, ExportFormat, ExportState, ExportSubject, expiry

log = structlog.stdlib.get_logger(__name__)

AT_ONCE: Final = 5_000
"""A list of no more rows is written while who asked for it waits."""
MOST: Final = 1_000_000
"""Rows; a sheet of Excel's has little room for more."""
BATCH: Final = 2_000
PART_BYTES: Final = 1024 * 1024
ATTEMPTS: Final = 3
UNDER_WAY_OF_ONE: Final = 3
_COUNT_MS: Final = 2_000
_SHEETS: Final[dict[str, type[Csv] | type[Xlsx]]] = {
    ExportFormat.CSV: Csv,
    ExportFormat.XLSX: Xlsx,
}


class ExportRefused(Exception):
    """With a sentence for who asked."""


def rows_of(subject: ExportSubject, request: HttpRequest) -> "QuerySet[Model]":
    """The rows of a list as its page filters them for this request."""
    page = admin.site.get_model_admin(TABLES[subject].model)
    rows: QuerySet[Model] = page.get_changelist_instance(request).queryset
    return rows


def fits_at_once(rows: "QuerySet[Model]") -> bool:
    """Whether there are few enough, told by a look of bounded time."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = {_COUNT_MS}")
            return rows.order_by()[: AT_ONCE + 1].count() <= AT_ONCE
    except OperationalError:
        return False


def write(rows: "QuerySet[Model]", export: Export, file: IO[bytes]) -> Iterator[int]:
    """Write an export's file of these rows; yield how many are written, batch by batch."""
    table = TABLES[ExportSubject(export.subject)]
    sheet: Sheet = _SHEETS[export.format](file, table.titles)
    done = 0
    for batch in _batches(rows, table):
        for values in batch:
            cells = zip(table.columns, values[len(table.order) :], strict=True)
            sheet.add([column.cell(v, is_masked=export.is_masked) for column, v in cells])
        done += len(batch)
        yield done
    sheet.close()


def request_in_background(export: Export) -> None:
    """Have a file made by a worker. Raises ExportRefused."""
    mine = Export.objects.filter(requested_by=export.requested_by, state__in=UNDER_WAY)
    if mine.count() >= UNDER_WAY_OF_ONE:
        raise ExportRefused(
            f"Você já tem {UNDER_WAY_OF_ONE} exportações em andamento. Aguarde o fim de uma."
        )
    export.save(force_insert=True)
    transaction.on_commit(partial(_wake, export.id))


def execute(export_id: uuid.UUID) -> None:
    """Make an export's file, unless somebody else does. A fault ends up in its row."""
    export = _acquire(export_id)
    if export is None:
        return
    try:
        with TemporaryFile() as file:
            _make(export, file)
            _keep(export, file)
    except leases.LeaseLost:
        log.warning("export_lease_lost", export_id=str(export_id))
    except ExportRefused as refusal:
        _fail(export, str(refusal))
    except Exception as error:
        log.exception("export_fault", export_id=str(export_id))
        _fail(export, f"Falha interna ({type(error).__name__}). Peça a exportação de novo.")
    for next_id in claimable_ids()[:1]:
        _wake(next_id)


def claimable_ids() -> list[uuid.UUID]:
    """Exports that nobody works at."""
    return list(Export.objects.filter(_claimable()).order_by("id").values_list("id", flat=True))


def purge() -> int:
    """Delete what has expired; return how many."""
    return _delete(Export.objects.filter(expires_at__lt=timezone.now()))


def forget() -> int:
    """Delete all kept files, and start anew those being made; return how many were deleted.

    Called once a person's data are gone: any of them may hold these.
    """
    with transaction.atomic():
        exports = list(Export.objects.select_for_update().defer("query"))
        begun = [export.id for export in exports if export.is_under_way]
        Export.objects.filter(id__in=begun).update(state=ExportState.QUEUED, lease=None)
        return _delete(Export.objects.exclude(id__in=begun))


def _delete(exports: "QuerySet[Export]") -> int:
    return exports.delete()[1].get("sales.Export", 0)


def _wake(export_id: uuid.UUID) -> None:
    try:
        current_app.send_task("sales.tasks.run_export", [str(export_id)], retry=False)
    except BrokerDown as error:
        log.warning("wake_up_lost", cause=type(error).__name__)


def _claimable() -> Q:
    return Q(state=ExportState.QUEUED) | Q(state=ExportState.RUNNING) & leases.is_abandoned()


def _acquire(export_id: uuid.UUID) -> Export | None:
    """Get the lease of an export that is free, or nothing.

    One is made at a time: it takes minutes, and webhooks need the other workers.
    """
    free = Export.objects.filter(_claimable(), id=export_id)
    try:
        with transaction.atomic():
            taken = leases.acquire(
                free, state=ExportState.RUNNING, attempts=F("attempts") + 1, done=0
            )
    except IntegrityError:
        return None
    return Export.objects.select_related("requested_by").get(id=export_id) if taken else None


def _make(export: Export, file: IO[bytes]) -> None:
    if export.attempts > ATTEMPTS:
        raise ExportRefused("Não deu certo em três tentativas. Filtre por um período menor.")
    request = _as_asked(export)
    if not request.user.has_perm("sales.make_export"):
        raise ExportRefused("Quem pediu não pode mais exportar.")
    rows = rows_of(ExportSubject(export.subject), request)
    total = rows.order_by()[: MOST + 1].count()
    if total > MOST:
        raise ExportRefused("Mais de 1.000.000 de linhas. Filtre por um período e peça de novo.")
    export.is_masked = not masking.may_see(request)
    leases.heartbeat(export, total=total, is_masked=export.is_masked)
    if export.format == ExportFormat.XLSX:
        _write_watched(rows, export, file)
    else:
        with gzip.GzipFile(fileobj=file, mode="wb", compresslevel=4) as packed:
            _write_watched(rows, export, packed)  # type: ignore[arg-type]  # it is an IO[bytes]


def _write_watched(rows: "QuerySet[Model]", export: Export, file: IO[bytes]) -> None:
    for done in write(rows, export, file):
        leases.heartbeat(export, done=done)


def _as_asked(export: Export) -> HttpRequest:
    """The request for the list, made again in the name of who asked."""
    request = HttpRequest()
    request.method = "GET"
    request.GET = QueryDict(export.query)
    request.user = export.requested_by
    return request


def _keep(export: Export, file: IO[bytes]) -> None:
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    with transaction.atomic():
        for number in count():
            content = file.read(PART_BYTES)
            if not content:
                break
            ExportPart.objects.create(export=export, number=number, content=content)
        end = {"size": size, "finished_at": Now(), "expires_at": expiry()}
        if not leases.release(export, state=ExportState.DONE, **end):
            raise leases.LeaseLost


def _fail(export: Export, error: str) -> None:
    leases.release(export, state=ExportState.FAILED, error=error, finished_at=Now())


def _batches(rows: "QuerySet[Model]", table: Table) -> Iterator[list[tuple[Any, ...]]]:
    """Newest first, each batch from where the last one ended."""
    descending = rows.order_by(*(f"-{name}" for name in table.order)).annotate(**table.derived)
    paths = [column.path for column in table.columns]
    values: QuerySet[Any, tuple[Any, ...]] = descending.values_list(*table.order, *paths)
    batch = list(values[:BATCH])
    while batch:
        yield batch
        last = dict(zip(table.order, batch[-1], strict=False))
        batch = list(values.filter(_after(table.order, last))[:BATCH])


def _after(order: tuple[str, ...], last: dict[str, Any]) -> Q:
    """What comes later in a descending order of one or two fields."""
    first, *others = order
    later = Q(**{f"{first}__lt": last[first]})
    if not others:
        return later
    same = Q(**{first: last[first], f"{others[0]}__lt": last[others[0]]})
    return Q(**{f"{first}__lte": last[first]}) & (later | same)


def pieces(export: Export) -> Iterator[bytes]:
    """The file's bytes, one piece in memory at a time."""
    parts = ExportPart.objects.filter(export=export).order_by("number")
    for number in range(parts.count()):
        yield bytes(parts.get(number=number).content)
